"""A mosaic's notes are the target's, made of the sounds that a search finds, and the same whoever works on it."""

import re
from itertools import pairwise

import numpy as np
import pytest
from corpus_folder import catalogue_of, make
from note_scenes import Sounding, scene_of

import motes
from motes.cli import main
from motes.codec import dumps, loads
from motes.errors import FormatError, MotesWarning, ParameterError
from motes.kinds.vector.table import NUMBERS
from motes.library.catalogue.atom_rows import note_rows
from motes.library.mosaic.adaptation import energies, with_channels
from motes.library.mosaic.provenance import described
from motes.notes.splitting import split

pytest.importorskip("pyarrow")
pytest.importorskip("duckdb")

TARGET = [
    Sounding(0.2, 0.6, 50),
    Sounding(0.3, 1.6, 65),
    Sounding(0.7, 0.8, None, part=2),
    Sounding(0.9, 1.9, 61, gain_db=-30.0),
]

NUMBERS_OF = np.arange(1, len(TARGET) + 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return catalogue_of(tmp_path_factory.mktemp("made") / "corpus")


@pytest.fixture(scope="module")
def target():
    return loads(dumps(scene_of(TARGET)))


def sources(scene):
    """The file and number of the sound of each note."""
    entries = scene.metadata.options["sources"]
    found = {note: (one["file"], number) for one in entries for note, number in one["notes"]}
    return [found[note] for note in sorted(found)]


def test_notes_are_those_of_the_target(made, target):
    found = loads(dumps(motes.mosaic(target, made))).notes
    assert [(n.onset_s, n.end_s, n.part) for n in found] == [(n.onset_s, n.end_s, n.part) for n in target.notes]
    for one, wanted in zip(found, target.notes, strict=True):
        assert (one.pitch is None) == (wanted.pitch is None)
        assert one.pitch is None or one.pitch == pytest.approx(wanted.pitch, abs=0.02)
        assert one.gain_db == pytest.approx(wanted.gain_db, abs=0.51)  # files round to half a dB


def test_it_sounds_where_and_as_high_as_the_target(made, target):
    scene = motes.mosaic(target, made)
    assert (scene.n_samples, scene.sample_rate_hz, scene.n_channels) == (target.n_samples, 8000, 1)
    for note in scene.notes:
        if note.f0_hz is None:
            continue
        sound = scene.select(note=note.number).only().render(note.onset_s, note.end_s)
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 15))
        hz = np.argmax(spectrum) * 8000 / (1 << 15)
        assert 12 * abs(np.log2(hz / note.f0_hz)) < 0.5


def test_each_is_as_strong_as_the_note_that_it_stands_for(made, target):
    scene = motes.mosaic(target, made)
    wanted, found = (energies(split(each, ids), ids) for each, ids in ((target, NUMBERS_OF), (scene, NUMBERS_OF)))
    assert found == pytest.approx(wanted, rel=1e-6)


def test_notes_count_by_their_onsets(made, target):
    later = target.add_note("C4", 0.0, like=1)  # the last number, the first onset
    scene = motes.mosaic(later, made)
    assert [note.onset_s for note in scene.notes] == pytest.approx(sorted(note.onset_s for note in later.notes))
    assert len(scene.notes) == len(TARGET) + 1


def test_each_sound_is_the_nearest_by_the_definition(made, target):
    rows, used = note_rows(target), sources(motes.mosaic(target, made))
    counts = {"pitch_semitones": 2, "log2_length_s": 2, "loudness_db": 0.5}
    weight = np.array([counts.get(name, 1) for name in NUMBERS])
    for pitched in (True, False):
        condition = f"kind = 'note' and pitch is {'not ' if pitched else ''}null"
        held = made.sql(f"select file, number, vector from events where {condition}").to_pylist()
        numbers = np.array([row["vector"] for row in held])
        deviation = np.maximum(numbers.std(axis=0), 0.1)
        for i in np.flatnonzero(np.isfinite(rows.columns["pitch"]) == pitched):
            apart = (numbers - rows.vector[i].astype(np.float32)) / deviation * weight
            best = held[int(np.argmin(np.sum(apart**2, axis=1)))]
            assert used[i] == (best["file"], best["number"])
    assert rows.vector.shape == (4, len(NUMBERS))


def test_metadata_say_what_it_is_made_of(made, target):
    stored = loads(dumps(motes.mosaic(target, made, where="length_s < 5"))).metadata
    assert (stored.encoder, stored.options["seed"], stored.options["where"]) == ("mosaic", 0, "length_s < 5")
    for one in stored.options["sources"]:
        assert one["digest"] == made.digest(one["file"])
    assert sum(len(one["notes"]) for one in stored.options["sources"]) == len(TARGET)


def test_variety_draws_by_the_seed_and_never_repeats_at_once(made):
    same = [Sounding(0.15 * k, 0.15 * k + 0.1, 52) for k in range(10)]
    target = scene_of(same)
    plain = sources(motes.mosaic(target, made))
    assert len(set(plain)) == 1
    drawn = sources(motes.mosaic(target, made, variety=2, seed=1))
    assert all(one != next_one for one, next_one in pairwise(drawn))
    assert len(set(drawn)) > 2
    again = motes.mosaic(target, made, variety=2, seed=1)
    assert sources(again) == drawn
    assert sources(motes.mosaic(target, made, variety=2, seed=2)) != drawn
    assert sources(motes.mosaic(target, made, variety=2, where="file = 'low.mote' and number = 1")) == [
        ("low.mote", 1)
    ] * len(same)


