"""What a person reads of every command, kept as text: `python -m tests.snapshots` writes the files, a test compares."""
