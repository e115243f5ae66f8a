"""What the formats of files say of themselves, read from their bytes."""
