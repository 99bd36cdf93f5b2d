"""The first schema: what `tables` and `alerts.store` create on a fresh database.

Revision ID: 1001 (0001 had other names for its tables; it was never released)
"""

revision = "1001"
down_revision = None


def upgrade() -> None:
    """Fresh databases are created and stamped, so there is nothing older to start from."""
