"""Catalogues of many hours: what building, SQL and search take, and how indices of vectors compare.

    python benchmarks/bench_catalogue.py build FOLDER [--hours 10]    # MOTES_SHARED names the folder audio/NAME.flac
    python benchmarks/bench_catalogue.py ask FOLDER
    python benchmarks/bench_catalogue.py indices FOLDER [--rows 1000000]
    python benchmarks/bench_catalogue.py map FOLDER [--rows 50000]     # headless Chromium, on the path

`build` encodes the recordings of the set with notes, joins them to a file of some minutes, links that into
FOLDER/corpus until all last so long, describes four of these and makes FOLDER/corpus.motes-catalogue with copies of
their rows; `ask` asks and searches that; `indices` compares usearch, faiss and products on as many vectors, drawn
between those of its partials with noise so that none is there twice; `map` lays out a map and drags it. Processor time
of one core, and the highest memory in use.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

import motes
from motes.library.catalogue.brute_force import deviation_of, first_of, numbers_of
from motes.library.catalogue.build import building
from motes.library.catalogue.index import index_of
from motes.library.catalogue.part import part_name, write_part
from motes.library.catalogue.scene_rows import rows_of
from motes.library.work import load_scene
from motes.report.corpus.embedding import embedded
from motes.report.corpus.map_page import write_map_page

AUDIO = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
N_QUERIES, COUNT = 200, 10
# Files that are described to measure it; the other parts of the catalogue are copies.
N_DESCRIBED = 4
FRAMES = """async () => {
  const took = [], begun = performance.now();
  for (let i = 0; i < 120; i++) {
    left += i % 40 < 20 ? 3 : -3;
    const before = performance.now();
    render();
    took.push(performance.now() - before);
    await new Promise(requestAnimationFrame);
  }
  const all = performance.now() - begun;
  took.sort((a, b) => a - b);
  return [took[60], took[108], 120000 / all];
}"""
QUERIES = (
    "select kind, count(*) from events group by kind",
    "select file, avg(pitch) from events where kind = 'note' group by file",
    "select round(pitch), avg(t60_s), count(*) from events where length_s > 0.1 group by all order by all",
    "select file, number from events where pitch between 60 and 62 and length_s > 0.4 order by gain_db desc limit 20",
)


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("build", "ask", "indices", "map"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    if given.what == "build":
        build(given.folder, given.hours)
    elif given.what == "ask":
        ask(motes.Catalogue(given.folder / "corpus.motes-catalogue"))
    elif given.what == "map":
        drawn(motes.Catalogue(given.folder / "corpus.motes-catalogue"), given.folder / "map.html", given.rows)
    else:
        indices(motes.Catalogue(given.folder / "corpus.motes-catalogue"), given.rows)
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB at most")


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work returns, and its processor time in seconds."""
    start = time.process_time()
    return work(), time.process_time() - start


def build(folder: Path, hours: float) -> None:
    """The catalogue of a corpus that lasts so long; how long describing takes is measured on its beginning."""
    corpus, path = folder / "corpus", folder / "corpus.motes-catalogue"
    n_files = _linked(folder, corpus, N_DESCRIBED)
    _, described_s = timed(lambda: list(building(str(corpus), path).run()))
    described = motes.Catalogue(path)
    print(f"describing: {described_s:.1f} s, {described_s / described.duration_s:.4f} of real time")
    n_files = _linked(folder, corpus, int(np.ceil(hours * 3600 / described.duration_s * n_files)))
    rows = rows_of(load_scene(str(folder / "song.mote")))
    for file in sorted(each.name for each in corpus.iterdir())[N_DESCRIBED:]:
        about = replace(described.described[0], file=file, part=part_name(file))
        write_part(path / "parts" / about.part, rows, about)
    _, whole_s = timed(lambda: list(building(str(corpus), path).run()))
    made = motes.Catalogue(path)
    _, again_s = timed(lambda: list(building(str(corpus), path).run()))
    print(f"{made!r}: {len(made):,} rows")
    print(f"index: {whole_s - again_s:.1f} s; built again, nothing changed: {again_s:.1f} s")
    print(f"size: {_megabytes(path / 'parts'):.0f} MB of rows, {_megabytes(path / 'index'):.0f} MB of index")


def _linked(folder: Path, corpus: Path, n: int) -> int:
    """The corpus: the recordings one after the other, four times, as a file of some minutes, and that `n` times."""
    encoded = folder / "song.mote"
    if not encoded.exists():
        scenes = [motes.encode(recording, kbps=24, notes=True, mono=True) for recording in sorted(AUDIO.glob("*.flac"))]
        scene = scenes[0]
        for other in (scenes * 4)[1:]:
            scene = scene.join(other)
        scene.save(encoded)
    corpus.mkdir(exist_ok=True)
    for file in (corpus / f"{copy:04d}.mote" for copy in range(n)):
        if not file.exists():
            os.link(encoded, file)
    return n


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def ask(catalogue: motes.Catalogue) -> None:
    """SQL, and the nearest of one sound, by the index and by comparing all."""
    print(f"{len(catalogue):,} rows")
    for query in QUERIES:
        spent = min(timed(lambda query=query: catalogue.sql(query))[1] for _ in range(3))
        print(f"{spent:.3f} s, {spent / len(catalogue) * 1e6:.3f} s for 10⁶ rows: {query}")
    index = index_of(catalogue, "partial", "descriptor")
    picked = catalogue.rows_at(np.random.default_rng(0).integers(0, len(catalogue), N_QUERIES))
    wanted = numbers_of(picked)
    if index is not None:
        _, spent = timed(lambda: [index.nearest(one[None], COUNT) for one in wanted])
        print(f"index alone: {spent / N_QUERIES * 1e3:.2f} ms")
    _, spent = timed(lambda: [catalogue.nearest(one[None], COUNT, kind="partial") for one in wanted[:20]])
    print(f"{COUNT} nearest with their rows: {spent / 20 * 1e3:.1f} ms")
    likes = [f"{row['file']}:{row['kind']}:{row['number']}" for row in picked.slice(0, 20).to_pylist()]
    catalogue.search(likes[0])
    _, spent = timed(lambda: [catalogue.search(like) for like in likes])
    print(f"search for a sound by its name, {COUNT} rows: {spent / 20 * 1e3:.1f} ms")
    _, spent = timed(lambda: catalogue.nearest(wanted, COUNT, kind="partial"))
    print(f"of {N_QUERIES} at once: {spent / N_QUERIES * 1e3:.2f} ms each")
    _, spent = timed(lambda: catalogue.nearest(wanted[:1], COUNT, kind="partial", where="length_s > 0.05"))
    print(f"with a condition, all compared: {spent:.2f} s")


