"""Which check a checkpoint is of, and when the stamps of what was touched can be believed."""

from __future__ import annotations

import pytest

from monitor.check.gate import TRUST_SECONDS, digest_of_document, identity, place_of, split, trusted

BEGAN, ENDED = 1_000_000.0, 1_000_030.0


def touch(mtime: float, ctime: float = 0.0, kind: str = "T") -> list[tuple[str, str, tuple[int, ...]]]:
    return [(kind, "/x", (1, 2, 3, int(mtime * 1e9), int(ctime * 1e9)))]


@pytest.mark.parametrize(
    ("moment", "believed"),
    [
        (BEGAN - TRUST_SECONDS - 1, True),
        (BEGAN - TRUST_SECONDS, False),
        (BEGAN, False),
        ((BEGAN + ENDED) / 2, False),  # a slow look: another source was being read meanwhile
        (ENDED, False),
        (ENDED + TRUST_SECONDS, False),
        (ENDED + TRUST_SECONDS + 1, True),  # of a clock that was set back; it cannot come again unseen
    ],
)
def test_a_file_that_changed_close_to_any_moment_of_the_look_is_not_believed(moment, believed):
    assert trusted(touch(moment), BEGAN, ENDED) is believed
    assert trusted(touch(0.0, moment), BEGAN, ENDED) is believed
    assert trusted(touch(moment, kind="R"), BEGAN, ENDED), "our own outputs change with every check"
    assert trusted([("T", "/gone", None)], BEGAN, ENDED)


SAME = [
    ["check"],
    ["check", "--json"],
    ["check", "--nagios", "--exit-zero", "-v"],
    ["check", "--source", "codex", "--no-color"],
    ["check", "--provider=anthropic", "--agent", "--profile"],
]
OTHER = [
    ["check", "--home", "/home/bot"],
    ["check", "--config", "x.yaml"],
    ["check", "--textfile", "x.prom"],
    ["check", "--nag"],  # an abbreviation: argparse's matter, so no reason to stop
    ["status"],
]


def who(argv: list[str], cwd: str = "/a", uid: int = 0, environ: dict[str, str] | None = None) -> str:
    return identity(split(argv)[0], environ or {}, cwd, uid)


@pytest.mark.parametrize("argv", SAME, ids=" ".join)
def test_how_it_is_printed_makes_no_other_check(argv):
    assert who(argv) == who(["check"]) == who(["check"], cwd="/b") != who(["check"], uid=1)


@pytest.mark.parametrize("argv", OTHER, ids=" ".join)
def test_what_changes_what_is_looked_at_or_written_makes_another_check(argv):
    assert who(argv) != who(["check"])


def test_a_relative_path_belongs_to_its_folder():
    argv = ["check", "--config", "x.yaml"]
    assert who(argv, cwd="/a") != who(argv, cwd="/b")


@pytest.mark.parametrize("argv", [*SAME, *OTHER], ids=" ".join)
def test_no_word_is_lost(argv):
    checked, shown = split(argv)
    found = " ".join([*checked, *shown]).replace("=", " ").split()
    assert sorted(found) == sorted(" ".join(argv).replace("=", " ").split())


@pytest.mark.parametrize("name", ["AUTHWATCH_CONFIG", "CONFIGURATION_DIRECTORY"])
def test_a_config_that_the_environment_names_makes_another_check_and_belongs_to_its_folder(name):
    led = {name: "x.yaml"}
    assert who(["check"], environ=led) not in (who(["check"]), who(["check"], environ={name: "y.yaml"}))
    assert who(["check"], cwd="/a", environ=led) != who(["check"], cwd="/b", environ=led)


@pytest.mark.parametrize("other", [(1, "/home/a", ""), (0, "/home/b", ""), (0, "/home/a", "/etc/c.yaml")])
def test_another_user_home_or_config_is_another_place(other):
    assert place_of(*other) != place_of(0, "/home/a", "")


def test_a_document_is_known_again_when_it_was_verified_later_and_not_when_it_was_changed():
    body = b'{"exit_code": 0,\n "verified_at": "2026-11-26T20:13:00Z"\n}'
    assert digest_of_document(body) == digest_of_document(body.replace(b"20:13", b"20:18"))
    assert digest_of_document(body) != digest_of_document(body.replace(b"0,", b"1,"))
