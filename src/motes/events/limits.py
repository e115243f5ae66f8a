"""The largest recordings that scenes and files hold."""

MAX_SAMPLE_RATE_HZ = 768_000
MAX_CHANNELS = 64
# Of each channel.
MAX_SAMPLES = 1 << 48
