"""A state folder and a history belong to one watcher: what moved, was copied, restored or shared, as a table."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from monitor.history.owner import following
from monitor.system.state_dir import Owner, StateDir
from tests.command import Done, authwatch, configure, state
from tests.history.conftest import Server
from tests.openclaw_home import DAY, HOUR, openclaw, token
from tests.receivers import web

A, B = "/home/a", "/home/b"
ME, ANOTHER = Owner("me", A, 3), Owner("another", A, 3)

#: (the folder's owner, the history's, home, beside) -> who owns both then; None: refused.
CASES: dict[str, tuple[Owner | None, Owner | None, str, bool, Owner | None]] = {
    "both new": (None, None, A, True, Owner("", A)),
    "both ours": (ME, ME, A, True, ME),
    "a history that was set aside or deleted": (ME, None, A, True, ME),
    "a history of another id": (ME, ANOTHER, A, False, None),
    "a history of another id beside": (ME, ANOTHER, A, True, None),
    "the home moved": (ME, ME, B, True, None),
    "the home moved, and the history is gone": (ME, None, B, True, None),
    "the folder's word is lost, the history is beside": (None, ME, A, True, ME),
    "the folder's word is lost, the history is elsewhere": (None, ME, A, False, None),
    "the folder's word is lost and the home is another": (None, ME, B, True, None),
    "a history put back to an earlier state": (ME, Owner("me", A, 1), A, False, ME),
    "a copy of the folder wrote to the history": (ME, Owner("me", A, 4), A, False, None),
    "beside, nobody counts": (ME, Owner("me", A, 4), A, True, ME),
}


@pytest.mark.parametrize("name", CASES)
def test_who_owns_folder_and_history_when(name: str) -> None:
    ours, theirs, home, beside, expected = CASES[name]
    assert following(ours, theirs, home, beside=beside) == expected


def dead(home: Path) -> Path:
    openclaw(home, {"anthropic:default": token(ends_in=-HOUR)})
    return home


def alive(home: Path) -> Path:
    openclaw(home, {"anthropic:default": token(ends_in=300 * DAY)})
    return home


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def kept(home: Path) -> list[str]:
    document = authwatch(home, "history", "--json").json
    return [one["after"] for one in document["transitions"]]


def refused(done: Done, *words: str) -> None:
    assert done.code == 78, (done.out, done.err)
    assert "Traceback" not in done.err
    for word in (*words, "authwatch history adopt"):
        assert word in done.err, done.err


def test_a_check_of_another_home_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    """Whatever the options; the checkpoint, the status and the metrics of the own home stay as they are."""
    mine, other = dead(tmp_path / "mine"), alive(tmp_path / "other")
    assert authwatch(mine, "check").code == 1
    before = contents(state(mine))
    for words in ((), ("--json",), ("--nagios",), ("--exit-zero",), ("--provider", "anthropic")):
        done = authwatch(mine, "check", "--home", other, *words)
        if "--nagios" in words:
            assert (done.code, str(mine) in done.out) == (3, True)
            continue
        said = done.json["error"]["message"] if "--json" in words else done.err
        assert done.code == 78
        assert f"home: {other}}}" in said
        assert "{type: openclaw" in said
    assert contents(state(mine)) == before
    assert authwatch(mine, "check").code == 1


def test_a_status_of_another_home_knows_nothing_of_our_history(tmp_path: Path) -> None:
    """What our home had and the other lacks is not missing there."""
    mine, other = alive(tmp_path / "mine"), tmp_path / "other"
    openclaw(mine, {"anthropic:default": token(ends_in=300 * DAY), "openai:work": token("openai", 300 * DAY)})
    authwatch(mine, "check")
    alive(other)
    before = contents(state(mine))
    done = authwatch(mine, "status", "--home", other, "--json")
    assert (done.code, [one["profile"] for one in done.json["profiles"]]) == (0, ["anthropic:default"])
    assert contents(state(mine)) == before


def test_a_first_check_of_another_home_claims_nothing(tmp_path: Path) -> None:
    """It says what is so, records and tells nothing, and the own check comes first all the same."""
    mine, other = alive(tmp_path / "mine"), dead(tmp_path / "other")
    with web() as phone:
        url = phone.url("json", "json/phone")
        configure(mine, f"channels: {{phone: {{url: '{url}'}}}}\n")
        done = authwatch(mine, "check", "--home", other)
        assert (done.code, phone.received) == (1, [])
        assert "records nothing and notifies nobody" in done.err
        assert not state(mine).exists()
        assert authwatch(mine, "check").code == 0
        refused(authwatch(mine, "check", "--home", other), "{type: openclaw")


def test_another_home_is_watched_where_somebody_says_so(tmp_path: Path) -> None:
    """`history adopt --home` gives a folder to that home; from then on its checks are whole and ours are refused."""
    mine, other = alive(tmp_path / "mine"), dead(tmp_path / "other")
    assert authwatch(mine, "history", "adopt", "--home", other).code == 0
    with web() as phone:
        url = phone.url("json", "json/phone")
        configure(mine, f"channels: {{phone: {{url: '{url}'}}}}\n")
        for _ in range(2):
            assert authwatch(mine, "check", "--home", other).code == 1
        assert len(phone.received) == 1
    refused(authwatch(mine, "check"), str(other))


def test_the_same_home_under_another_name_is_the_same(tmp_path: Path) -> None:
    """A link to the home, a trailing slash, a way with dots: all are the home."""
    mine = dead(tmp_path / "mine")
    link = tmp_path / "link"
    link.symlink_to(mine)
    assert authwatch(mine, "check").code == 1
    for home in (link, f"{mine}/", mine / ".." / "mine"):
        assert authwatch(mine, "check", "--home", home).code == 1
    assert authwatch(link, "check").code == 1
    assert kept(mine) == ["expired"]


def test_a_home_that_moved_is_adopted(tmp_path: Path) -> None:
    """Refused until a person says so; then everything goes on from there, and nobody is told again."""
    old, new = dead(tmp_path / "old"), tmp_path / "new"
    with web() as phone:
        url = phone.url("json", "json/phone")
        configure(old, f"channels: {{phone: {{url: '{url}'}}}}\n")
        assert authwatch(old, "check").code == 1
        old.rename(new)
        refused(authwatch(new, "check"), str(old), str(new))
        refused(authwatch(new, "alerts", "silence", "provider=anthropic", "--for", "4h"))
        done = authwatch(new, "history", "adopt")
        assert (done.code, str(new) in done.out, str(old) in done.out) == (0, True, True)
        assert authwatch(new, "check").code == 1
        assert len(phone.received) == 1
    assert kept(new) == ["expired"]


def test_adopting_waits_for_no_check_that_runs(tmp_path: Path) -> None:
    mine = dead(tmp_path)
    authwatch(mine, "check")
    folder = state(mine)
    before = contents(folder)
    with StateDir(folder, folder).lock(1) as held:
        assert held
        done = authwatch(mine, "history", "adopt")
    assert (done.code, "running" in done.err, contents(folder)) == (1, True, before)


@pytest.mark.parametrize("what", ["gone", "empty", "noise", "JSON of another kind", "half"])
def test_the_word_of_the_folder_is_taken_from_the_history_in_it(what: str, tmp_path: Path) -> None:
    """A backup without it, a torn disk: the history beside it says whose both are."""
    mine = dead(tmp_path)
    authwatch(mine, "check")
    path = state(mine) / "owner"
    before = path.read_bytes()
    bodies = {"empty": b"", "noise": b"\xa5\x00", "JSON of another kind": b"[7]", "half": before[:20]}
    path.unlink() if what == "gone" else path.write_bytes(bodies[what])
    (state(mine) / "checkpoint").unlink()
    assert authwatch(mine, "check").code == 1
    assert path.read_bytes() == before


@pytest.mark.parametrize("how", ["deleted", "damaged"])
def test_a_new_history_belongs_to_the_folder_that_begins_it(how: str, tmp_path: Path) -> None:
    mine = dead(tmp_path)
    authwatch(mine, "check")
    path = state(mine) / "history.sqlite"
    path.unlink() if how == "deleted" else path.write_bytes(b"\xa5" * 20_000)
    (state(mine) / "checkpoint").unlink()
    for _ in range(2):
        assert authwatch(mine, "check").code == 1
    refused(authwatch(mine, "check", "--home", alive(tmp_path / "other")), "{type: openclaw")


def test_a_history_whose_owner_is_nonsense_is_set_aside(tmp_path: Path) -> None:
    mine = dead(tmp_path)
    authwatch(mine, "check")
    with sqlite3.connect(state(mine) / "history.sqlite") as db:
        db.execute("UPDATE meta SET value = '[7]' WHERE name = 'owner'")
    db.close()
    (state(mine) / "checkpoint").unlink()
    done = authwatch(mine, "check")
    assert (done.code, "set aside" in done.err) == (1, True)


def test_a_container_may_change_its_name(tmp_path: Path) -> None:
    """The host name is in no file that says whose a history is."""
    mine = dead(tmp_path)
    configure(mine, "host: first\n")
    authwatch(mine, "check")
    configure(mine, "host: second\n")
    assert authwatch(mine, "check").code == 1
    owner = json.loads((state(mine) / "owner").read_bytes())
    assert set(owner) == {"id", "home", "checks"}
    assert len(owner["id"]) == 32


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a history that lies in no state folder."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shared.sqlite"
    return str(request.getfixturevalue("database"))


def pair(tmp_path: Path, url: str) -> tuple[Path, Path]:
    homes = dead(tmp_path / "a"), alive(tmp_path / "b")
    for home in homes:
        configure(home, f"history: {{url: '{url}'}}\n")
    return homes


def test_of_two_watchers_of_one_history_the_second_is_refused(tmp_path: Path, shared: str) -> None:
    """It records nothing, whatever the command; and the first goes on."""
    first, second = pair(tmp_path, shared)
    assert authwatch(first, "check").code == 1
    refused(authwatch(second, "check"), str(first), "its own")
    for words in (("history",), ("alerts", "list"), ("alerts", "silence", "provider=anthropic", "--for", "4h")):
        refused(authwatch(second, *words), str(first))
    status = authwatch(second, "status")
    assert (status.code, "belongs to another authwatch" in status.err) == (0, True)
    assert kept(first) == ["expired"]
    for _ in range(3):
        assert authwatch(first, "check").code == 1


def test_a_history_that_lost_its_folder_is_adopted(tmp_path: Path, shared: str) -> None:
    """A new state folder is another watcher until a person says otherwise; then the old one is."""
    first, _ = pair(tmp_path, shared)
    authwatch(first, "check")
    state(first).rename(tmp_path / "backup")
    refused(authwatch(first, "check"), "another state folder")
    assert authwatch(first, "history", "adopt").code == 0
    assert authwatch(first, "check").code == 1
    assert kept(first) == ["expired"]
    shutil.rmtree(state(first))
    (tmp_path / "backup").rename(state(first))
    (state(first) / "checkpoint").unlink()
    refused(authwatch(first, "check"))


def test_a_copy_of_the_folder_on_another_machine_is_noticed(tmp_path: Path, shared: str) -> None:
    """With the same id and the same home: whoever comes second has not seen what the first one wrote."""
    first, _ = pair(tmp_path, shared)
    authwatch(first, "check")
    original, copy = state(first), tmp_path / "copy"
    shutil.copytree(original, copy)
    openclaw(first, {"anthropic:default": token(ends_in=-2 * HOUR)})
    assert authwatch(first, "check").code == 1
    original.rename(tmp_path / "original")
    copy.rename(original)
    refused(authwatch(first, "check"), "copy of this state folder")
    assert authwatch(first, "history", "adopt").code == 0
    assert authwatch(first, "check").code == 1
    shutil.rmtree(original)
    (tmp_path / "original").rename(original)
    openclaw(first, {"anthropic:default": token(ends_in=-3 * HOUR)})
    refused(authwatch(first, "check"), "copy of this state folder")


def test_a_schema_of_its_own_makes_two_watchers_of_one_database(tmp_path: Path, postgres: Server) -> None:
    name = postgres.fresh()
    for schema in ("one", "two"):
        postgres.ask(f"CREATE SCHEMA {schema}", name)
    homes = dead(tmp_path / "a"), alive(tmp_path / "b")
    for home, schema in zip(homes, ("one", "two"), strict=True):
        url = postgres.url(name, options=f"?options=-csearch_path%3D{schema}")
        configure(home, f"history: {{url: '{url}'}}\n")
    for _ in range(2):
        assert [authwatch(home, "check").code for home in homes] == [1, 0]


def test_no_password_stands_in_a_refusal(tmp_path: Path, database: str) -> None:
    first, second = pair(tmp_path, database)
    authwatch(first, "check")
    done = authwatch(second, "check")
    assert "FAKESECRET" not in done.err + done.out
