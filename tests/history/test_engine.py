"""The real database: no lost update among processes, migrations that match the tables, a password that stays hidden."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect

from alerts import store
from monitor.history import engine, known
from monitor.history.tables import METADATA
from tests.command import ROOT

METADATAS = (METADATA, store.METADATA)
WRITERS, ROUNDS = 3, 60

COUNT = """
import sys
from pathlib import Path
from alerts import store
from monitor.history import engine, known
from monitor.history.tables import METADATA
opened = engine.opened(engine.url_of(None, Path(sys.argv[1])), (METADATA, store.METADATA))
for _ in range(int(sys.argv[2])):
    with opened.begin() as db:
        known.put_meta(db, "count", (known.get_meta(db, "count") or 0) + 1)
"""


def opened(folder: Path) -> engine.Engine:
    return engine.opened(engine.url_of(None, folder), METADATAS)


def test_three_processes_that_read_and_write_lose_nothing(tmp_path):
    """Three processes that read, then write, lose nothing and see no error; also while the file is being made."""
    writers = [
        subprocess.Popen([sys.executable, "-c", COUNT, str(tmp_path), str(ROUNDS)], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(WRITERS)
    ]
    assert [one.communicate(timeout=120)[1] for one in writers] == [b""] * WRITERS
    with opened(tmp_path).begin() as db:
        assert known.get_meta(db, "count") == WRITERS * ROUNDS


def test_a_fresh_history_is_stamped_with_the_newest_migration(tmp_path):
    """A fresh history is stamped with the newest migration, and Alembic agrees which that is."""
    from alembic.script import ScriptDirectory

    from monitor.history.migrate import configuration

    assert ScriptDirectory.from_config(configuration()).get_current_head() == engine.HEAD
    with opened(tmp_path).connect() as db:
        assert engine.revision(db) == engine.HEAD


def test_migrations_lead_to_the_tables_that_the_code_describes(tmp_path):
    """What a fresh history has, an upgraded one has: Alembic finds no difference."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with opened(tmp_path).connect() as db:
        found = compare_metadata(MigrationContext.configure(db), list(METADATAS))
        assert set(inspect(db).get_table_names()) >= {"profiles", "alerts", "notification_states", "attempts"}
    assert [one for one in found if "alembic_version" not in str(one)] == []


def test_a_history_of_a_newer_release_is_refused_in_words(tmp_path):
    """A history of a newer release is refused, with the command that mends it."""
    with opened(tmp_path).begin() as db:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(engine.HistoryError, match="type -a authwatch"):
        opened(tmp_path)


def test_reading_leaves_no_side_file(tmp_path):
    """Reading leaves no side file beside a history that nobody has open."""
    made = opened(tmp_path)
    made.dispose()
    before = sorted(path.name for path in tmp_path.iterdir())
    with engine.connect(engine.url_of(None, tmp_path), read_only=True).connect() as db:
        assert engine.revision(db)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_writer_that_begins_meanwhile_does_not_tear_what_is_read(tmp_path):
    """Whoever writes, grows and shrinks the file after it was opened for reading changes nothing of what is read."""
    filled = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
        "INSERT INTO filler SELECT i, hex(randomblob(900)) FROM n"
    )
    made = opened(tmp_path)
    with made.begin() as db:
        db.exec_driver_sql("CREATE TABLE filler (i INTEGER PRIMARY KEY, t TEXT)")
        db.exec_driver_sql(filled)
    made.dispose()
    with engine.reading(engine.url_of(None, tmp_path)) as reader:
        assert reader is not None
        writer = sqlite3.connect(tmp_path / "history.sqlite", isolation_level=None)
        writer.execute("DELETE FROM filler")
        writer.execute("VACUUM")
        writer.close()
        assert reader.exec_driver_sql("SELECT count(*), sum(length(t)) FROM filler").one() == (3000, 3000 * 1800)
        assert reader.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_url_never_shows_its_password(tmp_path):
    """A URL never shows its password, in its picture or in an error."""
    url = engine.url_of("postgresql+psycopg://u:FAKESECRET@127.0.0.1:1/x", tmp_path)
    assert "FAKESECRET" not in engine.shown(url)
    with pytest.raises(engine.HistoryError) as caught:
        engine.url_of("::nonsense FAKESECRET", tmp_path)
    assert "FAKESECRET" not in str(caught.value)
