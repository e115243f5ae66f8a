"""Scene ◀▶ bytes: quantiser, entropy coder and the .mote file, specified in docs/format.md."""
