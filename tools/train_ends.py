"""Train the small network that reads the ends of notes, on rendered sets, and write its weights.

    python tools/train_ends.py OUT.safetensors --weights siam-2.safetensors training-data/notes

Sets are folders in MusicNet's layout, as `motes data render` makes them. Needs torch and safetensors.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from motes.encoders.siam.network import Network
from motes.encoders.siam.weights import read_weights
from motes.training.ends import EndSightings, end_sightings, trained_ends, write_ends
from motes.training.examples import example_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--weights", required=True, help="of the network, as siam-2.safetensors")
    parser.add_argument("--recordings", type=int, default=400, help="at most so many, from all folders alike")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    paths = [path for folder in given.folders for path in sorted(Path(folder).glob("*_labels/*.csv"))]
    chosen = [paths[i] for i in np.unique(np.linspace(0, len(paths) - 1, given.recordings).astype(int))]
    network = Network(read_weights(given.weights))
    seen = [end_sightings(example_of(path), network) for path in chosen]
    together = EndSightings(*(np.concatenate(arrays) for arrays in zip(*seen, strict=True)))
    weights = trained_ends(together, given.steps, given.seed, lambda step, loss: print(f"{step} {loss:.4f}"))
    write_ends(weights, given.output)


if __name__ == "__main__":
    main()
