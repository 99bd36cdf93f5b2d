"""No part of a secret address is ever in a log, a result, an error, a repr or on a stream."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.channels import check, deliver
from alerts.send import send
from tests.alerts.examples import NOW, notification, say
from tests.receivers import mail, web

CANARY = "c4n4ry"
MESSAGE = say(notification())

#: Addresses with secrets in every place; {p} is a port that listens, {q} one that does not.
ADDRESSES = [
    "ntfy://127.0.0.1:{p}/c4n4rytopic",
    "ntfy://127.0.0.1:{q}/c4n4rytopic",
    "ntfy://c4n4ryuser:c4n4rypass@127.0.0.1:{q}/c4n4rytopic",
    "json://c4n4ryuser:c4n4rypass@127.0.0.1:{p}/status/401/c4n4rypath?+X-Key=c4n4ryheader&:v=c4n4ryvalue",
    "json://c4n4ryuser:c4n4rypass@127.0.0.1:{p}/reset/c4n4rypath",
    "json://127.0.0.1:{p}/hang/c4n4rypath?rto=0.2",
    "json://127.0.0.1:{p}/redirect/c4n4rypath",
    "jsons://127.0.0.1:{p}/c4n4rypath?verify=no",
    "json://c4n4ry.invalid/c4n4rypath",
    "gotify://127.0.0.1:{p}/status/403/c4n4rytoken",
    "mmost://127.0.0.1:{q}/c4n4ryc4n4ryc4n4ryc4n4ry",
    "slack://c4n4ry",
    "tgram://c4n4ry:c4n4ry/c4n4ry",
    "discord://c4n4ry",
    "mailto://c4n4ryuser:c4n4rypass@127.0.0.1:{q}/?from=c4n4ry@example.org&to=c4n4ry@example.org",
    "mailtos://c4n4ryuser:c4n4rypass@localhost:{s}/?from=a@example.org&to=c4n4ry@example.org&mode=starttls&verify=no",
    "c4n4ry://c4n4ry",
    "https://example.org/c4n4ry",
    "ntfyss://c4n4ry/c4n4ry",
    "mqtt://c4n4ryuser:c4n4rypass@127.0.0.1/c4n4ry",
    "c4n4ry",
    "print://c4n4ry",
]


class _Everything(logging.Handler):
    """Formats whatever reaches it, as a careless handler would."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + repr(record.args) + repr(record.exc_info))


@pytest.fixture
def heard():
    """A DEBUG handler on the root and on the very loggers that know secrets."""
    everything = _Everything()
    loggers = [logging.getLogger(name) for name in ("", "apprise", "urllib3", "requests")]
    root = loggers[0].level
    deliver("json://127.0.0.1:1/x", MESSAGE, timedelta(seconds=1))
    for logger in loggers:
        logger.addHandler(everything)
    loggers[0].setLevel(logging.DEBUG)
    yield everything.lines
    loggers[0].setLevel(root)
    for logger in loggers:
        logger.removeHandler(everything)


def _filled(ports: tuple[int, int]) -> list[str]:
    return [url.replace("{p}", str(ports[0])).replace("{s}", str(ports[1])).replace("{q}", "1") for url in ADDRESSES]


def test_no_address_leaves_a_trace_in_logs_results_or_on_streams(
    heard: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with web() as there, mail(starttls=True) as box:
        urls = {f"channel-{n}": url for n, url in enumerate(_filled((there.port, box.port)))}
        reasons = [check(label, url) for label, url in urls.items()]
        alerts = [notification(channel=label) for label in urls]
        done = list(send(alerts, urls, say, now=NOW, deadline=timedelta(seconds=10)))
    out = capfd.readouterr()
    assert len(done) == len(urls)
    assert len(heard) > 50
    assert CANARY not in "\n".join(heard)
    assert CANARY not in repr(done) + repr(reasons) + out.out + out.err


def test_nothing_is_printed_at_all_with_logging_at_debug() -> None:
    """A fresh process with basicConfig(DEBUG), as `-v` might set it up, first import and thread included."""
    program = """
        import logging, sys
        logging.basicConfig(level=logging.DEBUG)
        from datetime import timedelta
        from alerts.channels import check
        from alerts.send import send
        from tests.alerts.examples import NOW, notification, say
        urls = dict(enumerate(sys.argv[1:]))
        alerts = [notification(channel=label) for label in urls]
        for label, url in urls.items():
            print(check(str(label), url))
        for delivery in send(alerts, urls, say, now=NOW, deadline=timedelta(seconds=10)):
            print(repr(delivery))
    """
    with web() as there, mail(starttls=True) as box:
        urls = _filled((there.port, box.port))
        command = [sys.executable, "-X", "dev", "-c", textwrap.dedent(program), *urls]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.count("Delivery(") == len(urls)
    assert CANARY not in done.stdout + done.stderr


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        ["ntfy", "json", "mailto", "tgram", "slack", "mmost", "zzz", "", "matrix", "signal", "rocket", "pover"]
    ),
    st.lists(
        st.sampled_from([CANARY, ":", "@", "/", "?", "=", "&", "[", "]", "%", "#", " ", "é", "\n", "1"]), max_size=8
    ),
)
def test_whatever_an_address_looks_like_its_check_answers_without_quoting_it(
    heard: list[str], scheme: str, parts: list[str]
) -> None:
    reason = check("phone", f"{scheme}://{''.join(parts)}")
    assert reason is None or CANARY not in reason
    assert CANARY not in "\n".join(heard)
