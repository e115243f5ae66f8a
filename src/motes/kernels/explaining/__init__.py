"""Which of several sources what is heard comes from: of a spectrogram, and of windowed sinusoids."""
