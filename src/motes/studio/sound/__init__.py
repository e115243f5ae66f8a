"""What the studio plays, in blocks of samples that are rendered once."""
