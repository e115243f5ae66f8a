"""Scene to audio: renders of all kinds, rooms, and instruments played live."""
