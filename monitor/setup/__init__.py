"""Making it run by itself."""
