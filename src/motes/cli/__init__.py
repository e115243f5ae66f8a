"""The command line: parse, call, print. What a command needs is imported when it is called, so that `motes --help`
stays quick.
"""

from motes.cli.app import app, main

__all__ = ["app", "main"]
