"""Playing as it happens: MIDI in, and what is played put over a scene."""
