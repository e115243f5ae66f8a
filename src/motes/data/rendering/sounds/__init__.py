"""What plays a note alone: SoundFonts, patches, samples, computed sounds."""
