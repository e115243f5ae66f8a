"""What once went wrong with a mutant does so no more; and the mutator makes what it should."""

import random
from pathlib import Path

import pytest

from motes.codec import loads
from motes.errors import FormatError, MotesWarning

FOLDER = Path(__file__).parent


@pytest.mark.filterwarnings(f"ignore::{MotesWarning.__module__}.{MotesWarning.__name__}")
@pytest.mark.parametrize("path", sorted((FOLDER / "crashes").glob("*.mote")), ids=lambda path: path.stem)
def test_a_file_that_once_went_wrong(path, fuzz):
    fuzz.check(path.read_bytes())


def test_mutants_are_the_same_for_a_seed_and_many_are_read(fuzz):
    files = fuzz.corpus()
    made = [fuzz.mutant(random.Random(f"1/{number}"), files) for number in range(300)]
    assert made == [fuzz.mutant(random.Random(f"1/{number}"), files) for number in range(300)]
    read = 0
    for data in made:
        try:
            loads(data)
            read += 1
        except FormatError:
            pass
    assert 10 < read < 200
    counts = fuzz.run(1, 60, 50)
    assert sum(counts.values()) == 50
    assert counts["crashed"] == 0
