"""The history as commands use it: opened, with every failure in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor import checkpoint
from monitor.cli.shell import NOT_DONE, Failure, Shell

if TYPE_CHECKING:
    from monitor.config.settings import Settings
    from monitor.history.engine import Connection


@contextmanager
def reading(shell: Shell, settings: Settings) -> Iterator[Connection | None]:
    """The history for reading; None when there is none yet."""
    from monitor.history import engine

    with in_words():
        url = engine.url_of(_given(settings), shell.state(settings).folder)
        if not engine.exists(url):
            yield None
            return
        with engine.connect(url, read_only=True).connect() as connection:
            yield connection if engine.revision(connection) else None


@contextmanager
def writing(shell: Shell, settings: Settings) -> Iterator[Connection]:
    """The history in one transaction; afterwards the next pass looks fully.

    A pass that is running is waited for, or its checkpoint would hide what is written here.
    """
    from alerts import memory as told
    from monitor.history import engine, tables

    state = shell.state(settings)
    with in_words():
        state.create()
    with in_words(), state.lock(settings.alerts.deadline.total_seconds()):
        opened = engine.connect(engine.url_of(_given(settings), state.folder))
        engine.prepare(opened, (tables.METADATA, told.METADATA))
        with opened.begin() as connection:
            yield connection
        checkpoint.remove(str(state.gate))


def _given(settings: Settings) -> str | None:
    return settings.history_url.reveal() if settings.history_url else None


@contextmanager
def in_words() -> Iterator[None]:
    """What goes wrong with the history, as a Failure."""
    from monitor.history import engine
    from monitor.state import StateError

    try:
        yield
    except StateError as error:
        raise Failure(NOT_DONE, str(error)) from None
    except (engine.HistoryError, engine.Broken) as error:
        raise Failure(NOT_DONE, engine.in_words(error)) from None
