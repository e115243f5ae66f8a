"""Data that lie on this machine, outside motes."""
