"""OpenClaw's own words: what its `models status` would say."""
