"""Upgrades an older history with Alembic, which is imported only here: it is the dearest import of all."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from alerts.store import Damaged


def upgrade(engine: Engine) -> None:
    """Brings the history to the newest revision in one transaction; Damaged where no way leads there."""
    with engine.begin() as connection:
        try:
            command.upgrade(configuration(connection), "head")
        except CommandError:
            raise Damaged("the history has an unknown revision") from None


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
