"""Labelled sets of recordings, rendered: scores, what plays them, and folders of both."""
