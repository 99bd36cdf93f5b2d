"""What is answered over real sockets."""

import json
import socket
from datetime import timedelta

import pytest
from prometheus_client.openmetrics import parser as om_parser
from prometheus_client.parser import text_string_to_metric_families

from monitor.config.settings import Secret, WebSettings
from tests.metrics.worlds import NOW
from tests.serve.conftest import STATUS, leave

ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


def names(families):
    return {sample.name for family in families for sample in family.samples}


def test_metrics_are_text_for_whoever_asks_plainly(server, tmp_path):
    """Metrics are text for whoever asks plainly: those of the pass, the daemon and its process."""
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


def test_the_status_before_the_first_pass_is_an_error_in_json(server):
    """The status before the first pass is an error in JSON."""
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
        assert (status, text) == (401, "the password is wanted\n")
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


def test_a_failed_pass_is_no_success(server, tmp_path):
    """A failed pass is no success, nor is a record that cannot be read."""
    client = server()
    assert client.ask("/readyz")[0] == 503
    leave(tmp_path, result="failed")
    (tmp_path / "checkpoint").unlink()
    assert client.ask("/readyz")[0] == 503
    for rubbish in ("", "{", "[]", "null", '{"at": 7}', '{"at": "x"}', "[" * 100_000):
        (tmp_path / "pass.json").write_text(rubbish)
        assert client.ask("/readyz")[0] == 503
    (tmp_path / "checkpoint").touch()
    assert server(clock=lambda: NOW + timedelta(days=3000)).ask("/readyz")[0] == 503


def test_half_open_clients_do_not_block_a_scrape(server, tmp_path):
    """Half-open clients do not block a scrape."""
    leave(tmp_path)
    client = server()
    host, _, port = client.address.rpartition(":")
    silent = []
    try:
        for _ in range(200):
            one = socket.create_connection((host, int(port)))
            one.sendall(b"GET /metrics HTTP/1.1\r\nHost: loc")
            silent.append(one)
        assert client.ask("/metrics")[0] == 200
    finally:
        for one in silent:
            one.close()


def test_a_large_request_is_turned_away(server):
    """A large request is turned away."""
    assert server().ask("/metrics", X_Much="x" * 20_000)[0] == 431
