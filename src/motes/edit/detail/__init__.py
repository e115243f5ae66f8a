"""What becomes of detail when events beside it are edited, and when it goes."""
