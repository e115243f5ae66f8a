"""The commands, and what happens to everything that can go wrong in them."""

from __future__ import annotations

import contextlib
import difflib
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from types import FrameType
from typing import Any, NoReturn

from cyclopts import App, CycloptsError, Group, Parameter, UnknownOptionError

from motes.cli.console import UsageError, begin, open_closed_streams, process_started_s, say
from motes.errors import MotesError, ParameterError, warn_in_lines


def _version() -> str:
    from importlib.metadata import version

    return f"motes {version('motes')}"


app = App(
    name="motes",
    # All in one line: the verbs fill the rest of the screen.
    usage="Usage: motes COMMAND [--help] | settings | --version: sound as scenes of events",
    help="",
    version=_version,
    version_flags=["--version"],
    default_parameter=Parameter(negative=""),
)
# Four groups; in each the verbs by name, where their functions are, and what they do: at most 62 letters, so that all
# of it fits one screen of 80 columns.
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Sound to scenes and back": {
        "encode": ("encode:encode", "Turn recordings into .mote files."),
        "decode": ("decode:decode", "Turn .mote files into audio."),
        "info": ("inspect:info", "Say what a .mote file holds."),
        "validate": ("inspect:validate", "Check every byte of .mote files."),
    },
    "Change and play": {
        "edit": ("edit:edit", "Change the sounds in .mote files."),
        "perform": ("perform:perform", "Make sounds and scenes of the instrument in a .mote file."),
        "play": ("report:play", "Play that instrument in the browser: pad, keys, MIDI."),
        "remix": ("perform:remix", "Make new sounds of the learned events in a .mote file."),
        "trim": ("edit:trim", "Make .mote files smaller, without their recordings."),
        "rooms": ("inspect:rooms", "List the rooms that sounds can be put into."),
    },
    "See, hear, measure and pass on": {
        "notes": ("listing.notes:notes", "Find and list the notes of .mote files."),
        "partials": ("inspect:partials", "List the partials of .mote files: when, how high, how loud."),
        "studio": ("studio:studio", "See, hear and edit scenes in the browser."),
        "report": ("report:report", "Make a page to hear, see and send of .mote files."),
        "listen": ("report:listen", "Make a page to compare by ear, blind, and count its answers."),
        "eval": ("evaluate:evaluate", "Measure how near an estimate is to its reference."),
        "data": ("data:data", "Check and render sets of recordings with labels."),
        "train": ("data.train:train", "Train the network that finds events."),
        "demo": ("demo:demo", "Make a file, sound, picture and page of a bundled recording."),
        "export": ("export:export", "Write .mote files as tables, MIDI, stems and pictures."),
        "import": ("export:import_", "Turn tables of events into .mote files."),
        "publish": ("publish:publish", "Send pages and files to a bucket."),
        "settings": ("inspect:settings", "Show the settings in force and where they come from."),
    },
    "Many recordings": {
        "catalogue": ("corpus.catalogue:catalogue", "Keep the sounds of .mote files as a table; ask in SQL."),
        "mosaic": ("corpus.mosaic:mosaic", "Make a recording's notes of the sounds of a catalogue."),
        "search": ("corpus.search:search", "Find the sounds of a catalogue that are most like one."),
        "learn-dictionary": ("corpus.learn:learn_dictionary", "Learn short waveforms that recur."),
    },
}
for _title, _verbs in GROUPS.items():
    _group = Group.create_ordered(_title)
    for _name, (_function, _help) in _verbs.items():
        app.command(f"motes.cli.{_function}", name=_name, help=_help, group=_group)
for _flag in ("settings", "--help", "--version"):
    app[_flag].show = False  # the usage has them


def run() -> NoReturn:
    """Run the command line and end the process; at once where PyTorch is loaded, which takes a second to leave, or Ray,
    whose threads may still be at it.
    """
    try:
        status = main(begun_s=process_started_s())
        with contextlib.suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: no traceback of how Python ends
    except KeyboardInterrupt:  # before the command began, or just after it ended
        status = 130
    if {"torch", "ray"} & sys.modules.keys():
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, OSError, ValueError):
                stream.flush()
        os._exit(status)
    sys.exit(status)


