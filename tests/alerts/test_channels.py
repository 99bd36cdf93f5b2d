"""The scheme table and what it says of bad addresses."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import timedelta

import pytest

from alerts import channels
from alerts.channels import SendResult, check, deliver, known_schemes, scheme_of
from alerts.channels.console import write
from alerts.model import Outcome
from tests.alerts.examples import COMMAND, notification, say

MESSAGE = say(notification())
TIME = timedelta(seconds=5)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [("ntfys://ntfy.sh/t", "ntfys"), (" MAILTO://x", "mailto"), ("ntfy.sh/t", None), ("", None), ("a b://c", None)],
)
def test_a_scheme_is_read_without_any_import(url: str, scheme: str | None) -> None:
    assert scheme_of(url) == scheme


def test_the_scheme_table_costs_no_apprise() -> None:
    code = "import sys; import alerts.channels, alerts.send, alerts.message; print('apprise' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"


@pytest.mark.parametrize(
    "url",
    [
        "ntfys://ntfy.sh/topic",
        "mailto://u:p@example.org",
        "json://localhost",
        "print://",
        " tgram://123456789:abcdefg_hijklmnop/12315544/",
    ],
)
def test_a_good_address_has_no_reason_against_it(url: str) -> None:
    assert check("phone", url) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ntfi://ntfy.sh/topic", "channel phone: its scheme is not known; did you mean ntfy:// ?"),
        ("zzzzqqqq://x", "channel phone: its scheme is not known"),
        ("ntfy.sh/topic", "channel phone: its URL does not begin with a scheme such as ntfys:// or mailtos://"),
        ("tgram://x", "channel phone: what follows tgram:// is not what Telegram needs; see https://appriseit.com/"),
        (
            "https://example.org/hook",
            "channel phone: no service knows this web address; a plain webhook is written json",
        ),
        ("print://elsewhere", "channel phone: print:// takes nothing after it"),
    ],
)
def test_a_bad_address_is_explained(url: str, reason: str) -> None:
    assert (check("phone", url) or "").startswith(reason)


def test_a_service_that_wants_another_package_names_it() -> None:
    assert "smpp:// needs smpplib" in (check("phone", "smpp://user:word@localhost/1555") or "")


def test_our_own_schemes_are_known_beside_those_of_apprise() -> None:
    assert {"print", "ntfy", "mailtos"} <= known_schemes()


def test_print_writes_the_message_to_a_stream() -> None:
    stream = io.StringIO()
    write(MESSAGE, stream)
    assert stream.getvalue().startswith(MESSAGE.subject + "\n")
    assert COMMAND in stream.getvalue().splitlines()
    with redirect_stdout(io.StringIO()) as out:
        assert deliver("print://", MESSAGE, TIME) == SendResult(Outcome.DELIVERED)
    assert out.getvalue() == stream.getvalue()


def test_printing_to_a_closed_stream_is_a_failed_delivery() -> None:
    closed = io.StringIO()
    closed.close()
    with redirect_stdout(closed):
        assert deliver("print://", MESSAGE, TIME).outcome is Outcome.CONNECT


def test_every_module_of_the_table_is_a_transport() -> None:
    for module in {*channels.OWN.values(), channels.APPRISE}:
        loaded = __import__(module, fromlist=["check"])
        assert callable(loaded.check)
        assert callable(loaded.send)
