"""The history as commands use it: opened, with every failure in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.check import gate
from monitor.cli.context import CONFIG, NOT_DONE, Context, Failure

if TYPE_CHECKING:
    from monitor.config.settings import Settings
    from monitor.history.engine import Connection


@contextmanager
def reading(context: Context, settings: Settings) -> Iterator[Connection | None]:
    """The history for reading; None when there is none yet."""
    from monitor.history import engine, owner
    from monitor.system.state_dir import real

    with in_words():
        state = context.state(settings)
        url = engine.url_of(_given(settings), state.folder)
        with engine.reading(url) as connection:
            if connection is not None:
                owner.admit(connection, url, state, real(context.home))
            yield connection


@contextmanager
def writing(context: Context, settings: Settings) -> Iterator[Connection]:
    """The history in one transaction; afterwards the next check looks fully.

    A check that is running is not waited for: whatever it still writes, its checkpoint does not hold any more.
    """
    from alerts import store
    from monitor.history import engine, owner, tables
    from monitor.system.state_dir import real

    state = context.state(settings)
    with in_words():
        state.create()
    with in_words():
        url = engine.url_of(_given(settings), state.folder)
        opened = engine.opened(url, (tables.METADATA, store.METADATA))
        with engine.disposed(opened), opened.begin() as connection:
            engine.hold(connection)
            owner.admit(connection, url, state, real(context.home))
            yield connection
            state.outdate()


def adopt(context: Context, settings: Settings) -> Iterator[str]:
    """Makes state folder and history belong to this watcher, whoever had them; says what was done."""
    from alerts import store
    from monitor.history import engine, owner, tables
    from monitor.system.state_dir import real

    state, home = context.state(settings), real(context.home)
    with in_words():
        state.create()
        with state.lock(0) as held:
            if not held:
                raise Failure(NOT_DONE, "a check is running; try again when it has finished")
            url = engine.url_of(_given(settings), state.folder)
            opened = engine.opened(url, (tables.METADATA, store.METADATA))
            with engine.disposed(opened), opened.begin() as connection:
                before = owner.adopt(connection, url, state, home)
            gate.remove(str(state.gate))
    yield f"The state folder {state.folder} and the history {engine.shown(url)} now belong to the watcher of {home}."
    if before is not None and before.home != home:
        yield f"The history belonged to the watcher of {before.home}; its checks are refused from now on."
    yield "Next: authwatch check"


def _given(settings: Settings) -> str | None:
    return settings.history_url.reveal() if settings.history_url else None


@contextmanager
def in_words() -> Iterator[None]:
    """What goes wrong with the history, as a Failure."""
    from monitor.history import engine, owner
    from monitor.system.state_dir import StateError

    try:
        yield
    except owner.OtherWatcher as error:
        raise Failure(CONFIG, str(error)) from None
    except StateError as error:
        raise Failure(NOT_DONE, str(error)) from None
    except (engine.HistoryError, engine.Broken) as error:
        raise Failure(NOT_DONE, engine.in_words(error)) from None
