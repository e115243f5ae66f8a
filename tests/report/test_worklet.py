"""The worklet that plays instruments in pages: in a real browser, the samples that Python makes."""

from __future__ import annotations

import json
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from instrument_scenes import instrument_scene

from motes.events.deformation import Deformation
from motes.report.instrument_json import write_instrument
from motes.synth.player import ROOM_S, Player

CODE = Path(__file__).parents[2] / "studio/web/src/play/worklet.gen.js"
# A second output is what goes into the room.
RENDER = """async ([instrument, code, rate, strikes, held, plain, n]) => {
  const context = new OfflineAudioContext(4, n, rate);
  await context.audioWorklet.addModule("data:text/javascript," + encodeURIComponent(code));
  const node = new AudioWorkletNode(context, "motes-instrument", {
    numberOfInputs: 0, numberOfOutputs: 2, outputChannelCount: [2, 2],
    processorOptions: { instrument, strikes, held, plain },
  });
  const kernel = await new Promise((done) => (node.port.onmessage = ({ data }) => done(data.kernel)));
  const merger = new ChannelMergerNode(context, { numberOfInputs: 4 });
  for (const output of [0, 1]) {
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
    node.connect(splitter, output);
    for (const side of [0, 1]) splitter.connect(merger, side, 2 * output + side);
  }
  merger.connect(context.destination);
  const sound = await context.startRendering();
  return { kernel, sound: [0, 1, 2, 3].map((k) => Array.from(sound.getChannelData(k))) };
}"""


@pytest.fixture(scope="module")
def rendered(chromium, tmp_path_factory):
    """Render in the browser: `rendered(document, rate, strikes, held, plain, n)`."""
    blank = tmp_path_factory.mktemp("worklet") / "blank.html"
    blank.write_text("<!doctype html>")
    page = chromium.new_page()
    page.goto(blank.as_uri())
    code = CODE.read_text(encoding="utf-8")
    yield lambda document, rate, *rest: page.evaluate(RENDER, [document, code, rate, *rest])
    page.close()


def document_of(scene):
    buffer = BytesIO()
    write_instrument(scene, buffer)
    return json.loads(buffer.getvalue())


def asked(strikes, rate):
    """Strikes as the worklet takes them."""
    return [
        {
            "control": strike["control"],
            "amplitude": strike["amplitude"],
            "frame": strike["time_s"] * rate,
            "key": f"ratio {strike['frequency_ratio']}",
            "deformation": {"transpose": 12 * float(np.log2(strike["frequency_ratio"]))},
        }
        for strike in strikes
    ]


@pytest.mark.parametrize(("plain", "n_channels"), [(False, 2), (False, 1), (True, 2)], ids=["wasm", "mono", "script"])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_its_samples_are_those_of_python(rendered, rate, plain, n_channels):
    scene = instrument_scene(n_channels=n_channels)
    document = document_of(scene)
    strikes, n = document["test"]["strikes"], 3500
    for held in ({}, document["test"]["deformation"]):
        player = Player(scene.instruments[0].at_rate(rate))
        player.deform(**held)
        for strike in strikes:
            player.strike(
                strike["control"], strike["amplitude"], strike["time_s"], frequency_ratio=strike["frequency_ratio"]
            )
        expected = player.samples(n)
        made = rendered(document, rate, asked(strikes, rate), held, plain, n)
        assert made["kernel"] == ("JavaScript" if plain else "WebAssembly SIMD")
        sound = np.array(made["sound"])[:n_channels]
        assert np.abs(sound - expected).max() < 1e-4 * np.abs(expected).max()
        if rate == 16000:
            vectors = np.array(document["test"]["deformed" if held else "samples"])
            assert np.abs(sound[:, : vectors.shape[1]] - vectors).max() < 1e-4 * np.abs(expected).max()


def test_mono_spreads_over_two_channels_as_in_python(rendered):
    scene, how = instrument_scene(), Deformation(spread=0.7, send=0.25)
    player = Player(Deformation(spread=0.7).of(scene.instruments[0].in_stereo()))
    player.strike(3, 0.8, 0.01)
    expected = player.samples(4000)
    made = rendered(
        document_of(scene), 16000, [{"control": 3, "amplitude": 0.8, "frame": 160}], asdict(how), False, 4000
    )
    dry, wet = np.array(made["sound"]).reshape(2, 2, -1)
    assert np.abs(dry - 0.75 * expected).max() < 1e-4 * np.abs(expected).max()
    assert np.abs(wet - 0.25 * expected).max() < 1e-4 * np.abs(expected).max()


def test_strikes_are_deformed_each_as_in_python(rendered):
    scene = instrument_scene(n_channels=2)
    ways = [
        Deformation(damping=3.0),
        Deformation(position=0.4, brightness=5.0),
        Deformation(transpose=-5.0, spread=0.9),
    ]
    player, strikes = Player(scene.instruments[0]), []
    for k, how in enumerate(ways):
        player.strike(k, 0.5, 0.02 * k, deformation=how)
        one = {"control": k, "amplitude": 0.5, "frame": 320 * k, "key": f"{k}"}
        strikes.append(one | {"deformation": {name: value for name, value in asdict(how).items() if name != "send"}})
    expected = player.samples(3000)
    made = rendered(document_of(scene), 16000, strikes, {}, False, 3000)
    assert np.abs(np.array(made["sound"])[:2] - expected).max() < 1e-4 * np.abs(expected).max()


def test_two_thousand_modes_and_a_strike_too_late(rendered):
    scene = instrument_scene(2000)
    player = Player(scene.instruments[0])
    player.strike(3, 0.8)
    expected = player.samples(3000)
    made = rendered(document_of(scene), 16000, [{"control": 3, "amplitude": 0.8, "frame": -50.5}], {}, False, 3000)
    assert np.abs(np.array(made["sound"])[0] - expected[0]).max() < 1e-4 * np.abs(expected).max()


def test_the_room_of_pages_is_that_of_python():
    assert ROOM_S == 1.2
    assert "ROOM_S = 1.2" in (CODE.parent / "sound.ts").read_text(encoding="utf-8")
