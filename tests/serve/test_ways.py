"""The ways to reach the page that docs/access.md names, tried with the real programs."""

import base64
import http.client
import os
import shutil
import socket
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.config.settings import Secret, WebSettings
from tests.serve.conftest import Client, leave, wait_for

WORD = "planted-secret"
BASIC = "Basic " + base64.b64encode(f"any:{WORD}".encode()).decode()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def run(tmp_path):
    """Starts a program; its output goes to a file."""
    running = []

    def start(*argv, env=None):
        if not shutil.which(argv[0]):
            pytest.skip(f"{argv[0]} is not installed")
        log = (tmp_path / f"{len(running)}.log").open("w")
        running.append(
            subprocess.Popen(list(map(str, argv)), stdout=log, stderr=log, env={**os.environ, **(env or {})})
        )
        return running[-1]

    yield start
    for one in reversed(running):
        one.terminate()
        one.wait(20)


def opens(port):
    """Whether somebody listens there."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_over_ssh_it_is_as_on_the_machine_itself(server, tmp_path, run):
    """Over ssh it is as on the machine itself: no password, no other port."""
    if not shutil.which("sshd"):
        pytest.skip("sshd is not installed (Debian: openssh-server)")
    if os.geteuid():
        pytest.skip("sshd needs root to log somebody in")
    leave(tmp_path)
    there, here = free_port(), free_port()
    for name in ("host", "mine"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    Path("/run/sshd").mkdir(exist_ok=True)
    config = tmp_path / "sshd_config"
    config.write_text(
        f"Port {there}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"PermitRootLogin prohibit-password\nAuthorizedKeysFile {tmp_path}/mine.pub\n"
    )
    run("/usr/sbin/sshd", "-D", "-e", "-f", config)
    wait_for(lambda: opens(there))
    options = (
        "StrictHostKeyChecking=no",
        f"UserKnownHostsFile={tmp_path}/known",
        "ExitOnForwardFailure=yes",
        "BatchMode=yes",
    )
    port = server().address.rpartition(":")[2]
    run(
        "ssh", "-N", "-L", f"127.0.0.1:{here}:127.0.0.1:{port}", "-p", there, "-i", tmp_path / "mine", "-F", "none",
        *(word for option in options for word in ("-o", option)), "root@127.0.0.1",
    )  # fmt: skip
    wait_for(lambda: opens(here), 30)
    status, _, text = Client(f"127.0.0.1:{here}").ask("/metrics", Host=f"localhost:{here}")
    assert (status, "authwatch_profile_info" in text) == (200, True)


def test_behind_caddy_it_wants_its_password(server, tmp_path, run):
    """Behind Caddy, under a name of its own and with TLS, it wants its password; without one it does not answer."""
    leave(tmp_path)
    guarded, open_one = server(WebSettings("127.0.0.1:0", Secret(WORD))), server()
    port, other, own = free_port(), free_port(), free_port()
    (tmp_path / "Caddyfile").write_text(
        "{\n admin off\n auto_https disable_redirects\n skip_install_trust\n}\n"
        f"https://status.localhost:{port} {{\n tls internal\n reverse_proxy {guarded.address}\n}}\n"
        f"https://status.localhost:{other} {{\n tls internal\n reverse_proxy {open_one.address}\n}}\n"
        f"https://status.localhost:{own} {{\n tls internal\n reverse_proxy {open_one.address} {{\n  header_up Host localhost\n }}\n}}\n"
    )
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    run("caddy", "run", "--config", tmp_path / "Caddyfile", env=home)
    authority = tmp_path / "caddy/pki/authorities/local/root.crt"
    wait_for(lambda: authority.exists() and opens(own), 30)
    trusting = ssl.create_default_context(cafile=authority)

    def ask(port, path, **headers):
        raw = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection = http.client.HTTPSConnection("status.localhost", port, timeout=10)
        connection.sock = trusting.wrap_socket(raw, server_hostname="status.localhost")
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def certified(port):
        """Caddy makes a certificate per port after it has opened them."""
        with suppress(ssl.SSLError):
            return ask(port, "/healthz")
        return None

    for one in (port, other, own):
        wait_for(lambda one=one: certified(one), 30)
    assert ask(port, "/metrics")[0] == 401
    assert "authwatch_profile_info" in ask(port, "/metrics", Authorization=BASIC)[1]
    assert ask(port, "/", Authorization=BASIC)[0] == 200
    assert ask(port, "/healthz")[0] == 200
    assert ask(other, "/metrics")[0] == 421
    assert ask(own, "/metrics")[0] == 200


def test_the_page_on_access_names_what_was_tried():
    """The page on access names what was tried."""
    text = (Path(__file__).parents[2] / "docs/access.md").read_text()
    assert "ssh -N -L 9797:127.0.0.1:9797" in text
    assert "reverse_proxy 127.0.0.1:9797" in text
    assert "header_up Host localhost" in text
