"""The studio: a server on this machine that opens, encodes, edits, renders and draws scenes for a page;
docs/studio-api.md is its contract.
"""
