"""What can go wrong by the user's hand. Bugs of our own assert instead."""


class MotesError(Exception):
    """Base of every error that user input can raise; its text is one line that tells the value and the likely mistake."""


class MotesWarning(UserWarning):
    """What a user should know but need not act on; one line."""


class ParameterError(MotesError, ValueError):
    """A value handed in is out of range, of the wrong shape, or makes no sense."""


class AudioError(MotesError):
    """A recording cannot be read or written."""


class FormatError(MotesError):
    """A .mote file is damaged, cut short, or of a version this reader does not know."""


class MissingExtraError(MotesError, ImportError):
    """Something optional is not installed; the message names the pip command."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional part of motes: pip install 'motes[{extra}]'")
