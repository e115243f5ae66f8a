"""Inference of convolutional networks over frames × keys, in float32 and a fixed order of sums, without BLAS."""
