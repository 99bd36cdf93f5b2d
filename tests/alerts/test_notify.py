"""What single sends become, against real servers."""

from __future__ import annotations

import socket
import time
from datetime import timedelta

import pytest

from alerts.channels import SendResult, deliver
from alerts.model import Level, Outcome
from tests.alerts.examples import COMMAND, notification, say
from tests.receivers import Receiver, mail, web

MESSAGE = say(notification())
TIME = timedelta(seconds=5)


def _gone() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def there():
    with web() as receiver:
        yield receiver


SERVICES = {
    "ntfy": ("topic", lambda body: (body["topic"], body["title"], body["message"])),
    "json": ("json/x", lambda body: ("topic", body["title"], body["message"])),
    "gotify": ("token", lambda body: ("topic", body["title"], body["message"])),
}


@pytest.mark.parametrize("scheme", SERVICES)
def test_a_service_receives_subject_and_text(there: Receiver, scheme: str) -> None:
    path, read = SERVICES[scheme]
    assert deliver(there.url(scheme, path), MESSAGE, TIME) == SendResult(Outcome.DELIVERED)
    assert read(there.received[-1].body) == ("topic", MESSAGE.subject, MESSAGE.text)


def test_a_service_without_titles_receives_both_in_one_text(there: Receiver) -> None:
    assert deliver(there.url("mmost", "a" * 24), MESSAGE, TIME).outcome is Outcome.DELIVERED
    assert there.received[-1].body["text"].split("\r\n", 1) == [MESSAGE.subject, MESSAGE.text]


@pytest.mark.parametrize(("form", "body"), [("markdown", MESSAGE.markdown), ("html", MESSAGE.html)])
def test_a_service_receives_the_form_that_its_url_asks_for(there: Receiver, form: str, body: str) -> None:
    deliver(there.url("json", f"json/x?format={form}"), MESSAGE, TIME)
    assert there.received[-1].body["message"] == body


def test_a_subject_put_into_the_body_is_escaped_for_it(there: Receiver) -> None:
    message = MESSAGE._replace(subject="a <b> & _c_")
    for form, shown in (("html", "<b>a &lt;b&gt; &amp; _c_</b>"), ("markdown", "a \\<b\\> & \\_c\\_")):
        deliver(there.url("mmost", f"{'a' * 24}?format={form}"), message, TIME)
        assert shown in there.received[-1].body["text"].splitlines()[0]


@pytest.mark.parametrize("level", Level)
def test_every_level_has_a_type(there: Receiver, level: Level) -> None:
    deliver(there.url("json", "json/x"), MESSAGE._replace(level=level), TIME)
    kinds = {Level.FINE: "success", Level.INFO: "info", Level.SOON: "warning", Level.NOW: "failure"}
    assert there.received[-1].body["type"] == kinds[level]


def test_no_picture_from_the_web_goes_along(there: Receiver) -> None:
    deliver(there.url("ntfy", "topic"), MESSAGE, TIME)
    assert "github" not in repr(there.received[-1])


