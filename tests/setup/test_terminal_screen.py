"""What a login program drew, as the real ones wrote it to a terminal: `claude setup-token` 2.1.332, a provider on
loopback. `old-…` are of a terminal that said nothing of its size, which is then taken to be 80 columns wide."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.setup.terminal_screen import COLUMNS, Screen, readable, token_begun, token_on

RECORDED = Path(__file__).parent / "recorded"
TOKEN = "sk-ant-oat01-" + "Zq7fakeFAKEfake0123456789_-" * 3 + "abcdefgAA"
GIVEN = ("400", "120", "old-80", "old-100", "old-130")
SETUP = "sk-ant-oat01-" + "S" * 90


def recorded(name: str) -> bytes:
    return (RECORDED / f"setup-token-{name}.raw").read_bytes()


def seen(*parts: bytes, columns: int = COLUMNS) -> list[str]:
    screen = Screen(columns)
    for part in parts:
        screen.feed(part)
    return screen.lines()


@pytest.mark.parametrize("columns", [80, 100, 130, 400])
@pytest.mark.parametrize("name", GIVEN)
def test_the_token_is_found_whole_whatever_the_width_was(name: str, columns: int) -> None:
    assert token_on(seen(recorded(name), columns=columns)) == TOKEN


@pytest.mark.parametrize("name", [*GIVEN, "refused"])
def test_where_the_bytes_were_cut_does_not_matter(name: str) -> None:
    data = recorded(name)
    whole = seen(data)
    assert seen(*(data[at : at + 1] for at in range(len(data)))) == whole
    for at in range(0, len(data), 7):
        assert seen(data[:at], data[at:]) == whole


@pytest.mark.parametrize("name", GIVEN)
def test_nothing_of_the_token_is_ever_among_what_is_shown(name: str) -> None:
    data, screen = recorded(name), Screen()
    parts = {TOKEN[at : at + 8] for at in range(6, len(TOKEN) - 8)}
    for at in range(len(data)):
        screen.feed(data[at : at + 1])
        if at % 5 == 0 or b"sk-ant" in data[at - 200 : at]:
            text = "\n".join(readable(screen.lines(), ()))
            assert not any(part in text for part in parts)


def test_what_a_person_needs_is_shown_in_lines_of_its_own() -> None:
    data = recorded("400")
    shown = readable(seen(data[: data.index(b"********")]), ())
    assert "Paste code here if prompted" in shown
    (address,) = (line for line in shown if line.startswith("https://"))
    assert len(address) == len("https://claude.ai/oauth/authorize?") + 44 and address.isprintable()
    assert "Press Enter to retry" in readable(seen(recorded("refused")), ())


def test_a_code_that_was_refused_made_no_token() -> None:
    lines = seen(recorded("refused"))
    assert token_on(lines) is None and not token_begun(lines)


@pytest.mark.parametrize(
    ("printed", "token"),
    [
        (f"Your token:\r\n\r\n\x1b[33m{SETUP}\x1b[39m\r\n\r\nStore this token securely.", SETUP),
        (f"\x1b[2K\x1b[1G{SETUP[:70]}\r\n{SETUP[70:]}{'x' * 20}\r\nStore it.", SETUP + "x" * 20),
        (f"  {SETUP[:60]}\r\n  {SETUP[60:]}\r\nand a word", SETUP),
        (f"{SETUP[:60]}\r\n    other\r\n", SETUP[:60]),
        (f"{'x' * 360} {SETUP}", SETUP),  # broken by the terminal itself
        (f"old {SETUP} new {SETUP[:-1]}T", f"{SETUP[:-1]}T"),
        ("Login cancelled. sk-ant-oat01- ", None),
        (f"{SETUP}\x1b[2J", None),
        (f"{SETUP}\r\x1b[K", None),
        ("", None),
    ],
)
def test_a_token_is_what_stands_there_in_the_end(printed: str, token: str | None) -> None:
    assert token_on(seen(printed.encode())) == token


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40) | st.text("\x1b[]0123;?GHJKABCDm78\r\n\b\tx│", max_size=20).map(str.encode)))
def test_any_bytes_in_any_parts_make_the_same_picture(parts: list[bytes]) -> None:
    whole = seen(b"".join(parts), columns=20)
    assert seen(*parts, columns=20) == whole
    assert all(len(line) <= 20 for line in whole)


def test_what_never_ends_takes_neither_room_nor_time() -> None:
    screen = Screen()
    for _ in range(20):
        screen.feed(b"\x1b]0;" + b"x" * 65_536)
        screen.feed(b"\x1b[" + b"1;" * 30_000)
        screen.feed(b"\n" * 1000)
    assert len(screen.lines()) == 100


def test_lines_that_were_shown_are_not_shown_again() -> None:
    lines = ["Sign in", "", "│ ****  │", "✢ Finishing sign-in…", "──────"]
    assert readable(lines, ()) == ["Sign in", "Finishing sign-in…"]
    assert readable(lines, ["Sign in"]) == ["Finishing sign-in…"]
    for before, after in pairwise("✢✳✶"):
        assert readable([f"{after} Finishing…"], readable([f"{before} Finishing…"], ())) == []
