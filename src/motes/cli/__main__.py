"""`python -m motes.cli`: what `motes` does."""

import sys

from motes.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
