"""Opens the history: SQLite with transactions that cannot lose an update, or PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Column, Connection, Engine, MetaData, Table, Text, create_engine, event, inspect, select
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import SQLAlchemyError

from alerts.store import Damaged
from monitor.system.files import why
from monitor.system.state_dir import HISTORY

#: What every failure of the database is; the other rooms need not know the library.
Broken = SQLAlchemyError

#: The revision that `tables` describe; the newest file in migrations/versions.
HEAD = "1001"
#: Those of a time before the first release, whose tables had other names.
_UNRELEASED = ("0001",)

_VERSION = Table("alembic_version", MetaData(), Column("version_num", Text, primary_key=True))

BUSY_SECONDS = 30

#: A history of up to so many bytes is read as a whole, so often where somebody begins to write meanwhile.
_MOST: Final = 64 << 20
_TRIES: Final = 5

#: What SQLite says of a damaged file, and of one whose tables are not those that its revision has.
#: SQLite quotes a damaged schema in its errors, whatever its bytes.
QUOTED: Final = "the schema of the history is not UTF-8"
_DAMAGE = ("malformed", "not a database", "unsupported file format", "no such table", "no such column", "has no column")


__all__ = [
    "HEAD",
    "URL",
    "Broken",
    "Connection",
    "Engine",
    "HistoryError",
    "Outdated",
    "connect",
    "damaged",
    "disposed",
    "exists",
    "file_of",
    "in_words",
    "opened",
    "prepare",
    "reading",
    "revision",
    "shown",
    "url_of",
]


class Outdated(SQLAlchemyError):
    """The history is older than anything that can be brought up to date."""


class HistoryError(Exception):
    """The history cannot be used; says what is wrong and what would mend it, without the URL's password."""


def url_of(given: str | None, state: Path) -> URL:
    """The configured URL, or the file in the state folder."""
    if given is None:
        return URL.create("sqlite", database=str(state / HISTORY))
    try:
        return make_url(given)
    except (SQLAlchemyError, ValueError):
        raise HistoryError(
            "history.url: expected a database URL such as sqlite:///PATH or postgresql+psycopg://HOST/DATABASE"
        ) from None


def file_of(url: URL) -> Path | None:
    """The file of a SQLite history."""
    named = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if named else None


def exists(url: URL) -> bool:
    """Whether there is a history. HistoryError where it cannot be seen or something else stands in its place: SQLite
    would wait for ever for a pipe."""
    path = file_of(url)
    if path is None:
        return True
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise HistoryError(f"cannot open the history {path} ({why(error)})") from None
    if not stat.S_ISREG(found.st_mode):
        raise HistoryError(f"the history {path} is not a file; move it away, or set history.url")
    return True


