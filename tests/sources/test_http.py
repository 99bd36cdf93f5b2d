"""An address that is asked for an expiry: what it may answer, and what is never sent or shown."""

import gzip
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from monitor.config.settings import Secret
from monitor.model import Observation, Problem, SourceEntry
from monitor.sources import observe_all
from monitor.system.host import Host
from tests.command import authwatch
from tests.polling import pause

Answer = Callable[[BaseHTTPRequestHandler], None]
ENDS = '{"data": {"expires_at": "2027-01-31T12:00:00Z"}}'


class Server:
    """A server that answers as told and keeps what it was asked."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        outer = self
        self.asked: list[tuple[str, str | None]] = []
        self.answer: Answer = says(ENDS)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, self.headers.get("X-Key")))
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.port = self.server.server_port


def says(body: str | bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body.encode() if isinstance(body, str) else body)

    return answer


def drips(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return
        pause(0.05)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.server.shutdown()
    found.server.server_close()


def ask(
    root: Path, url: str, *, trusted: bool = True, header: str | None = "X-Key: FAKESECRET", **more: Any
) -> Observation:
    options = {"url": Secret(url), "expires_at": "data.expires_at", "provider": "p", **more}
    if header is not None:
        (root / "header").write_text(header)
        options["header_file"] = "header"
    entry = SourceEntry("http", "key", options, "c.yaml:1", trusted=trusted)
    found = observe_all(Host(root, {}, key=b"k" * 32), [entry])
    assert "FAKESECRET" not in repr(found)
    (seen,) = found
    assert isinstance(seen, Observation)
    return seen


def test_the_expiry_stands_at_the_path_and_the_header_is_sent(server: Server, tmp_path: Path) -> None:
    seen = ask(tmp_path, f"http://127.0.0.1:{server.port}/v1/FAKESECRET?q=1")
    assert seen.access_expires_at == datetime(2027, 1, 31, 12, tzinfo=UTC)
    assert (seen.credential.key, seen.refreshable) == ("key/-/key", False)
    assert seen.store == f"http://127.0.0.1:{server.port}"
    assert server.asked == [("/v1/FAKESECRET?q=1", "FAKESECRET")]


def test_an_expiry_that_is_null_is_no_end(server: Server, tmp_path: Path) -> None:
    server.answer = says('{"data": {"expires_at": null}}')
    seen = ask(tmp_path, f"http://127.0.0.1:{server.port}/")
    assert (seen.access_expires_at, seen.problem) == (None, None)


def test_a_list_is_counted_from_zero(server: Server, tmp_path: Path) -> None:
    server.answer = says('{"keys": [{"end": 1}, {"end": 1800000000}]}')
    seen = ask(tmp_path, f"http://127.0.0.1:{server.port}/", expires_at="keys.1.end")
    assert seen.access_expires_at == datetime.fromtimestamp(1800000000, UTC)


BAD: list[tuple[str, Answer, Problem, str]] = [
    ("captive portal", says("<html>log in FAKESECRET</html>"), Problem.PARSE, "not JSON"),
    ("no such place", says("{}"), Problem.PARSE, "no data.expires_at"),
    ("no moment", says('{"data": {"expires_at": "FAKESECRET"}}'), Problem.PARSE, "no moment"),
    ("text for an object", says('{"data": "FAKESECRET"}'), Problem.PARSE, "no data.expires_at"),
    ("bytes", says(b"\xff\xfe\x00"), Problem.PARSE, "not UTF-8"),
    ("damaged", says(gzip.compress(ENDS.encode())[:-9], Content_Encoding="gzip"), Problem.UNREADABLE, "damaged"),
    ("a bomb", says(gzip.compress(b"[" * (1 << 24)), Content_Encoding="gzip"), Problem.TOO_LARGE, "1048576"),
    ("refused", says('{"error": "FAKESECRET"}', 401), Problem.UNREADABLE, "it answered 401"),
    ("out of order", says("", 503), Problem.UNREADABLE, "it answered 503"),
    ("nothing", says("", 204), Problem.UNREADABLE, "it answered 204"),
    ("too much", says(b"[" * (1024 * 1024 + 1)), Problem.TOO_LARGE, "1048576"),
    ("nested", says("[" * 100_000), Problem.PARSE, "deep"),
]


@pytest.mark.parametrize(("answer", "problem", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_an_answer_that_is_no_expiry_is_a_problem(
    answer: Answer, problem: Problem, words: str, server: Server, tmp_path: Path
) -> None:
    server.answer = answer
    seen = ask(tmp_path, f"http://127.0.0.1:{server.port}/FAKESECRET")
    assert seen.problem is problem
    assert words in seen.notes[0]


def test_a_packed_answer_is_unpacked(server: Server, tmp_path: Path) -> None:
    server.answer = says(gzip.compress(ENDS.encode()), Content_Encoding="gzip")
    assert ask(tmp_path, f"http://127.0.0.1:{server.port}/").problem is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, server: Server, tmp_path: Path) -> None:
    server.answer = says("", status, Location="/FAKESECRET")
    seen = ask(tmp_path, f"http://127.0.0.1:{server.port}/")
    assert seen.problem is Problem.UNREADABLE
    assert f"redirects ({status})" in seen.notes[0]
    assert [path for path, _ in server.asked] == ["/"]


def test_a_server_that_drips_does_not_outlast_the_limit(server: Server, tmp_path: Path) -> None:
    from datetime import timedelta

    server.answer = drips
    began = time.monotonic()
    seen = ask(tmp_path, f"http://127.0.0.1:{server.port}/", timeout=timedelta(seconds=0.5))
    assert time.monotonic() - began < 3
    assert seen.problem is Problem.TIMEOUT


def test_what_cannot_be_reached_is_told_in_words(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    seen = ask(tmp_path, f"http://127.0.0.1:{port}/FAKESECRET")
    assert (seen.problem, seen.notes) == (Problem.UNREADABLE, ("it cannot be reached: connection refused",))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "x", "http://", "http://[FAKESECRET", "http://a b/"])
def test_only_a_web_address_is_asked(url: str, tmp_path: Path) -> None:
    assert ask(tmp_path, url).notes == ("its address is not https://…",)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*made, "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True)
    return path


def test_certificates_count_and_their_errors_are_told_in_words(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{certificate}.crt", certificate)
    server = Server(context)
    seen = ask(tmp_path, f"https://localhost:{server.port}/")
    assert seen.problem is Problem.UNREADABLE
    assert "certificate is not trusted: self" in seen.notes[0]
    assert server.asked == []
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    assert ask(tmp_path, f"https://localhost:{server.port}/").problem is None
    seen = ask(tmp_path, f"https://127.0.0.1:{server.port}/")
    assert "IP address mismatch" in seen.notes[0]


def test_a_server_without_tls_is_told_apart(server: Server, tmp_path: Path) -> None:
    assert "TLS failed" in ask(tmp_path, f"https://127.0.0.1:{server.port}/").notes[0]


def test_the_proxy_of_the_environment_is_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    seen = ask(tmp_path, "http://keys.example/end")
    assert seen.problem is None
    assert server.asked == [("http://keys.example/end", "FAKESECRET")]


@pytest.mark.parametrize("header", ["FAKESECRET", "", ": x", "A b: x", "A: x\nB: FAKESECRET", "A: é"])
def test_a_header_file_holds_one_header(header: str, server: Server, tmp_path: Path) -> None:
    seen = ask(tmp_path, f"http://127.0.0.1:{server.port}/", header=header)
    assert seen.problem is Problem.PARSE
    assert server.asked == []


def test_a_secret_is_sent_only_by_a_trusted_config(server: Server, tmp_path: Path) -> None:
    seen = ask(tmp_path, f"http://127.0.0.1:{server.port}/", trusted=False)
    assert (seen.problem, server.asked) == (Problem.UNREADABLE, [])
    assert ask(tmp_path, f"http://127.0.0.1:{server.port}/", trusted=False, header=None).problem is None


def test_another_expiry_counts_as_another_login(server: Server, tmp_path: Path) -> None:
    prints = []
    for year in (2027, 2028, 2027):
        server.answer = says(json.dumps({"data": {"expires_at": f"{year}-01-31"}}))
        prints.append(ask(tmp_path, f"http://127.0.0.1:{server.port}/").fingerprint)
    assert prints[0] == prints[2] != prints[1]


def test_an_entry_of_the_config_is_asked_and_its_address_is_never_shown(server: Server, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{server.port}/FAKESECRET"
    (tmp_path / "key.header").write_text("X-Key: FAKESECRET\n")
    entry = f"type: http, id: key, provider: x, url: '{address}', expires_at: data.expires_at, header_file: key.header"
    config = tmp_path / "config.yaml"
    config.write_text(f"sources:\n  - {{{entry}, interval: 30m}}\n")
    config.chmod(0o600)
    done = authwatch(tmp_path, "check", "--json", "--config", config)
    assert (done.code, done.json["profiles"][0]["deadline"]) == (0, "2027-01-31T12:00:00Z")
    assert server.asked == [("/FAKESECRET", "FAKESECRET")]
    shown = authwatch(tmp_path, "config", "show", "--config", config)
    for text in (done.out, done.err, shown.out, shown.err):
        assert "FAKESECRET" not in text
