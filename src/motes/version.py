"""The version of this package, read from its metadata."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("motes")
except PackageNotFoundError:  # run from a source folder that was never installed
    __version__ = "0+unknown"
