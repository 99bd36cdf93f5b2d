"""The command line; the only place that prints and reads clock and environment."""
