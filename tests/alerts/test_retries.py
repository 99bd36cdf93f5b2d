"""Another try within the same check: only for what surely was not heard, only while there is time, as servers ask."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.channels import deliver
from alerts.model import Delivery, Outcome
from alerts.send import send
from tests.alerts.examples import NOW, notification, say
from tests.receivers import Receiver, web


@pytest.fixture(scope="module")
def there():
    with web() as one:
        yield one


def sent(there: Receiver, path: str, seconds: float = 10) -> tuple[Delivery, int]:
    """The delivery, and how many requests it took."""
    before = len(there.received)
    addresses = {"phone": there.url("json", path)}
    (delivery,) = send([notification()], addresses, say, now=NOW, deadline=timedelta(seconds=seconds))
    return delivery, len(there.received) - before


@pytest.mark.parametrize(
    ("path", "seconds", "outcome", "requests"),
    [
        ("fail/1/json/a", 10, Outcome.DELIVERED, 2),
        ("fail/2/json/b", 20, Outcome.DELIVERED, 3),
        ("fail/9/json/c", 20, Outcome.SERVER_ERROR, 3),
        ("fail/1/json/d", 1, Outcome.SERVER_ERROR, 1),
        ("status/429/json/e", 10, Outcome.RATE_LIMITED, 2),
        ("status/401/json/f", 10, Outcome.AUTH_ERROR, 1),
        ("status/400/json/g", 10, Outcome.CLIENT_ERROR, 1),
        ("reset/json/h", 10, Outcome.TIMEOUT, 1),
    ],
)
def test_what_may_pass_by_itself_is_tried_again(there, path, seconds, outcome, requests):
    delivery, asked = sent(there, path, seconds)
    assert (delivery.outcome, asked) == (outcome, requests)


@pytest.mark.parametrize("status", [429, 503])
def test_how_long_a_server_wants_to_be_left_alone_is_heard(there, status):
    report = deliver(there.url("json", f"status/{status}/json/x"), say(notification()), timedelta(seconds=5))
    assert report.retry_after == timedelta(seconds=2)


def test_a_success_and_a_plain_failure_ask_for_nothing(there):
    for path in ("json/x", "status/500/json/x"):
        assert deliver(there.url("json", path), say(notification()), timedelta(seconds=5)).retry_after is None
