"""Worker processes: interrupted by their parent only, and gone when it is."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os, signal, sys, time
from motes.library.worker import Worker, spawning

def work(stop, there):
    worker = Worker(stop)
    try:
        with worker.working():
            there.send("working")
            while True:
                time.sleep(0.01)
    except KeyboardInterrupt:
        there.send("interrupted")
    try:
        with worker.working():
            there.send("working again")
    except KeyboardInterrupt:
        there.send("not begun")

if __name__ == "__main__":
    context = spawning()
    (here, there), stop = context.Pipe(duplex=False), context.Event()
    process = context.Process(target=work, args=(stop, there))
    process.start()
    print(here.recv(), flush=True)
    if sys.argv[1] == "parent ends":
        os.kill(os.getpid(), signal.SIGKILL)
    os.kill(process.pid, signal.SIGINT)
    print("more" if here.poll(0.5) else "goes on")
    stop.set()
    print(here.recv(), here.recv(), sep=", ")
    process.join()
    print(process.exitcode)
"""


def output(tmp_path, how):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), how]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60).stdout.split("\n")[:-1]


def test_only_its_parent_interrupts_a_worker(tmp_path):
    assert output(tmp_path, "parent stops it") == ["working", "goes on", "interrupted, not begun", "0"]


def test_a_worker_ends_with_its_parent(tmp_path):
    assert output(tmp_path, "parent ends") == ["working"]  # all of it: the worker no longer holds the output open
