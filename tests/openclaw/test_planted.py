"""What somebody planted in a store is never executed when a person writes it, and is named."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.openclaw.installation import read
from tests.command import authwatch
from tests.openclaw.homes import agent_dir, agent_store, config, host, shared_store, token
from tests.system.sqlite_file.crafted import journal

SETUP = "sk-ant-oat01-" + "S" * 90
STORES: dict[str, tuple[Callable[..., None], str, str]] = {
    "agent": (agent_store, "auth_profile_store", "store_json"),
    "shared": (shared_store, "config_machine_state", "value_json"),
}
TRIGGER = "CREATE TRIGGER planted AFTER {} ON {} BEGIN INSERT INTO witness VALUES (new.{}); END"


@pytest.fixture(params=STORES)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str, str]:
    make, table, column = STORES[request.param]
    config(tmp_path)
    make(tmp_path, {"anthropic:work": token()})
    where = "agents/main/agent/openclaw-agent.sqlite" if request.param == "agent" else "state/openclaw.sqlite"
    return tmp_path / ".openclaw" / where, table, column


def change(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE IF NOT EXISTS witness (seen)")
        for sql in statements:
            db.execute(sql)
    db.close()


def witnesses(path: Path) -> int:
    with sqlite3.connect(path) as db:
        (count,) = db.execute("SELECT count(*) FROM witness").fetchone()
    db.close()
    return int(count)


def paste(path: Path) -> tuple[int, str]:
    home = next(parent.parent for parent in path.parents if parent.name == ".openclaw")
    done = authwatch(home, "models", "auth", "paste-token", "--provider", "anthropic", stdin=SETUP + "\n")
    assert "Traceback" not in done.err
    return done.code, done.err


@pytest.mark.parametrize("event", ["INSERT", "UPDATE", "UPDATE OF {column}"])
def test_a_trigger_on_the_store_is_refused_and_does_not_run(made: tuple[Path, str, str], event: str) -> None:
    path, table, column = made
    change(path, TRIGGER.format(event.format(column=column), table, column))
    before = path.read_bytes()
    code, said = paste(path)
    assert code == 1
    assert "trigger planted" in said
    assert path.read_bytes() == before
    assert witnesses(path) == 0


@pytest.mark.parametrize("forged", ["tbl_name = 'witness'", "type = 'index'", "type = 'table', tbl_name = 'witness'"])
def test_a_trigger_whose_row_in_the_schema_says_something_else_is_refused(
    made: tuple[Path, str, str], forged: str
) -> None:
    path, table, column = made
    written = ("PRAGMA writable_schema=ON", f"UPDATE sqlite_master SET {forged} WHERE name = 'planted'")
    change(path, TRIGGER.format("INSERT", f'"{table.upper()}"', column), *written)
    before = path.read_bytes()
    assert paste(path)[0] == 1
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "planted",
    [
        "CREATE VIEW {table} AS SELECT 'a' AS {key}, 'b' AS {column}, 1 AS {moment}",
        "CREATE TABLE {table} ({key} TEXT PRIMARY KEY, {column} TEXT, {moment} AS (zeroblob(2000000000)))",
    ],
    ids=["a view", "a computed column"],
)
def test_what_only_looks_like_the_store_is_refused(made: tuple[Path, str, str], planted: str) -> None:
    path, table, column = made
    with sqlite3.connect(path) as db:
        key, _, moment = (row[1] for row in db.execute(f"PRAGMA table_info({table})"))
    db.close()
    change(
        path, f"ALTER TABLE {table} RENAME TO kept", planted.format(table=table, key=key, column=column, moment=moment)
    )
    before = path.read_bytes()
    assert paste(path)[0] == 1
    assert path.read_bytes() == before


def test_an_index_that_is_computed_is_refused(made: tuple[Path, str, str]) -> None:
    path, table, column = made
    change(path, f"CREATE INDEX planted ON {table} (length(replace({column}, 'a', 'aaaaaaaaaa')))")
    code, said = paste(path)
    assert (code, "index planted" in said) == (1, True)


def test_triggers_of_openclaws_own_on_other_tables_are_no_reason(made: tuple[Path, str, str]) -> None:
    path, table, column = made
    change(
        path,
        "CREATE TABLE chunks (id)",
        "CREATE TRIGGER chunks_after AFTER INSERT ON chunks BEGIN INSERT INTO witness VALUES (new.id); END",
        "CREATE VIEW seen AS SELECT * FROM chunks",
        f"CREATE INDEX plain ON {table} ({column})",
    )
    assert paste(path)[0] == 0
    assert witnesses(path) == 0


def test_a_journal_that_was_left_is_refused_and_left(made: tuple[Path, str, str], tmp_path: Path) -> None:
    path, table, column = made
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA cache_size=1")
    owner.execute("CREATE TABLE many (x)")
    owner.execute("BEGIN")
    owner.execute(
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 2000) INSERT INTO many SELECT hex(x) FROM c"
    )
    owner.execute(f"UPDATE {table} SET {column} = '{{}}'")
    copy = tmp_path / "copy"
    copy.mkdir()
    for end in ("", "-journal"):
        shutil.copyfile(f"{path}{end}", f"{copy / path.name}{end}")
    owner.close()
    for one in copy.iterdir():
        one.replace(path.with_name(one.name))
    assert not read(host(tmp_path)).faults  # reading copes with it
    before = path.read_bytes(), Path(f"{path}-journal").read_bytes()
    code, said = paste(path)
    assert code == 1
    assert "start openclaw once" in said
    assert (path.read_bytes(), Path(f"{path}-journal").read_bytes()) == before


def test_a_journal_that_names_another_file_deletes_nothing(made: tuple[Path, str, str], tmp_path: Path) -> None:
    path, victim = made[0], tmp_path / "victim"
    victim.write_text("precious")
    pages = path.stat().st_size // 4096
    Path(f"{path}-journal").write_bytes(journal(0, pages, name=str(victim).encode()))
    assert paste(path)[0] == 1
    assert victim.read_text() == "precious"


def test_an_agent_without_a_database_is_as_before(tmp_path: Path) -> None:
    config(tmp_path)
    agent_store(tmp_path, {"anthropic:work": token()}, agent="lab")
    assert not (agent_dir(tmp_path, "main") / "openclaw-agent.sqlite").exists()
    done = authwatch(tmp_path, "models", "auth", "paste-token", "--provider", "anthropic", stdin=SETUP + "\n")
    assert done.code == 1
    assert "has no database yet" in done.err