FAULTS = {
    "status/401/": Outcome.AUTH_ERROR,
    "status/403/": Outcome.AUTH_ERROR,
    "status/404/": Outcome.CLIENT_ERROR,
    "status/429/": Outcome.RATE_LIMITED,
    "status/500/": Outcome.SERVER_ERROR,
    "status/503/": Outcome.SERVER_ERROR,
    "redirect/": Outcome.CLIENT_ERROR,
    "reset/": Outcome.TIMEOUT,
    "slow/0.2/": Outcome.DELIVERED,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_server_does_becomes_an_outcome(there: Receiver, fault: str) -> None:
    assert deliver(there.url("json", f"{fault}json/x"), MESSAGE, TIME).outcome is FAULTS[fault]


def test_a_wait_that_the_server_asks_for_in_its_answer_is_passed_on(there: Receiver) -> None:
    assert deliver(there.url("json", "status/429/x"), MESSAGE, TIME).retry_after == timedelta(seconds=2)
    assert deliver(there.url("json", "status/500/x"), MESSAGE, TIME).retry_after is None


def test_a_redirect_to_a_page_that_answers_is_no_delivery(there: Receiver) -> None:
    report = deliver(there.url("json", "redirect/json/x"), MESSAGE, TIME)
    assert report.error == "HTTP 302: moved elsewhere, and messages do not follow"


def test_one_send_is_one_request(there: Receiver) -> None:
    """Apprise's own retries, asked for in a URL, are not used: trying again is ours."""
    before = len(there.received)
    assert deliver(there.url("json", "fail/1/once?retry=3&wait=0.1"), MESSAGE, TIME).outcome is Outcome.SERVER_ERROR
    assert len(there.received) == before + 1
    assert deliver(there.url("json", "fail/1/once"), MESSAGE, TIME).outcome is Outcome.DELIVERED


def test_an_optional_service_that_fails_has_failed(there: Receiver) -> None:
    assert deliver(there.url("json", "status/500/x?optional=yes"), MESSAGE, TIME).outcome is Outcome.SERVER_ERROR


def test_no_one_there_is_a_failure_to_connect() -> None:
    assert deliver(f"json://127.0.0.1:{_gone()}/x", MESSAGE, TIME).outcome is Outcome.CONNECT
    assert deliver("json://no-such-host.invalid/x", MESSAGE, TIME).outcome is Outcome.CONNECT


def test_plain_http_on_a_secure_scheme_is_a_failure_to_connect(there: Receiver) -> None:
    report = deliver(there.url("jsons", "json/x"), MESSAGE, TIME)
    assert (report.outcome, report.error) == (Outcome.CONNECT, "no secure connection (certificate or protocol)")


def test_a_silent_server_ends_within_the_patience(there: Receiver) -> None:
    started = time.monotonic()
    report = deliver(there.url("json", "hang/json/x"), MESSAGE, timedelta(seconds=0.5))
    assert time.monotonic() - started < 2
    assert (report.outcome, report.error[:9]) == (Outcome.TIMEOUT, "no answer")


def test_an_address_that_names_no_one_is_not_delivered() -> None:
    assert deliver("ntfy://", MESSAGE, TIME).outcome is Outcome.CLIENT_ERROR


def test_an_address_without_a_known_scheme_is_a_bad_config() -> None:
    assert deliver("nonsense", MESSAGE, TIME).outcome is Outcome.BAD_CONFIG
    assert deliver("zzzzqqqq://x", MESSAGE, TIME).outcome is Outcome.BAD_CONFIG


def test_one_of_two_topics_that_fails_is_partial() -> None:
    with mail(refuse="nobody") as there:
        url = there.url("mailto", "?from=aw@example.org&to=somebody@example.org,nobody@example.org")
        assert deliver(url, MESSAGE, TIME).outcome is Outcome.PARTIAL
        assert [received.to for received in there.received] == [("somebody@example.org",)]


def test_a_mail_has_the_subject_and_both_forms_with_the_command_on_a_line() -> None:
    with mail() as there:
        report = deliver(there.url("mailto", "?from=aw@example.org&to=me@example.org"), MESSAGE, TIME)
        (received,) = there.received
    assert report.outcome is Outcome.DELIVERED
    assert received.subject == MESSAGE.subject
    assert "<pre>" in received.html
    assert COMMAND in [row.strip() for row in received.body.splitlines()]


def test_a_refused_recipient_is_a_client_error() -> None:
    with mail(refuse="nobody") as there:
        url = there.url("mailto", "?from=aw@example.org&to=nobody@example.org")
        assert deliver(url, MESSAGE, TIME) == SendResult(Outcome.CLIENT_ERROR, "SMTP 550")


def test_starttls_and_login_work_and_a_wrong_password_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail(starttls=True) as there:
        query = "?from=aw@example.org&to=me@example.org&mode=starttls"
        good, bad = (f"mailtos://aw:{word}@localhost:{there.port}/{query}" for word in ("pw", "wrong"))
        assert deliver(good, MESSAGE, TIME).error == "no secure connection (certificate or protocol)"
        monkeypatch.setenv("SSL_CERT_FILE", str(there.certificate))
        assert deliver(good, MESSAGE, TIME).outcome is Outcome.DELIVERED
        assert there.received[-1].tls
        assert deliver(bad, MESSAGE, TIME).outcome is Outcome.AUTH_ERROR
