"""What is answered over real sockets."""

import gzip
import json
import os
from datetime import timedelta

import pytest
from prometheus_client.openmetrics import parser as om_parser
from prometheus_client.parser import text_string_to_metric_families

from monitor.check.gate import restamp
from monitor.config.settings import Secret, WebSettings
from monitor.serve.web_auth import REMEMBERED, WrongPasswords
from tests.metrics.worlds import NOW
from tests.serve.conftest import STATUS, leave

ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


def names(families):
    return {sample.name for family in families for sample in family.samples}


def test_metrics_are_text_for_whoever_asks_plainly(server, tmp_path):
    """Metrics are text for whoever asks plainly: those of the check, the daemon and its process."""
    leave(tmp_path)
    status, headers, text = server().ask("/metrics")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = names(text_string_to_metric_families(text))
    assert {"authwatch_profile_info", "authwatch_checks_total", "process_cpu_seconds_total"} <= found


def test_metrics_are_openmetrics_for_prometheus(server, tmp_path):
    """Metrics are OpenMetrics for Prometheus."""
    leave(tmp_path)
    status, headers, text = server().ask("/metrics", Accept=ACCEPT)
    assert (status, headers["Content-Type"]) == (
        200,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    )
    found = names(om_parser.text_string_to_metric_families(text))
    assert {"authwatch_profile_info", "authwatch_checks_total", "process_cpu_seconds_total"} <= found


@pytest.mark.parametrize("accept", ["*/*", "text/plain", "", "application/openmetrics-text;version=1.0.0; q=0"])
def test_openmetrics_is_only_for_those_who_ask_for_it(server, accept):
    """OpenMetrics is only for those who ask for it."""
    _, headers, _ = server().ask("/metrics", Accept=accept)
    assert headers["Content-Type"].startswith("text/plain")


def test_counters_and_sources_are_there_from_the_first_scrape(server):
    """Counters and sources are there from the first scrape."""
    _, _, text = server().ask("/metrics")
    for line in (
        'authwatch_source_up{source="openclaw"} 0\n',
        'authwatch_checks_total{result="failed"} 0.0\n',
        'authwatch_deliveries_total{channel="phone",outcome="delivered"} 0.0\n',
        "authwatch_config_last_reload_success 1.0\n",
    ):
        assert line in text


def test_a_changed_file_is_served_anew(server, tmp_path):
    """A changed file is served anew."""
    leave(tmp_path)
    client = server()
    assert json.loads(client.ask("/api/v1/status")[2]) == STATUS
    (tmp_path / "status.json").write_text('{"schema": 2}')
    assert client.ask("/api/v1/status")[2] == '{"schema": 2}'
    (tmp_path / "status.json").unlink()
    assert client.ask("/api/v1/status")[0] == 503


def test_the_status_before_the_first_check_is_an_error_in_json(server):
    """The status before the first check is an error in JSON."""
    status, headers, text = server().ask("/api/v1/status")
    assert (status, headers["Content-Type"]) == (503, "application/json")
    assert "error" in json.loads(text)


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/healthz", "GET", 200),
        ("/nothing", "GET", 404),
        ("/metrics/", "GET", 404),
        ("/metrics", "POST", 405),
        ("/metrics", "OPTIONS", 405),
        ("/metrics", "BREW", 405),
        ("/..%2fetc/passwd", "GET", 404),
    ],
)
def test_paths_and_methods(server, path, method, status):
    """Paths and methods; whatever is answered carries strict headers and no Server."""
    found, headers, _ = server().ask(path, method)
    assert found == status
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers
    assert ("Allow" in headers) is (status == 405)


def test_head_answers_like_get_without_a_body(server, tmp_path):
    """HEAD answers like GET without a body."""
    leave(tmp_path)
    client = server()
    status, headers, text = client.ask("/api/v1/status", "HEAD")
    assert (status, text) == (200, "")
    assert headers["Content-Length"] == client.ask("/api/v1/status")[1]["Content-Length"]


def test_a_rebound_name_reads_nothing(server, tmp_path):
    """A name that was rebound to us by DNS reads nothing."""
    leave(tmp_path)
    status, _, text = server().ask("/metrics", Host="evil.example")
    assert status == 421
    assert "authwatch_" not in text


def test_with_a_password_only_the_health_pages_are_open(server, tmp_path):
    """With a password only the health pages are open; no path tells whether it exists."""
    leave(tmp_path)
    client = server(WebSettings("127.0.0.1:0", Secret("planted-secret")))
    for path in ("/metrics", "/api/v1/status", "/nothing", "/"):
        status, headers, text = client.ask(path)
        assert (status, text) == (401, "password required\n")
        assert headers["WWW-Authenticate"].startswith("Basic realm=")
    assert client.ask("/healthz")[0] == 200
    assert client.ask("/readyz")[0] == 200
    assert client.ask("/metrics", Authorization="Bearer planted-secret")[0] == 200
    assert client.ask("/metrics", Authorization="Bearer planted-secre")[0] == 401


