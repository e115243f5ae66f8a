"""What no refactoring may cost: how the demo sounds at 24 kbps, and that a processor without vector units reads and
writes the same.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import motes
from motes.codec import dumps, loads
from motes.metrics.perceptual import zimtohrli

ROOT = Path(__file__).parents[2]
# As measured before the encoder was rearranged; what changes by less than this is noise of rounding, by more is a loss.
DEMO_MOS, TOLERANCE_MOS = 4.608, 0.03
ENCODE = """
import sys
from pathlib import Path
import motes, soundfile
from motes.codec import dumps
from numba.core import config
assert (config.CPU_NAME, config.CPU_FEATURES) == ("generic", "")
audio, rate = soundfile.read(sys.argv[1], always_2d=True)
Path(sys.argv[2]).write_bytes(dumps(motes.encode(audio.T, sample_rate_hz=rate, kbps=24)))
"""


@pytest.fixture(scope="module")
def demo(demo_audio):
    """The demo's audio, rate, and its file at 24 kbps."""
    audio, rate = soundfile.read(demo_audio, always_2d=True)
    return audio.T, rate, dumps(motes.encode(audio.T, sample_rate_hz=rate, kbps=24))


@pytest.fixture(scope="module")
def run_generic(tmp_path_factory):
    """Runs Python with kernels compiled for any processor of this architecture."""
    environment = {**os.environ, "NUMBA_CPU_NAME": "generic", "MOTES_CACHE": str(tmp_path_factory.mktemp("generic"))}
    environment.pop("PYTEST_ADDOPTS", None)

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_demo_sounds_as_good_as_it_did(demo):
    audio, rate, data = demo
    assert len(data) <= 24 * 125 * audio.shape[1] / rate
    assert zimtohrli(np.atleast_2d(loads(data).render()), audio, rate)["mean"] > DEMO_MOS - TOLERANCE_MOS


@pytest.mark.slow  # every kernel is compiled anew, 20 s
def test_a_generic_processor_decodes_all_vectors(run_generic):
    told = run_generic(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/codec/test_vectors.py", "-k", "a_vector_decodes"
    )
    assert f"{len(list((ROOT / 'tests/vectors').glob('v*/*.mote')))} passed" in told


def test_a_generic_processor_encodes_the_demo_to_the_bytes_of_this_one(demo, demo_audio, run_generic, tmp_path):
    """Sums contracted and vectorised otherwise differ in their last bits; the choice of the demo's atoms and their
    rounding do not hang on those.
    """
    run_generic("-W", "ignore", "-c", ENCODE, demo_audio, tmp_path / "demo.mote")
    assert (tmp_path / "demo.mote").read_bytes() == demo[2]
