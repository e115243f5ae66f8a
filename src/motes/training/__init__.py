"""Training of what the package ships; PyTorch is imported inside."""
