"""OpenClaw's own files and words, below its source."""
