"""Notes of scenes: found, and which part of each event is whose."""
