"""Notes that basic-pitch finds, for bench_siam.py, which runs this with the Python of an environment of its own:

    python -m venv ENVIRONMENT
    ENVIRONMENT/bin/pip install --no-deps basic-pitch==0.4.0
    ENVIRONMENT/bin/pip install onnxruntime 'numpy<2' 'scipy<1.14' librosa resampy mir_eval pretty_midi
    ENVIRONMENT/bin/python benchmarks/basic_pitch_notes.py RECORDING …

Prints `{recording: [[onset_s, end_s, pitch], …]}` as JSON, with basic-pitch's own thresholds, from the weights in its
wheel. Knows nothing of motes.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import basic_pitch
from basic_pitch.inference import Model, predict

WEIGHTS = Path(basic_pitch.__file__).parent / "saved_models" / "icassp_2022" / "nmp.onnx"


def main() -> None:
    found = {}
    with contextlib.redirect_stdout(sys.stderr):
        model = Model(WEIGHTS)
        for path in sys.argv[1:]:
            events = predict(path, model)[2]
            found[path] = [[float(onset_s), float(end_s), int(pitch)] for onset_s, end_s, pitch, *_ in events]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
