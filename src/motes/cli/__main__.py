"""`python -m motes.cli`: what `motes` does."""

from motes.cli.app import run

if __name__ == "__main__":
    run()
