"""Linking atoms into partials: lines grown and joined, the curves along them, and onsets where another begins."""
