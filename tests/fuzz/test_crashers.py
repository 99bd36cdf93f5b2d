"""Input that once made a reader fall, talk or wait: each by what it was."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path

import pytest

from alerts.clock_trust import ClockReading
from alerts.serialization import revive
from alerts.store import Damaged, RecordColumn
from monitor.check import gate, outputs
from monitor.model import Observation
from monitor.openclaw.config import MOST, parse
from monitor.system.host import Host, Unreadable, parse_json
from monitor.system.state_dir import StateDir
from tests.command import authwatch, state
from tests.faults.world import decent, json_home, run, shared_home
from tests.openclaw_home import DAY, HOUR, openclaw, token
from tests.polling import pause


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_what_only_python_takes_for_json_is_none(name: str) -> None:
    with pytest.raises(Unreadable):
        parse_json(f'{{"expires": {name}}}', Path("x"))


def test_a_database_whose_schema_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE abcdefgh (x)")
    database.commit()
    database.close()
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE abcdefgh", b"CREATE \xff\xfe\xfa\xfb abcdefgh"))
    with pytest.raises(Unreadable) as found:
        Host(tmp_path, {}).sqlite(path, lambda database: list(database.rows("abcdefgh", "x")))
    assert found.value.problem == "parse"


def test_a_cell_that_is_no_utf_8_is_read_with_marks_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE t (x)")
    database.execute("INSERT INTO t VALUES (CAST(? AS TEXT))", (b"FAKESECRET\xff",))
    database.commit()
    database.close()
    assert Host(tmp_path, {}).sqlite(path, lambda database: list(database.rows("t", "x"))) == [("FAKESECRET\ufffd",)]


JSON5 = {
    "// ours\n{a: 1, /* b */ c: [1, 2,],}": {"a": 1, "c": [1, 2]},
    "{'a': 'b', x: +1, y: .5, z: 0x1F}": {"a": "b", "x": 1, "y": 0.5, "z": 31},
    '{"a": "/* no */ // no", "b": ", ]", }': {"a": "/* no */ // no", "b": ", ]"},
    '{"a:": 1, b$: "c: d",}': {"a:": 1, "b$": "c: d"},
    '{"a": "\\\\", "b": "\\"", // c\n}': {"a": "\\", "b": '"'},
    "{a: 1e3, true: null, null: true}": {"a": 1000.0, "true": None, "null": True},
}


@pytest.mark.parametrize("text", JSON5)
def test_json5_is_read(text: str) -> None:
    assert parse(text, Path("x")) == JSON5[text]


@pytest.mark.parametrize(
    "text", ["[,]", "{,}", "[1,,2]", "{a}", "{a: b}", "{a: 1 b: 2}", "/* {}", '{"a": "b\n"}', "{a: 1}}", "'"]
)
def test_what_is_no_json5_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text, Path("x"))


LONG = {
    "quotes": '"' * 400_000,
    "escaped quotes": '"\\' * 400_000,
    "comments": "/* " * 300_000,
    "names": "a" * 1_000_000,
    "commas": ", " * 400_000,
    "a single quoted text": "{a: '" + "b" * (MOST * 20) + "'}",
    "brackets": "[" * 500_000,
    "a good config cut short": json.dumps({str(n): {"a": "b" * 30} for n in range(20_000)})[:-5],
    "a long config with comments": "// x\n" + json.dumps({str(n): {"a": "b" * 30} for n in range(20_000)}),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_json5_takes_no_second(name: str) -> None:
    started = time.process_time()
    try:
        parse(LONG[name], Path("x"))
    except Unreadable as error:
        assert error.problem in ("parse", "too_large")
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "plain",
    [
        [],
        {},
        7,
        "x",
        None,
        {"wall": "2026-01-01"},
        {"wall": "2026-01-01T00:00:00"},
        {"wall": 5},
        {"wall": "x", "boot": 1e300},
    ],
)
def test_a_memory_of_another_shape_is_no_memory(plain: object, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError)):
        revive(ClockReading, plain)
    (tmp_path / outputs.RECORD).write_text(json.dumps({"clocks": {"believed": plain or 0, "doubted": None}}))
    from datetime import UTC, datetime

    reading = ClockReading(datetime.now(UTC))
    assert outputs.clocks(StateDir(tmp_path, tmp_path), reading) == (None, None, reading)


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"credential": []}', '{"credential": null}', "[" * 100_000])
def test_a_row_of_another_shape_is_damaged(text: str) -> None:
    with pytest.raises(Damaged):
        RecordColumn(Observation).process_result_value(text, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("revision", [" ", "", "0000", "000!!", "one", "9" * 100])
def test_a_history_of_no_known_revision(revision: str, tmp_path: Path) -> None:
    json_home(tmp_path)
    run(tmp_path, "check")
    database = sqlite3.connect(state(tmp_path) / "history.sqlite")
    database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    database.commit()
    database.close()
    (state(tmp_path) / "checkpoint").unlink()
    assert run(tmp_path, "check").code == 2
    assert run(tmp_path, "check").err == ""


def test_a_checkpoint_with_a_path_or_code_that_cannot_be(tmp_path: Path) -> None:
    json_home(tmp_path)
    run(tmp_path, "check")
    pause(2.1)
    assert run(tmp_path, "check").code == 2
    path = state(tmp_path) / gate.NAME
    good = path.read_bytes()
    lines = good.split(b"\n")
    for number, change in (
        (3, b"99999999999999999999"),
        (3, b"-1"),
        (3, b"9" * 5000),
        (7, b"T 0041 1 2 3 4 5"),
        (2, b"nan nan trusted"),
    ):
        path.write_bytes(b"\n".join([*lines[:number], change, *lines[number + 1 :]]))
        assert run(tmp_path, "check").code == 2


NAMES = [
    "anthropic:\ud800",
    "anthropic:é",
    "anthropic:\u202egnp",
    "anthropic:\x1b[2J",
    "anthropic:\x00",
    "anthropic:日本",
]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "utf-16"])
def test_a_name_that_the_terminal_cannot_show(encoding: str, tmp_path: Path) -> None:
    openclaw(tmp_path, {name: token(ends_in=-HOUR) for name in NAMES})
    for words in (
        ("check",),
        ("status", "--json"),
        ("status",),
        ("models", "status"),
        ("check", "--nagios"),
        ("history",),
    ):
        done = authwatch(tmp_path, *words, env={"PYTHONIOENCODING": encoding})
        assert "Traceback" not in done.err.replace("\0", "")
        assert done.code in (0, 1, 2)


def test_an_argument_that_is_no_text(tmp_path: Path) -> None:
    shared_home(tmp_path)
    odd = os.fsdecode(b"\xff\xfe")
    commands = (
        ("models", "status", "--agent", odd),
        ("models", "status", "--json", "--agent", odd),
        ("check", "--provider", odd),
        ("explain", odd),
        ("forget", odd),
        ("history", odd),
        ("status", "--config", odd),
        ("check", "--home", odd),
        (odd,),
    )
    for words in commands:
        decent(run(tmp_path, *words))


def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "anthropic" / "credentials"
    folder.mkdir(parents=True)
    (folder / os.fsdecode(b"\xff\xfe.json")).write_text(
        '{"access_token": "FAKESECRET", "refresh_token": "FAKESECRET", "client_id": "x"}'
    )
    (tmp_path / ".openclaw" / "agents" / os.fsdecode(b"\xff")).mkdir(parents=True)
    for words in (("check", "--json"), ("status",), ("check", "--textfile", "out.prom")):
        assert run(tmp_path, *words).code in (0, 2)
    assert DAY


def test_a_home_that_is_no_text(tmp_path: Path) -> None:
    home = tmp_path / os.fsdecode(b"h\xff")
    home.mkdir()
    json_home(home)
    for words in (("check",), ("status", "--json"), ("check",), ("models", "status", "--json")):
        done = authwatch(home, *words)
        assert "Traceback" not in done.err
        assert done.code in (0, 2), done.err


@pytest.mark.parametrize("words", ["models status --json", "check --json", "models status", "models auth list"])
def test_half_a_surrogate_in_an_id_reaches_no_encoder(words: str, tmp_path: Path) -> None:
    openclaw(tmp_path, {"anthropic:\ud800x": token(ends_in=HOUR)})
    ran = run(tmp_path, *words.split())
    assert "anthropic:" in ran.out
    if "--json" in words:
        assert json.loads(ran.out)


#: Rows that fit their table and hold nothing of ours; each once ended a check, instead of beginning a new history.
ROWS = {
    "no observation": "UPDATE profiles SET observation = 'null'",
    "no alert": "UPDATE alerts SET alert = 'null'",
    "no moment": "UPDATE meta SET value = '\"2026-11-22T18:2\"' WHERE name = 'pruned_at'",
    "no text": "UPDATE meta SET value = '7' WHERE name = 'pruned_at'",
    "a moment without a zone": "UPDATE meta SET value = '\"2026-11-22\"' WHERE name = 'pruned_at'",
}


@pytest.mark.parametrize("name", ROWS)
def test_a_damaged_row_ends_no_check(name: str, tmp_path: Path) -> None:
    openclaw(tmp_path, {"anthropic:x": token(ends_in=HOUR)})
    run(tmp_path, "check")
    with sqlite3.connect(state(tmp_path) / "history.sqlite") as history:
        assert history.execute(ROWS[name]).rowcount
    openclaw(tmp_path, {"anthropic:x": token(ends_in=-HOUR)})
    assert run(tmp_path, "check").code == 1
    assert run(tmp_path, "status", "--check").code == 1
