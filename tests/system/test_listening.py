"""Why nobody can listen at an address: in words, with who has it and what to do."""

import errno
import os
import socket
from pathlib import Path

import pytest

from monitor.system.listening import another, holder, in_words, refusal


@pytest.fixture(name="taken")
def taken_fixture():
    with socket.create_server(("127.0.0.1", 0)) as there:
        yield there.getsockname()[1]


def test_a_free_address_is_not_refused_and_a_taken_one_names_its_program(taken):
    name = Path("/proc/self/comm").read_text().strip()
    assert holder(taken) == f"{name}, pid {os.getpid()}"
    error = refusal("127.0.0.1", taken)
    assert error
    assert error.errno == errno.EADDRINUSE
    assert in_words(f"127.0.0.1:{taken}", taken, error) == (
        f"127.0.0.1:{taken} is in use by another program ({name}, pid {os.getpid()}); stop it, or set web.listen in the "
        f"config to another address, such as 127.0.0.1:{taken + 1}"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    assert refusal("127.0.0.1", number) is None
    assert holder(number) == ""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EADDRNOTAVAIL, "x"), "1.2.3.4:80 is not an address of this machine; set web.listen"),
        (PermissionError(errno.EACCES, "x"), "1.2.3.4:80: ports below 1024 need root; set web.listen"),
        (socket.gaierror(-2, "x"), "1.2.3.4:80: no such host; set web.listen"),
        (OSError(errno.ENETDOWN, "network is down"), "cannot listen on 1.2.3.4:80 ("),
        (ValueError("x"), "cannot listen on 1.2.3.4:80 (no such address)"),
    ],
)
def test_every_reason_has_its_words_and_what_to_set(error, words):
    assert in_words("1.2.3.4:80", 80, error).startswith(words)


def test_where_nothing_can_be_seen_nobody_is_named(tmp_path):
    """Another system, or a program of another user: the sentence goes without."""
    assert holder(80, tmp_path) == ""


@pytest.mark.parametrize(
    ("listen", "port", "other"),
    [("127.0.0.1:9797", 9797, "127.0.0.1:9798"), ("[::1]:65535", 65535, "[::1]:65534")],
)
def test_another_address_is_the_next_port(listen, port, other):
    assert another(listen, port) == other
