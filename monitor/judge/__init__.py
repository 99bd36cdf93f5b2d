"""What an observation means, purely."""
