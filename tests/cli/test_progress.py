"""The line of progress: on a terminal only, not before its time, gone afterwards."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from monitor.cli.context import Context
from monitor.cli.progress import progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def context(err: io.StringIO, **environ: str) -> Context:
    return Context(environ, io.StringIO(), err, Path("/"), Path("/"))


def screen(written: str) -> str:
    """What a terminal shows after all that was written."""
    return written.rpartition("\r\x1b[K")[2]


def test_the_text_stands_while_the_block_runs_and_is_gone_after_it():
    err = Terminal()
    with progress(context(err), "Asking providers…") as show:
        assert screen(err.getvalue()) == "Asking providers…"
        show("")
        assert screen(err.getvalue()) == ""
    assert screen(err.getvalue()) == ""
    assert "\n" not in err.getvalue()


def test_an_exception_leaves_nothing_on_the_line():
    err = Terminal()
    with pytest.raises(RuntimeError), progress(context(err), "Reading…"):
        raise RuntimeError
    assert screen(err.getvalue()) == ""


def test_it_is_redrawn_with_new_text_but_not_for_each():
    err = Terminal()
    with progress(context(err), "0") as show:
        for at in range(10_000):
            show(f"{at} of 10000")
    assert 2 <= err.getvalue().count("\r") < 200


def test_a_long_text_stays_on_one_line():
    err = Terminal()
    with progress(context(err), "x" * 500):
        assert len(screen(err.getvalue())) == 79


def test_what_is_quick_shows_nothing():
    err = Terminal()
    with progress(context(err), "Reading…", after=60) as show:
        show("Reading: 1 of 2")
    assert err.getvalue() == ""


@pytest.mark.parametrize(("err", "term"), [(io.StringIO(), "xterm"), (Terminal(), "dumb")])
def test_without_a_terminal_that_can_erase_nothing_is_written(err, term):
    with progress(context(err, TERM=term), "Reading…") as show:
        show("Reading: 1 of 2")
    assert err.getvalue() == ""