def connect(url: URL, *, read_only: bool = False) -> Engine:
    """An engine for the history; nothing is opened yet.

    Python's default transactions on SQLite lose updates silently when processes meet; BEGIN IMMEDIATE does not.
    Source: https://docs.sqlalchemy.org/en/21/dialects/sqlite.html (serializable isolation, savepoints).
    """
    path = file_of(url)
    if path is None:
        return _served(url)
    arguments: dict[str, Any] = {"isolation_level": None, "timeout": BUSY_SECONDS}
    exists(url)
    if read_only and (copy := _copy(path)) is not None:
        engine = create_engine("sqlite://", creator=lambda: _loaded(copy), hide_parameters=True)
    elif read_only:
        resting = not any(_bytes(Path(f"{path}{end}")) for end in ("-wal", "-journal"))
        mode = "mode=ro&immutable=1" if resting else "mode=ro"
        address = f"file:{quote(bytes(path.absolute()))}?{mode}"  # from 3.14 on `as_uri` imports urllib.request
        url = URL.create("sqlite", database=address, query={"uri": "true"})
        engine = create_engine(url, connect_args=arguments, hide_parameters=True)
    else:
        engine = create_engine(url, connect_args=arguments, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        try:
            if not read_only:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
        except UnicodeError:
            raise Damaged(QUOTED) from None

    @event.listens_for(engine, "handle_error")
    def _odd(context: ExceptionContext) -> None:
        if isinstance(context.original_exception, UnicodeError):
            raise Damaged(QUOTED) from None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _copy(path: Path) -> bytearray | None:
    """The bytes of a history that nobody writes to; None where somebody does, or where it is too large to hold.

    Opened by SQLite, a file in WAL mode gets side files that stay; opened as `immutable`, it is torn by whoever begins
    to write meanwhile. Closing a file drops the locks that this process has on it, so that this is for who only reads.
    """
    log, journal = Path(f"{path}-wal"), Path(f"{path}-journal")
    for _ in range(_TRIES):
        if _bytes(log) or _bytes(journal):
            return None
        before = path.stat()
        if not 100 <= before.st_size <= _MOST:
            return None
        found = bytearray(path.read_bytes())
        after = path.stat()
        if not (_bytes(log) or _bytes(journal)) and (before.st_ino, before.st_size, before.st_mtime_ns) == (
            after.st_ino,
            after.st_size,
            after.st_mtime_ns,
        ):
            found[18:20] = b"\1\1"  # no write-ahead log: there is none in memory
            return found
    return None


def _loaded(copy: bytearray) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.deserialize(copy)
    return connection


def _served(url: URL) -> Engine:
    if url.get_backend_name() != "postgresql":
        return create_engine(url, hide_parameters=True)
    try:
        if url.get_driver_name() == "psycopg":
            from monitor.history.postgresql import engine_of

            return engine_of(url)
    except ImportError:
        pass
    raise HistoryError(
        "history.url: PostgreSQL needs the package psycopg (and a URL such as postgresql+psycopg://…); install it: "
        "pipx inject authwatch 'psycopg[binary]'"
    )


def prepare(engine: Engine, metadatas: Iterable[MetaData]) -> None:
    """Creates a fresh history, or brings an older one up to date; refuses one from a newer authwatch."""
    with engine.begin() as connection:
        found = revision(connection)
        if found == HEAD:
            return
        if found is None:
            for metadata in metadatas:
                metadata.create_all(connection)
            _VERSION.create(connection, checkfirst=True)
            connection.execute(_VERSION.insert().values(version_num=HEAD))
            return
    if not re.fullmatch(r"\d{4}", found):
        raise Damaged("the history has an unknown revision")
    if found > HEAD:
        raise HistoryError(
            f"the history was written by a newer authwatch (schema {found}, this one supports {HEAD}); use that one, "
            "or update this one. To see which are installed: type -a authwatch"
        )
    from monitor.history.migrate import upgrade

    upgrade(engine)


def revision(connection: Connection) -> str | None:
    """The schema revision found; None for an empty database. Raises Outdated."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(select(_VERSION.c.version_num)).scalar()
    if found in _UNRELEASED:
        raise Outdated(
            "the history was written before the first release and cannot be read any more; the next check moves the "
            "file aside and starts a new one (PostgreSQL: empty the schema first)"
        )
    return None if found is None else str(found)


def hold(connection: Connection) -> None:
    """Keeps others from writing until the transaction ends, so that a check and what a person asks for never overwrite
    one another. SQLite's transactions (BEGIN IMMEDIATE) do so by themselves."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(_VERSION).with_for_update())


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def shown(url: URL) -> str:
    """The URL for people, its password masked."""
    path = file_of(url)
    return str(path) if path else url.render_as_string(hide_password=True)


def in_words(error: Exception) -> str:
    """What is wrong with the history, free of parameters and passwords."""
    if isinstance(error, HistoryError | Outdated):
        return str(error)
    cause = getattr(error, "orig", None) or getattr(error, "strerror", None)
    return f"the history cannot be used ({cause or type(error).__name__}); to find out why: authwatch doctor"


def damaged(error: SQLAlchemyError) -> bool:
    """Whether a SQLite file is no history that can be gone on with, rather than locked, full or read-only."""
    text = str(getattr(error, "orig", ""))
    return isinstance(error, Damaged | Outdated) or any(sign in text for sign in _DAMAGE)


def opened(url: URL, metadatas: Iterable[MetaData]) -> Engine:
    """The history, connected and prepared."""
    engine = connect(url)
    try:
        prepare(engine, metadatas)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def disposed(engine: Engine) -> Iterator[Engine]:
    """The engine, and afterwards none of its connections stays open: the last one out folds the write-ahead log in."""
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def reading(url: URL) -> Iterator[Connection | None]:
    """The history for reading; None where there is none yet."""
    if not exists(url):
        yield None
        return
    with disposed(connect(url, read_only=True)) as engine, engine.connect() as connection:
        yield connection if revision(connection) else None
