"""Renders of events in PyTorch, for fitting and training; nothing here is imported before it is asked for."""
