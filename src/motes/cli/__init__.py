"""The command line: parse, call, print. What a command needs is imported when it is called, so that `motes --help`
stays quick.
"""

try:
    from motes.cli.app import app, main, run
except KeyboardInterrupt:  # Ctrl-C while Python still imports
    raise SystemExit(130) from None

__all__ = ["app", "main", "run"]
