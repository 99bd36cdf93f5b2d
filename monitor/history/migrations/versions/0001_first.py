"""The first schema: what `tables` and `alerts.store` create on a fresh database.

Revision ID: 0001
"""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Fresh databases are created and stamped, so there is nothing older to start from."""
