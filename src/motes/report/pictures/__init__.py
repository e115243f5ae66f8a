"""Pictures of scenes, of instruments and of single splats."""
