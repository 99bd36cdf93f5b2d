"""A real Prometheus scrapes a real daemon."""

import json
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request

import pytest

from tests.serve.conftest import wait_for
from tests.serve.test_daemon import copying

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
- job_name: authwatch
  basic_auth: {{username: prometheus, password: word}}
  static_configs: [{{targets: ["{target}"]}}]
"""


@pytest.fixture
def prometheus(tmp_path):
    """Starts Prometheus on one target; gives a function that asks it."""
    if not shutil.which("prometheus"):
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    running = []

    def start(target):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (tmp_path / "prometheus.yml").write_text(CONFIG.format(target=target))
        options = {
            "config.file": tmp_path / "prometheus.yml",
            "storage.tsdb.path": tmp_path / "db",
            "web.listen-address": f"127.0.0.1:{port}",
        }
        log = (tmp_path / "prometheus.log").open("w")
        argv = ["prometheus", *(f"--{name}={value}" for name, value in options.items())]
        running.append(subprocess.Popen(argv, stderr=log, stdout=log))
        return lambda query: ask(port, query)

    yield start
    for process in running:
        process.terminate()
        process.wait(20)


def ask(port, query):
    where = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(where, timeout=5) as answer:
            return json.load(answer)["data"]["result"]
    except OSError:
        return []


def test_prometheus_gets_every_kind_of_series(daemon, prometheus, tmp_path):
    """Prometheus gets every kind of series, behind a password."""
    query = prometheus(daemon(copying(tmp_path), password="word").client().address)
    wait_for(lambda: query('authwatch_checks_total{result="ok"} == 1'), 30)
    assert query("up")[0]["value"][1] == "1"
    gone = query('authwatch_profile_state{state="missing"} == 1')
    assert [series["metric"]["profile"] for series in gone] == ["anthropic:gone"]
    assert query("authwatch_profile_deadline_timestamp_seconds > time() - 86400 * 3650")
    assert query("authwatch_profile_info")[0]["metric"]["kind"] == "oauth"
    assert query("process_resident_memory_bytes")
