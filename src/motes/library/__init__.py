"""Many files: what is to be made from what, and getting it done."""
