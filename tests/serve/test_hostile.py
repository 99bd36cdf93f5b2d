"""Clients that mean no good, on real sockets: everybody else is still served, and nothing is kept for them."""

import os
import random
import select
import socket
import threading
import time

import pytest

from monitor.serve.server import _Channel
from tests.polling import pause
from tests.serve.conftest import leave, wait_for
from tests.serve.test_daemon import checks

HALF, DRIPPING = 300, 300
FREED = 90.0  # 20 s of patience, and some for a machine that is busy with other tests


def connect(client):
    host, _, port = client.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def drip(sockets, end):
    """Sends a byte of a request a second to each, until it is closed or the test ends."""
    request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 10_000
    for byte in request:
        if end.wait(1):
            return
        for one in sockets:
            try:
                one.send(bytes([byte]))
            except OSError:
                continue


def closed(one):
    """Whether the other side has closed the connection."""
    readable, _, _ = select.select([one], [], [], 0)
    if not readable:
        return False
    try:
        return one.recv(65536) == b""
    except OSError:
        return True


def test_half_open_and_dripping_clients_hold_up_nobody(daemon, tmp_path):
    """Half-open and dripping clients hold up nobody, cost no threads and are let go in time."""
    leave(tmp_path / "left")
    one = daemon(f"cp {tmp_path}/left/* {tmp_path}/state/")
    client = one.client()
    wait_for(lambda: checks(client)["ok"] == 1)
    half, dripping = ([connect(client) for _ in range(count)] for count in (HALF, DRIPPING))
    end = threading.Event()
    try:
        for slow in half:
            slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: loc")
        threading.Thread(target=drip, args=(dripping, end), daemon=True).start()
        began = time.monotonic()
        left = [*half, *dripping]
        slowest = 0.0
        while left:
            assert time.monotonic() - began < FREED, f"{len(left)} are still held"
            asked = time.monotonic()
            assert client.ask("/metrics")[0] == 200
            slowest = max(slowest, time.monotonic() - asked)
            assert threads(one.process.pid) <= 16
            left = [slow for slow in left if not closed(slow)]
            pause(0.5)
        assert slowest < 5
    finally:
        end.set()
        for slow in (*half, *dripping):
            slow.close()


def test_a_client_that_never_takes_its_answer_is_let_go(daemon, tmp_path):
    """A client that never takes its answer is let go, and holds no thread meanwhile."""
    leave(tmp_path / "left")
    body = (tmp_path / "left/metrics.prom").read_text()
    (tmp_path / "left/metrics.prom").write_text(body + "# padding\n" * 2_000_000)
    one = daemon(f"cp {tmp_path}/left/* {tmp_path}/state/")
    client = one.client()
    wait_for(lambda: client.ask("/readyz")[0] == 200)
    greedy = [connect(client) for _ in range(8)]
    try:
        for each in greedy:
            each.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for(lambda: all(select.select([each], [], [], 0)[0] for each in greedy))
        for _ in range(8):
            assert client.ask("/healthz")[0] == 200

        def held():
            return len(os.listdir(f"/proc/{one.process.pid}/fd"))

        before = held()
        wait_for(lambda: held() <= before - 8, FREED)
    finally:
        for each in greedy:
            each.close()


@pytest.mark.parametrize(
    ("answered", "asking", "unsent", "patience"),
    [(True, False, False, 75), (False, False, False, 20), (True, True, False, 20), (True, False, True, 20)],
)
def test_only_a_connection_that_rests_between_scrapes_is_kept_for_a_minute(answered, asking, unsent, patience):
    """Only a connection that rests between scrapes is kept for a minute; never one whose answer is being made."""
    channel = _Channel.__new__(_Channel)
    channel.answered, channel.last_activity, channel.requests = answered, 1000.0, []
    channel.request, channel.total_outbufs_len = object() if asking else None, int(unsent)
    assert not channel.overdue(1000.0 + patience)
    assert channel.overdue(1000.1 + patience)
    channel.requests = [object()]
    assert not channel.overdue(9999.0)


def exchange(client, request):
    """What is answered to these bytes, as far as it comes within two seconds of silence."""
    with connect(client) as one:
        one.settimeout(2)
        answer = b""
        try:
            one.sendall(request)
            one.shutdown(socket.SHUT_WR)
            while part := one.recv(65536):
                answer += part
        except OSError:
            pass
        return answer


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Much: " + b"x" * 65536 + b"\r\n\r\n",
        b"GET /" + b"x" * 65536 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /page.css/../../page.py HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET //etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /page.css%00.html HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://evil.example/metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header\r\n\r\n",
        b"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=lambda request: repr(request[:32]),
)
def test_nonsense_is_refused_in_words(server, request_):
    """Nonsense is refused with a 4xx (or 501), and the next one is served."""
    client = server()
    answer = exchange(client, request_)
    assert not answer or answer.split(b" ")[1][:1] == b"4" or answer.split(b" ")[1] == b"501", answer[:200]
    assert b"root:" not in answer
    assert b"Traceback" not in answer
    assert client.ask("/healthz")[0] == 200


def test_random_bytes_are_survived(server):
    """Random bytes are survived; none of them is answered with a 5xx."""
    client, dice = server(), random.Random(5)
    for _ in range(60):
        answer = exchange(client, dice.randbytes(dice.randrange(1, 3000)) + b"\r\n\r\n")
        assert not answer or answer.split(b" ", 2)[1][:1] == b"4", answer[:200]
    assert client.ask("/healthz")[0] == 200
