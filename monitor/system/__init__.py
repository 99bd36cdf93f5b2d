"""What reads the machine itself, below the sources."""