@pytest.mark.parametrize(
    ("age", "ready"),
    [(timedelta(minutes=12), 200), (timedelta(minutes=13), 503), (timedelta(minutes=-13), 503)],
)
def test_ready_means_a_success_within_two_and_a_half_intervals(server, tmp_path, age, ready):
    """Ready means a success within two and a half intervals (of 5 minutes); none from the future counts."""
    leave(tmp_path)
    (tmp_path / "checkpoint").unlink()  # as an acknowledgement does
    status, _, text = server(clock=lambda: NOW + age).ask("/readyz")
    assert (status, "last success 2026-11-22T13:00:00Z" in text) == (ready, True)


def test_a_failed_check_is_no_success(server, tmp_path):
    """A failed check is no success, nor is a record that cannot be read."""
    client = server()
    assert client.ask("/readyz")[0] == 503
    leave(tmp_path, result="failed")
    (tmp_path / "checkpoint").unlink()
    assert client.ask("/readyz")[0] == 503
    for rubbish in ("", "{", "[]", "null", '{"at": 7}', '{"at": "x"}', "[" * 100_000):
        (tmp_path / "check.json").write_text(rubbish)
        assert client.ask("/readyz")[0] == 503
    (tmp_path / "checkpoint").touch()
    assert server(clock=lambda: NOW + timedelta(days=3000)).ask("/readyz")[0] == 503


def test_gzip_is_the_same_text(server, tmp_path):
    """Gzip is the same text, in both formats, and only for those who take it."""
    leave(tmp_path)
    client = server()
    for accept in ("text/plain", ACCEPT):
        plain = client.ask("/metrics", Accept=accept)
        status, headers, packed = client.raw("/metrics", Accept=accept, Accept_Encoding="gzip")
        assert (status, headers["Content-Encoding"], plain[1]["Content-Encoding"]) == (200, "gzip", None)
        assert of_the_check(gzip.decompress(packed).decode()) == of_the_check(plain[2])
        assert "Accept-Encoding" in headers["Vary"]
    assert client.ask("/metrics", Accept_Encoding="br, gzip;q=0")[1]["Content-Encoding"] is None


def of_the_check(text):
    return [line for line in text.split("\n") if "authwatch_" in line]


def test_gzip_follows_what_a_check_leaves(server, tmp_path):
    """Gzip follows what a check leaves: a success that the gate moved in place, and another state."""
    leave(tmp_path)
    client, file = server(), tmp_path / "metrics.prom"
    assert file.read_bytes() in unpacked(client)
    restamp(str(file), NOW.timestamp() + 300)
    os.utime(file, (1, 1))
    assert file.read_bytes() in unpacked(client)
    file.write_text(file.read_text().replace('state="missing"} 1', 'state="missing"} 0'))
    assert file.read_bytes() in unpacked(client)


def unpacked(client):
    return gzip.decompress(client.raw("/metrics", Accept_Encoding="gzip")[2])


def test_wrong_passwords_are_slowed_down(server):
    """Wrong passwords are slowed down, the right one then too; who gives none is only asked for it."""
    client = server(WebSettings("127.0.0.1:0", Secret("planted-secret")))
    for _ in range(30):
        assert client.ask("/metrics")[0] == 401
    assert [client.ask("/metrics", Authorization=f"Bearer {word}")[0] for word in range(10)] == [401] * 10
    status, headers, text = client.ask("/metrics", Authorization="Bearer another")
    assert (status, text) == (429, "too many wrong passwords\n")
    assert 0 < int(headers["Retry-After"]) <= 6
    assert client.ask("/metrics", Authorization="Bearer planted-secret")[0] == 429
    assert client.ask("/healthz", Authorization="Bearer planted-secret")[0] == 200


def test_guesses_are_counted_by_address_and_forgiven():
    """Guesses are counted by address and forgiven with time; an IPv6 network counts as one."""
    now = [0.0]
    guesses = WrongPasswords(lambda: now[0])
    for _ in range(10):
        assert guesses.wait("192.0.2.1") == 0
        guesses.wrong("192.0.2.1")
    assert guesses.wait("192.0.2.1") == 6
    assert guesses.wait("::ffff:192.0.2.1") == 6
    assert guesses.wait("192.0.2.2") == 0
    now[0] = 6.0
    assert guesses.wait("192.0.2.1") == 0
    for host in range(10):
        guesses.wrong(f"2001:db8::{host:x}")
    assert guesses.wait("2001:db8::ffff") > 0
    assert guesses.wait("2001:db8:0:1::1") == 0


def test_many_addresses_cost_no_memory():
    """Many addresses cost no memory."""
    now = [0.0]
    guesses = WrongPasswords(lambda: now[0])
    for number in range(2 * REMEMBERED):
        guesses.wrong(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(guesses._paid_until) <= REMEMBERED
    now[0] = 1e6
    guesses.wrong("192.0.2.1")
    assert len(guesses._paid_until) == 1
