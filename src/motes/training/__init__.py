"""Training of the networks that motes ships: one loop, options in a TOML file, checkpoints that go on anywhere."""
