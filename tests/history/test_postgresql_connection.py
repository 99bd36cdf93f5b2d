"""What libpq is told beyond the URL: encryption wherever the server is not this machine, and no endless waiting."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from monitor.history.engine import HistoryError, connect, url_of

pytest.importorskip("psycopg", reason="the driver is in authwatch[postgres]")

from monitor.history.postgresql import arguments

NEAR = [
    "127.0.0.1",
    "127.8.8.8:5433",
    "localhost",
    "LOCALHOST",
    "[::1]",
    "/x?host=/run/postgresql",
    "/x?host=127.0.0.1:1&host=localhost:2",
    "127.0.0.1/x?hostaddr=127.0.0.1",
]
FAR = [
    "db.example",
    "10.0.0.7",
    "[2001:db8::1]",
    "localhost.example",
    "/x?host=db.example",
    "/x?host=127.0.0.1:1&host=db.example:2",
    "/x?host=/run/postgresql,db.example",
    "localhost/x?hostaddr=10.0.0.7",
    "/x",
]


@pytest.mark.parametrize("where", NEAR)
def test_nothing_is_asked_of_a_server_of_this_machine(where: str) -> None:
    assert "sslmode" not in arguments(url_of(f"postgresql+psycopg://aw@{where}", Path("/")))


@pytest.mark.parametrize("where", FAR)
def test_any_other_server_must_prove_who_it_is(where: str) -> None:
    """One that no URL names may be any; a Unix socket does without whatever is said."""
    assert arguments(url_of(f"postgresql+psycopg://aw@{where}", Path("/")))["sslmode"] == "verify-full"


def test_the_url_is_right_where_it_says_otherwise() -> None:
    url = url_of(
        "postgresql+psycopg://db.example/x?sslmode=require&connect_timeout=9&application_name=me&sslrootcert=/x.crt",
        Path("/"),
    )
    assert arguments(url) == {}
    given = arguments(url_of("postgresql+psycopg://db.example/x?sslrootcert=/x.crt", Path("/")))
    assert (given["sslmode"], "sslrootcert" in given) == ("verify-full", False)


def test_the_certificates_of_the_machine_are_trusted() -> None:
    given = arguments(url_of("postgresql+psycopg://db.example/x", Path("/")))
    assert given["connect_timeout"] == 3
    assert Path(str(given.get("sslrootcert", __file__))).exists()


def test_a_server_without_encryption_is_refused_where_it_is_not_this_machine() -> None:
    """The real client against something that answers, as a server without TLS does, that it has none."""
    address = _own_address()
    with socket.create_server((address, 0)) as listener:
        asked: list[bytes] = []

        def serve() -> None:
            client, _ = listener.accept()
            asked.append(client.recv(8))
            client.sendall(b"N")
            asked.append(client.recv(1))
            client.close()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        engine = connect(
            url_of(f"postgresql+psycopg://aw:FAKESECRET@{address}:{listener.getsockname()[1]}/x", Path("/"))
        )
        with pytest.raises(Exception, match="does not support SSL"), engine.connect():
            pass
        serving.join(10)
    assert asked == [b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b""], "no word in clear, and no password"


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but its loopback")
        return str(probe.getsockname()[0])


def test_another_driver_is_refused_in_words() -> None:
    """It would not know what it is told about encryption and waiting."""
    with pytest.raises(HistoryError, match="psycopg"):
        connect(url_of("postgresql+asyncpg://db.example/x", Path("/")))
