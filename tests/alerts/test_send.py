"""Many notifications at once: each result as it arrives, nobody waited for beyond the deadline."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from datetime import timedelta

import pytest

from alerts.message import Message
from alerts.model import Delivery, Notification, Outcome
from alerts.send import Address, send
from tests.alerts.examples import NOW, item, notification, say
from tests.polling import pause
from tests.receivers import web

EXPECTED = {
    "good": Outcome.DELIVERED,
    "slow": Outcome.DELIVERED,
    "hang": Outcome.TIMEOUT,
    "drip": Outcome.TIMEOUT,
    "reset": Outcome.TIMEOUT,
    "401": Outcome.AUTH_ERROR,
    "429": Outcome.RATE_LIMITED,
    "500": Outcome.SERVER_ERROR,
    "refused": Outcome.CONNECT,
    "unknown scheme": Outcome.BAD_CONFIG,
    "no address": Outcome.BAD_CONFIG,
    "unreadable": Outcome.BAD_CONFIG,
}


def _unreadable() -> str:
    raise OSError("/etc/secret: permission denied")


def _all_at_once(addresses: dict[str, Address], seconds: float = 3.0) -> tuple[list[tuple[float, Delivery]], float]:
    alerts = [notification(channel=label) for label in EXPECTED]
    started = time.monotonic()
    arrived = [
        (time.monotonic() - started, delivery)
        for delivery in send(alerts, addresses, say, now=NOW, deadline=timedelta(seconds=seconds))
    ]
    return arrived, time.monotonic() - started


@pytest.fixture(scope="module")
def arrived():
    with web() as there:
        paths = {
            "good": "json/x",
            "slow": "slow/1/json/x",
            "hang": "hang/json/x",
            "drip": "drip/json/x",
            "reset": "reset/json/x",
            "401": "status/401/json/x",
            "429": "status/429/json/x",
            "500": "status/500/json/x",
        }
        addresses: dict[str, Address] = {label: there.url("json", path) for label, path in paths.items()}
        secret = addresses["good"]
        addresses |= {
            "good": lambda: str(secret),
            "refused": "json://127.0.0.1:1/x",
            "unknown scheme": "zzzzqqqq://x",
            "unreadable": _unreadable,
        }
        yield _all_at_once(addresses)


def test_every_alert_gets_exactly_one_delivery_with_its_outcome(arrived) -> None:
    deliveries, _ = arrived
    assert {delivery.notification.channel: delivery.outcome for _, delivery in deliveries} == EXPECTED
    assert len(deliveries) == len(EXPECTED)


def test_what_hangs_or_drips_delays_neither_the_others_nor_the_return(arrived) -> None:
    deliveries, took = arrived
    when = {delivery.notification.channel: seconds for seconds, delivery in deliveries}
    assert took < 3.5
    assert max(when[label] for label in EXPECTED if label not in ("hang", "drip", "slow")) < 2
    assert when["slow"] < 2.5


def test_results_come_in_the_order_of_their_arrival_with_their_moment(arrived) -> None:
    deliveries, _ = arrived
    moments = [delivery.at for _, delivery in deliveries]
    assert moments == sorted(moments)
    assert all(abs((NOW + timedelta(seconds=s)) - d.at) < timedelta(seconds=0.3) for s, d in deliveries)


def test_every_failure_has_a_reason(arrived) -> None:
    deliveries, _ = arrived
    assert all(delivery.error for _, delivery in deliveries if delivery.outcome is not Outcome.DELIVERED)


def test_sending_starts_before_anyone_asks_for_results() -> None:
    begun = threading.Event()

    def address() -> str:
        begun.set()
        return "nonsense"

    send([notification()], {"phone": address}, say, now=NOW, deadline=timedelta(seconds=1))
    assert begun.wait(2)


def test_results_that_came_in_time_are_not_lost_on_a_slow_reader() -> None:
    alerts = [notification(channel=label) for label in "ab"]
    deliveries = send(alerts, {}, say, now=NOW, deadline=timedelta(seconds=0.2))
    first = next(deliveries)
    pause(0.4)
    assert [first.outcome, next(deliveries).outcome] == [Outcome.BAD_CONFIG] * 2


def test_the_deadline_follows_the_given_clock() -> None:
    ticks = iter([0.0, *[100.0] * 10])
    stuck = threading.Event()

    def address() -> str:
        stuck.wait(5)
        return "nonsense"

    (delivery,) = send(
        [notification()], {"phone": address}, say, now=NOW, deadline=timedelta(seconds=60), clock=lambda: next(ticks)
    )
    stuck.set()
    assert (delivery.outcome, delivery.at) == (Outcome.TIMEOUT, NOW + timedelta(seconds=100))


def test_a_message_that_cannot_be_written_fails_alone() -> None:
    def clumsy(about: Notification) -> Message:
        if about.channel == "a":
            raise ValueError("secret")
        return say(about)

    with web() as there:
        addresses = dict.fromkeys("ab", there.url("json", "json/x"))
        alerts = [notification(item(), channel=label) for label in "ab"]
        done = {
            d.notification.channel: d for d in send(alerts, addresses, clumsy, now=NOW, deadline=timedelta(seconds=5))
        }
    assert (done["a"].outcome, done["b"].outcome) == (Outcome.CLIENT_ERROR, Outcome.DELIVERED)
    assert "secret" not in done["a"].error


def test_no_alerts_are_told_at_once() -> None:
    assert list(send([], {}, say, now=NOW, deadline=timedelta(seconds=60))) == []


def test_a_hundred_channels_at_once_all_arrive() -> None:
    with web() as there:
        labels = [f"c{n}" for n in range(100)]
        addresses = dict.fromkeys(labels, there.url("json", "json/x"))
        alerts = [notification(channel=label) for label in labels]
        done = list(send(alerts, addresses, say, now=NOW, deadline=timedelta(seconds=20)))
        assert {delivery.outcome for delivery in done} == {Outcome.DELIVERED}
        assert len(there.received) == 100


def test_a_process_ends_right_after_its_deadline_though_a_server_hangs() -> None:
    """Our threads are daemons and Apprise's pool is not used, so even a plain end of the program is not held up."""
    program = """
        import sys
        from datetime import timedelta
        from alerts.send import send
        from tests.alerts.examples import NOW, notification, say
        url = sys.argv[1]
        for d in send([notification()], {"phone": url + "?rto=50"}, say, now=NOW, deadline=timedelta(seconds=1.5)):
            print(d.outcome)
    """
    with web() as there:
        started = time.monotonic()
        url = there.url("json", "drip/json/x")
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program), url],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    assert (done.stdout, done.stderr) == ("timeout\n", "")
    assert time.monotonic() - started < 5
