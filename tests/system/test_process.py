"""A program that is run for its answer: what it is given, and that nothing of it is left."""

import os
import sys
import time

import pytest

from monitor.model import Problem
from monitor.system.host import Unreadable
from monitor.system.process import output_of

ECHO = [sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read())"]


def test_more_than_a_pipe_holds_goes_in_and_comes_out_whole():
    given = os.urandom(150_000).hex().encode()
    assert output_of(ECHO, os.environ, 20, given=given, most=len(given)) == given


def test_who_does_not_read_what_it_is_given_answers_all_the_same():
    assert output_of(["sh", "-c", "exec <&-; echo yes"], os.environ, 20, given=b"x" * 1_000_000) == b"yes\n"


@pytest.mark.parametrize("script", ["sleep 60", "exec <&-; sleep 60 & exit 0", "yes >/dev/null"])
def test_who_neither_reads_nor_ends_is_left_at_the_limit(script):
    began = time.monotonic()
    with pytest.raises(Unreadable) as caught:
        output_of(["sh", "-c", script], os.environ, 0.5, given=b"x" * 1_000_000)
    assert caught.value.problem is Problem.TIMEOUT
    assert time.monotonic() - began < 5
