"""A real Prometheus for the tests."""

import json
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request

import pytest

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
- job_name: authwatch
  basic_auth: {{username: prometheus, password: word}}
  static_configs: [{{targets: ["{target}"]}}]
"""


@pytest.fixture(name="prometheus")
def prometheus_fixture(tmp_path):
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