def test_processes_change_nothing(made, target):
    alone = motes.mosaic(target, made, variety=1, seed=3)
    assert dumps(motes.mosaic(target, made, variety=1, seed=3, jobs=2)) == dumps(alone)


def test_rates_and_channels_are_those_of_the_target(made):
    wide = motes.mosaic(scene_of(TARGET, rate=16000, n_channels=2), made)
    assert (wide.sample_rate_hz, wide.n_channels) == (16000, 2)
    assert np.abs(wide.render()).max() > 0.01
    stereo = scene_of(TARGET, n_channels=2)  # the right channel half as loud
    mono = with_channels(stereo, 1)
    assert mono.render() == pytest.approx(stereo.render().mean(axis=0), abs=1e-6)
    three = with_channels(mono, 3).render()
    assert three == pytest.approx(np.tile(mono.render(), (3, 1)), abs=1e-6)


def test_events_without_atoms_are_notes_too(tmp_path, target):
    folder = make(tmp_path / "all")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    motes.notes(motes.load(folder / "events.mote")).save(corpus / "events.mote")
    catalogue = motes.build_catalogue(corpus, tmp_path / "c")
    # Of what has several models, that of most notes is compared.
    model = catalogue.sql("select model from events where kind = 'note' group by model order by count(*) desc limit 1")
    if model["model"][0].as_py() != "descriptor":
        with pytest.raises(ParameterError, match="--again --vectors"):
            motes.mosaic(target, catalogue)
    else:
        assert motes.mosaic(target, catalogue).n_events > 0


def test_what_cannot_be_made_is_said_in_one_line(made, target, tmp_path):
    with pytest.raises(ParameterError, match=r"no notes were found in the scene"):
        motes.mosaic(motes.Scene(8000, 4000, 1), made)
    with pytest.raises(ParameterError, match=r"no notes so that pitch > 500"):
        motes.mosaic(target, made, where="pitch > 500")
    with pytest.raises(ParameterError, match="nope"):
        motes.mosaic(target, made, where="nope > 1")
    with pytest.raises(ParameterError, match="with a pitch"):
        motes.mosaic(scene_of(TARGET[:1]), made, where="pitch is null")
    with pytest.raises(ParameterError, match="variety must lie in 0 … 100, not -1"):
        motes.mosaic(target, made, variety=-1)
    with pytest.raises(FormatError, match="is not a catalogue"):
        motes.mosaic(target, tmp_path)


def test_a_corpus_without_notes_or_files_that_changed(tmp_path, target):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    scene_of(TARGET, divided=False).replace(groups=None).save(corpus / "bare.mote")
    bare = motes.build_catalogue(corpus, tmp_path / "bare")
    with pytest.raises(ParameterError, match="no notes at all: motes notes finds"):
        motes.mosaic(target, bare)
    target.save(corpus / "bare.mote")
    held = motes.build_catalogue(corpus, tmp_path / "bare")
    motes.mosaic(target, held)
    target.gain(-1).save(corpus / "bare.mote")
    with pytest.raises(FormatError, match=r"bare.mote has changed since"):
        motes.mosaic(target, held)
    (corpus / "bare.mote").unlink()
    with pytest.raises(FormatError, match=r"bare.mote is no longer there"):
        motes.mosaic(target, held)


def test_what_the_catalogue_cannot_play_is_left_out(made, target):
    scene = motes.mosaic(target, made, where="pitch > 0")
    assert len(scene.notes) == len(TARGET) - 1


def test_sources_fit_into_a_file():
    files, digests = [f"{k:040d}.mote" for k in range(900)], {f"{k:040d}.mote": "0" * 64 for k in range(900)}
    with pytest.warns(MotesWarning, match=r"900 sources are too many .* leave out 675 of them"):
        assert len(described(files, [1] * 900, digests)) == 225
    with pytest.warns(MotesWarning, match="leave out which of their notes"):
        assert described(files[:300] * 40, [1] * 12000, digests)[0] == {"file": files[0], "digest": "0" * 64}


def test_the_command_makes_a_file_or_says_why_not(made, target, tmp_path, capsys):
    target.save(tmp_path / "t.mote")
    given, out = str(tmp_path / "t.mote"), str(tmp_path / "m.mote")
    options = ["mosaic", given, "--catalogue", str(made.path), "--variety", "1"]
    assert main([*options, "-o", out]) == 0
    assert "4 notes of" in capsys.readouterr().err
    assert motes.load(out).metadata.encoder == "mosaic"
    assert main(["info", out]) == 0
    assert re.search(r"variety 1.0, seed 0, sources \d files, which --json lists", capsys.readouterr().out)
    assert main([*options, "-o", out]) == 1  # it is there
    assert main([*options, "-o", out, "--force", "--json"]) == 0
    assert '"n_left_out": 0' in capsys.readouterr().out
    assert main(options) == 2
    assert main([*options, "-o", out, "--force", "--seed", "-1"]) == 2
    assert main(["mosaic", given, "-o", out, "--force", "--catalogue", str(tmp_path)]) == 1
    assert main(["mosaic", str(tmp_path / "gone.wav"), "-o", out, "--force", "--catalogue", str(made.path)]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 4