def main(tokens: Sequence[str] | None = None, begun_s: float | None = None) -> int:
    """Run the command line (`sys.argv` by default) and return its exit status: 0 ok, 1 a file failed, 2 usage, 130
    interrupted. Time limits count from `begun_s`, of time.monotonic, by default from now.

    Whatever goes wrong becomes one line on standard error; with `MOTES_DEBUG` set a bug shows its traceback.
    """
    begin(time.monotonic() if begun_s is None else begun_s)
    try:
        with _ending_like_interrupt():
            open_closed_streams()
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(AttributeError, ValueError):
                    stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # names need not be printable
            warn_in_lines()
            status = _run(sys.argv[1:] if tokens is None else list(tokens))
            sys.stdout.flush()
            return status
    except BrokenPipeError:  # whoever read our output has had enough
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it closes
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except MotesError as error:
        say(error)
        return 1
    except MemoryError:
        say("there is not enough memory")
        return 1
    except OSError as error:
        say(error)
        return 1
    except Exception as error:
        if os.environ.get("MOTES_DEBUG"):
            raise
        say(f"this is a bug in motes, please report it: {type(error).__name__}: {error} (MOTES_DEBUG=1 shows where)")
        return 1


def _run(tokens: list[str]) -> int:
    try:
        command, bound, _ = app.parse_args(_stdin_last(_expand_lists(tokens)), exit_on_error=False, print_error=False)
    except (CycloptsError, ParameterError, UsageError) as error:
        return _usage(error, tokens)
    try:
        result: Any = command(*bound.args, **bound.kwargs)
    except UsageError as error:
        return _usage(error, tokens)
    return result if isinstance(result, int) else 0


def _usage(error: Exception, tokens: list[str]) -> int:
    command = [token for token in tokens[:1] if token in app]
    command += [token for token in tokens[1:2] if command in (["data"], ["catalogue"]) and token in app[command[0]]]
    say(f"{_message(error).rstrip('.')} ({' '.join(['motes', *command])} --help tells more)")
    return 2


def _message(error: Exception) -> str:
    """What is wrong; of options that are not known, which one was meant only if it is nearly that."""
    if not isinstance(error, UnknownOptionError):
        return str(error)
    given = (error.token.keyword or error.token.value).partition("=")[0]
    known = {} if error.argument_collection is None else error.argument_collection
    names = [name for argument in known for name in argument.names if name.startswith("--")]
    near = difflib.get_close_matches(given, names, 1, 0.75)
    return f"Unknown option: {given}" + (f". Did you mean {near[0]}?" if near else "")


def _expand_lists(tokens: list[str]) -> list[str]:
    """`--windows 512,2048` as `--windows 512 --windows 2048`."""
    expanded: list[str] = []
    for before, token in pairwise(["", *tokens]):
        if token.isdecimal() and expanded[-2:-1] == ["--windows"] and not os.path.exists(token):
            raise UsageError(f"--windows takes a list with commas, as in --windows {before.rpartition('=')[2]},{token}")
        name, _, value = token.rpartition("=")
        if name == "--windows":
            expanded += ["--windows", *_between("--windows", value.split(","))]
        elif expanded and expanded[-1] == "--windows":
            expanded += _between("--windows", token.split(","))
        else:
            expanded.append(token)
    return expanded


def _between(separator: str, values: list[str]) -> list[str]:
    return [part for value in values for part in (separator, value)][1:]


# Options whose value may be `-`.
_TAKE_STREAMS = ("-o", "--output", "-r", "--reference", "--")


def _stdin_last(tokens: list[str]) -> list[str]:
    """`-` for standard input at the end, where it cannot be taken for an option."""
    found = [i for i, token in enumerate(tokens) if token == "-" and (i == 0 or tokens[i - 1] not in _TAKE_STREAMS)]
    if not found or "--" in tokens:
        return tokens
    return [token for i, token in enumerate(tokens) if i not in found] + ["--"] + ["-"] * len(found)


@contextlib.contextmanager
def _ending_like_interrupt() -> Iterator[None]:
    """A polite request to end, and a terminal that is closed, clean up as Ctrl-C does; what nohup ignores stays so."""

    def stop(signal_number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {}
    try:
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, stop)
    except ValueError:  # not in the main thread
        pass
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
