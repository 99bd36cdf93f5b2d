"""What changed and what stands, in SQLite or PostgreSQL."""
