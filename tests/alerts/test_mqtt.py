"""MQTT through a real broker: mosquitto, with and without a password."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.channels import deliver
from alerts.model import Outcome
from tests.alerts.examples import notification, say
from tests.polling import eventually

mqtt = pytest.importorskip("paho.mqtt.client", reason="needs paho-mqtt")
MESSAGE = say(notification())
TIME = timedelta(seconds=10)
PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
HASHES = shutil.which("mosquitto_passwd", path="/usr/bin:/usr/sbin")

pytestmark = pytest.mark.skipif(not (PROGRAM and HASHES), reason="needs Debian's mosquitto")


@dataclass
class Broker:
    """A running broker and what a subscriber to everything has heard."""

    port: int
    heard: list[tuple[str, str]] = field(default_factory=list)

    def url(self, login: str = "", topic: str = "authwatch/alerts") -> str:
        return f"mqtt://{login}127.0.0.1:{self.port}/{topic}"

    def wait(self) -> tuple[str, str]:
        eventually(lambda: self.heard)
        return self.heard.pop(0)


@pytest.fixture(scope="module")
def broker(tmp_path_factory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("mosquitto")
    port = _free_port()
    passwords = folder / "passwords"
    subprocess.run([HASHES, "-b", "-c", passwords, "aw", "right"], check=True, capture_output=True)
    passwords.chmod(0o644)
    settings = f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n"
    (folder / "broker.conf").write_text(settings)
    process = subprocess.Popen([PROGRAM, "-c", folder / "broker.conf"], stderr=subprocess.DEVNULL)
    made = Broker(port)
    try:
        with _subscriber(made):
            yield made
    finally:
        process.terminate()
        process.wait(10)


class _subscriber:
    """Connects as soon as the broker listens."""

    def __init__(self, broker: Broker) -> None:
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self.client.username_pw_set("aw", "right")
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self.ready = False
        self.client.on_subscribe = lambda *_: setattr(self, "ready", True)
        self.client.on_message = lambda _c, _u, one: broker.heard.append((one.topic, one.payload.decode()))
        self.port = broker.port

    def __enter__(self) -> None:
        eventually(self._connected)
        self.client.loop_start()
        eventually(lambda: self.ready)

    def _connected(self) -> bool:
        with suppress(OSError):
            self.client.connect("127.0.0.1", self.port)
            return True
        return False

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_message_arrives_with_subject_and_text(broker):
    assert deliver(broker.url("aw:right@"), MESSAGE, TIME).outcome is Outcome.DELIVERED
    topic, text = broker.wait()
    assert topic == "authwatch/alerts"
    assert MESSAGE.subject in text
    assert MESSAGE.text.splitlines()[1] in text


def test_a_wrong_password_is_no_delivery(broker):
    report = deliver(broker.url("aw:WRONGSECRET@"), MESSAGE, TIME)
    assert not report.outcome.heard
    assert "WRONGSECRET" not in repr(report)
    assert broker.heard == []


def test_no_broker_is_no_delivery(tmp_path: Path):
    report = deliver(f"mqtt://aw:right@127.0.0.1:{_free_port()}/alerts", MESSAGE, TIME)
    assert not report.outcome.heard
