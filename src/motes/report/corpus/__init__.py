"""Pages about the sounds of many recordings."""