def indices(catalogue: motes.Catalogue, n: int) -> None:
    """Recall and processor time of one query at a time, of several libraries, whichever are installed."""
    rng = np.random.default_rng(0)
    rows = catalogue.sql("select * from events where kind = 'partial' order by file limit 20000")
    real = numbers_of(rows) / deviation_of(rows)
    one, other = rng.integers(0, len(real), (2, n))
    along = rng.uniform(0, 0.25, (n, 1))
    held = (real[one] * (1 - along) + real[other] * along + 0.05 * rng.standard_normal((n, 16))).astype(np.float32)
    wanted = held[rng.integers(0, n, N_QUERIES)] + 0.05 * rng.standard_normal((N_QUERIES, 16)).astype(np.float32)
    square = np.einsum("ij,ij->i", held, held)
    truth, spent = timed(lambda: [first_of(square - 2 * (held @ each), COUNT) for each in wanted])
    print(f"| way | recall@{COUNT} | a query | made in | memory |\n|---|---|---|---|---|")
    print(f"| all compared, by a product | 1 | {spent / N_QUERIES * 1e3:.2f} ms | 0 s | {n * 64 / 2**20:.0f} MiB |")
    for way in (_faiss_ways, _usearch_ways):
        try:
            way(held, lambda *about: _row(truth, wanted, *about))
        except ImportError as error:
            print(f"({error.name} is not installed)")


def drawn(catalogue: motes.Catalogue, path: Path, n: int) -> None:
    """How long a map of so many points takes to lay out, and to draw again as it is dragged."""
    from playwright.sync_api import sync_playwright

    found, spent = timed(lambda: embedded(catalogue, "true", n))
    n_bytes = write_map_page(catalogue, found, path, megabytes=0.1, overwrite=True)
    print(f"{n:,} points by {found.method}: {spent:.0f} s; page {n_bytes / 1e6:.1f} MB without sounds")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.resolve().as_uri())
        page.wait_for_timeout(2000)
        median, late, frames = page.evaluate(FRAMES)
        print(f"drawing: median {median:.1f} ms, nine in ten below {late:.1f} ms; {frames:.0f} frames a second")
        browser.close()


def _row(truth: Any, wanted: Any, name: str, ask_one: Callable[[Any], Any], made_s: float, megabytes: float) -> None:
    found, spent = timed(lambda: [ask_one(each[None]) for each in wanted])
    recall = np.mean([len(np.intersect1d(row, right)) / COUNT for row, right in zip(found, truth, strict=True)])
    print(
        f"| {name} | {recall:.3f} | {spent / N_QUERIES * 1e3:.3f} ms | {made_s:.1f} s | {megabytes:.0f} MiB |",
        flush=True,
    )


def _faiss_ways(held: Any, row: Callable[..., None]) -> None:
    import faiss

    faiss.omp_set_num_threads(1)
    flat = faiss.IndexFlatL2(16)
    flat.add(held)
    row("faiss Flat (exact)", lambda one: flat.search(one, COUNT)[1][0], 0.0, len(held) * 64 / 2**20)
    cells = 2 ** round(np.log2(len(held)) / 2)
    lists = faiss.IndexIVFFlat(faiss.IndexFlatL2(16), 16, cells)
    _, made_s = timed(lambda: (lists.train(held[:: max(1, len(held) // (40 * cells))]), lists.add(held)))
    for probes in (4, 8, 16, 32):
        lists.nprobe = probes
        name = f"faiss IVF{cells}, {probes} cells"
        row(name, lambda one: lists.search(one, COUNT)[1][0], made_s, len(held) * 72 / 2**20)
    graph = faiss.IndexHNSWFlat(16, 16)
    graph.hnsw.efConstruction = 64
    before = _resident()
    _, made_s = timed(lambda: graph.add(held))
    for ef in (16, 32, 64):
        graph.hnsw.efSearch = ef
        row(f"faiss HNSW16, ef {ef}", lambda one: graph.search(one, COUNT)[1][0], made_s, _resident() - before)


def _usearch_ways(held: Any, row: Callable[..., None]) -> None:
    from usearch.index import Index

    graph = Index(ndim=16, metric="l2sq", dtype="f32", connectivity=16, expansion_add=64)
    before = _resident()
    _, made_s = timed(lambda: graph.add(np.arange(len(held)), held, threads=1))
    for ef in (16, 32, 64):
        graph.expansion_search = ef
        row(f"usearch 16, ef {ef}", lambda one: graph.search(one, COUNT, threads=1).keys, made_s, _resident() - before)


def _resident() -> float:
    """Memory in use, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
