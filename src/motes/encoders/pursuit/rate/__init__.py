"""How the bits of a file are shared out."""
