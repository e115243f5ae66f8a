"""Vector operations of kernels, as LLVM instructions."""
