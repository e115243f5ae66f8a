#!/usr/bin/env bash
# mir_eval 0.8.2 has two onset tolerances of 50 ms: transcription rounds differences to 0.1 ms before it compares, onset does not.
# An onset 50.04 ms late is a hit in transcription.onset_precision_recall_f1 and a miss in onset.f_measure, both at their
# default windows of 0.05 s; of two empty lists of notes both give F = 0.
# Seen: transcription 1.0, onset 0.0, empty 0.0 and 0.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mir_eval==0.8.2
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import mir_eval
import numpy as np

late = np.array([1.05004]), np.array([[1.05004, 2.0]])
true = np.array([1.0]), np.array([[1.0, 2.0]])
none = np.empty(0), np.empty((0, 2))
found = [
    mir_eval.transcription.onset_precision_recall_f1(true[1], late[1])[2],
    mir_eval.onset.f_measure(true[0], late[0])[0],
    mir_eval.transcription.onset_precision_recall_f1(none[1], none[1])[2],
    mir_eval.onset.f_measure(none[0], none[0])[0],
]
print(f"mir_eval {mir_eval.__version__}: 50.04 ms late, F of transcription {found[0]}, of onset {found[1]}; of empty lists {found[2:]}")
sys.exit(0 if found == [1.0, 0.0, 0.0, 0.0] else 1)
PYTHON
