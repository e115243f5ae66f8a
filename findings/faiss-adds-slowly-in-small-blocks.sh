#!/usr/bin/env bash
# faiss-cpu 1.15.1: vectors of 16 numbers are put into an IndexIVFFlat of 2048 cells much more slowly, each, where they
# come 4,096 at a time than where they come 16,384 at a time. Row groups of Parquet are often as small: gather them first.
# Seen: 12 times as long (processor time, one thread); the script asks for three times.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet faiss-cpu==1.15.1 numpy==2.3.5
OPENBLAS_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import sys
import time

import faiss
import numpy as np

faiss.omp_set_num_threads(1)
vectors = np.random.default_rng(0).standard_normal((131072, 16)).astype(np.float32)
index = faiss.IndexIVFFlat(faiss.IndexFlatL2(16), 16, 2048)
index.train(vectors[:81920])


def seconds(size):
    """Processor time to add all vectors in blocks of so many, the least of three."""
    found = []
    for _ in range(3):
        index.reset()
        start = time.process_time()
        for first in range(0, len(vectors), size):
            index.add(vectors[first : first + size])
        found.append(time.process_time() - start)
    return min(found)


small, large = seconds(4096), seconds(16384)
print(f"faiss {faiss.__version__}: {small:.3f} s in blocks of 4,096, {large:.3f} s of 16,384: {small / large:.1f} times")
sys.exit(0 if small > 3 * large else 1)
PYTHON
