"""What is true about the credentials of agent programs."""

__version__ = "0.1.0"
