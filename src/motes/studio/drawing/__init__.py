"""What the studio's page draws: tiles of events, partials and spectrograms."""
