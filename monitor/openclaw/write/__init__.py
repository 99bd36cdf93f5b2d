"""Writing what OpenClaw reads: only on a person's command, whole or not at all."""
