"""Train the decoder of vectors anew, on single notes of SoundFonts, and write its weights.

    python tools/train_decoder.py OUT.safetensors --soundfont FluidR3_GM.sf2 --soundfont MuseScore_General_Full.sf3

Rendering and analysis take minutes, 7,000 steps about ten on one idle core. Needs torch, safetensors and tinysoundfont.
"""

import argparse

import numpy as np
import torch
from safetensors.numpy import save_file

from motes.data.rendering.sounds.soundfont import SoundFont
from motes.training.decoder import Autoencoder, fit, statistics, weights_of
from motes.training.single_notes import analysed_notes, tensors
from motes.training.variation import varied

RATE_HZ = 44100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output")
    parser.add_argument("--soundfont", action="append", required=True)
    parser.add_argument("--notes", type=int, default=6000, help="of each SoundFont")
    parser.add_argument("--copies", type=int, default=2, help="varied copies of each note")
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    plain, more = [], []
    for i, path in enumerate(options.soundfont):
        font = SoundFont(path, RATE_HZ)
        for _, note in analysed_notes(font, RATE_HZ, options.notes, options.seed + i + 1):
            plain.append(note)
            more += [varied(note, rng) for _ in range(options.copies)]
    notes = tensors(plain + more)
    model = Autoencoder(statistics(notes))
    fit(model, notes, options.steps, batch=64, rate=3e-3, seed=options.seed)
    save_file(weights_of(model, tensors(plain)), options.output)


if __name__ == "__main__":
    main()
