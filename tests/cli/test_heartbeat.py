"""The sign of life: heard, refused, missing, never waited for."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from alerts.model import Outcome
from monitor.cli.heartbeat import ping
from tests.alerts.listener import listener
from tests.probes.stand import says, stand

SHORT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("path", "failed", "asked"),
    [
        ("ping/uuid", False, "/ping/uuid"),
        ("ping/uuid", True, "/ping/uuid/fail"),
        ("ping/uuid/", True, "/ping/uuid/fail"),
        ("ping/uuid?rid=1", True, "/ping/uuid/fail?rid=1"),
    ],
)
def test_it_asks_for_the_address_or_its_fail(path, failed, asked):
    with listener() as there:
        assert ping(there.url(path), failed=failed).outcome is Outcome.DELIVERED
        assert there.paths == [asked]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (404, Outcome.CLIENT_ERROR),
        (403, Outcome.AUTH_ERROR),
        (429, Outcome.RATE_LIMITED),
        (503, Outcome.SERVER_ERROR),
    ],
)
def test_a_refusal_has_a_class(status, outcome):
    with listener(status) as there:
        report = ping(there.url("ping/SECRET"), failed=False)
        assert (report.outcome, report.error) == (outcome, f"HTTP {status}")


def test_an_address_that_moved_is_followed():
    with listener() as there, stand(says({}, 301, Location=there.url("ping/new"))) as old:
        assert ping(f"{old.url}/ping/uuid", failed=False).outcome is Outcome.DELIVERED
        assert there.paths == ["/ping/new"]


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_server_that_does_not_end_is_not_waited_for(fault):
    with listener(fault=fault) as there:
        started = time.monotonic()
        report = ping(there.url("ping/SECRET"), failed=False, patience=SHORT)
        assert time.monotonic() - started < 2
        assert fault == "drip" or report.outcome is Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("http://127.0.0.1:1/SECRET", Outcome.CONNECT),
        ("http://nowhere.invalid/SECRET", Outcome.CONNECT),
        ("https://[::1/SECRET", Outcome.CONNECT),
        ("http://x y/SECRET", Outcome.CONNECT),
    ],
)
def test_nobody_there_or_no_address_is_an_outcome_without_the_address(url, outcome):
    report = ping(url, failed=False, patience=SHORT)
    assert report.outcome in {outcome, Outcome.TIMEOUT}
    assert "SECRET" not in repr(report)
