"""Playing in a page: a minute of an instrument rendered offline by the worklet in Chromium, with WebAssembly and with
JavaScript, beside Python: python benchmarks/bench_play.py [--modes 256] [--seconds 60]
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.report.instrument_json import write_instrument
from motes.scene.scene import Scene
from motes.synth.player import Player

ROOT = Path(__file__).resolve().parents[1]
RATE = 44100
RENDER = """async ([instrument, code, rate, strikes, plain, n]) => {
  const context = new OfflineAudioContext(2, n, rate);
  await context.audioWorklet.addModule("data:text/javascript," + encodeURIComponent(code));
  const processorOptions = { instrument, strikes, plain };
  const shape = { numberOfInputs: 0, numberOfOutputs: 2, outputChannelCount: [2, 2] };
  const node = new AudioWorkletNode(context, "motes-instrument", { ...shape, processorOptions });
  const kernel = await new Promise((done) => (node.port.onmessage = ({ data }) => done(data.kernel)));
  node.connect(context.destination, 0);
  const began = performance.now();
  const made = await context.startRendering();
  const ms = performance.now() - began;
  return { kernel, ms, sound: [0, 1].map((k) => Array.from(made.getChannelData(k).subarray(0, rate))) };
}"""

LIVE = """async ([instrument, code, strikes, seconds]) => {
  const context = new AudioContext();
  await context.audioWorklet.addModule("data:text/javascript," + encodeURIComponent(code));
  const shape = { numberOfInputs: 0, numberOfOutputs: 2, outputChannelCount: [2, 2] };
  const node = new AudioWorkletNode(context, "motes-instrument", { ...shape, processorOptions: { instrument } });
  node.connect(context.destination, 0);
  await context.resume();
  const found = { busy: [], late: 0, blocks: 0, sounding: 0, latency: -1 };
  node.port.onmessage = ({ data }) => {
    if ("latency" in data) found.latency = data.latency;
    if (!("busy" in data)) return;
    found.busy.push(data.busy);
    Object.assign(found, { late: data.late, blocks: data.blocks, sounding: Math.max(found.sounding, data.sounding) });
  };
  for (let k = 0; k < seconds * 20; k++) {
    node.port.postMessage({ do: "strike", id: k, strikes: [{ ...strikes[k % strikes.length], key: `${k % 12}` }] });
    await new Promise((done) => setTimeout(done, 50));
  }
  await context.close();
  return { ...found, rate: context.sampleRate };
}"""


def scene(n_modes: int, n_controls: int = 8) -> Scene:
    """An instrument whose every control excites every mode for long."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(n_controls, n_modes)) + 1j * rng.normal(size=(n_controls, n_modes))
    mixing = np.exp(1j * rng.normal(size=(2, n_modes)))
    hz = np.sort(rng.uniform(60, 15000, n_modes))
    model = Instrument(RATE, hz, rng.uniform(2, 20, n_modes), 0.002 * weights, mixing)
    return Scene(RATE, RATE, 2, strike=Strike.empty(2), instruments=(model,))


def main() -> None:
    """Print a line for each way of rendering: seconds, times real time, and the error beside Python's samples."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser()
    parser.add_argument("--modes", type=int, default=256)
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    made, buffer = scene(given.modes), BytesIO()
    write_instrument(made, buffer)
    times = np.arange(0, given.seconds, 0.25)
    player, strikes = Player(made.instruments[0]), []
    for i, at in enumerate(times.tolist()):
        player.strike(i % 8, 0.3, at)
        strikes.append({"control": i % 8, "amplitude": 0.3, "frame": at * RATE})
    began = time.process_time()
    first = player.samples(RATE)
    blocks = [player.samples(128) for _ in range(9 * RATE // 128)]
    python_s = (time.process_time() - began) * given.seconds * RATE / (player.position)
    assert np.isfinite(blocks[-1]).all()
    print(f"{given.modes} modes, 2 channels, {given.seconds} s, all modes always ringing")
    print(f"Python, blocks of 128: {python_s:.1f} s, {given.seconds / python_s:.0f} times real time")
    code = (ROOT / "studio/web/src/play/worklet.gen.js").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        blank = Path(folder) / "blank.html"
        blank.write_text("<!doctype html>", encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        page = browser.new_page()
        page.goto(blank.as_uri())
        for plain in (False, True):
            asked = [json.loads(buffer.getvalue()), code, RATE, strikes, plain, given.seconds * RATE]
            report(page.evaluate(RENDER, asked), given.seconds, first)
        single = [{"control": k, "amplitude": 0.1} for k in range(8)]
        live = page.evaluate(LIVE, [json.loads(buffer.getvalue()), code, single, 8])
        print(
            f"live, 20 strikes a second on up to {live['sounding']} banks of modes: "
            f"{100 * np.mean(live['busy'][1:]):.0f} % of a core, {live['late']} of {live['blocks']} blocks too late; "
            f"the first strike sounds {live['latency']} samples after its message"
        )
        browser.close()


def report(made: dict[str, Any], seconds: int, expected: Any) -> None:
    """One line about a rendering."""
    error = np.abs(np.array(made["sound"]) - expected).max() / np.abs(expected).max()
    took_s = made["ms"] / 1000
    print(f"{made['kernel']}: {took_s:.2f} s, {seconds / took_s:.0f} times real time, error {error:.1e}")


if __name__ == "__main__":
    main()
