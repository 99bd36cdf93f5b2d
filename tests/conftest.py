"""In CI every real component is there, so nothing may be skipped; elsewhere a skip gives its reason.

Only the real OpenClaw (three releases, 770 MB each) stays out: what it said is recorded, and the records are tested.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.alerts.life import Life
from tests.receivers import web
from tests.warm import Line

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    strict = os.environ.get("AUTHWATCH_NO_SKIPS") and not hasattr(report, "wasxfail")
    if report.skipped and strict and "the recorded run" not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


#: What waits most, and what makes something for a whole module that should be made once: a worker whose tests are taken
#: over by another keeps the first ones.
FIRST = ("tests/shell/test_systemd.py", "tests/year/", "tests/serve/test_browser.py", "tests/alerts/test_send.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


def pytest_xdist_auto_num_workers() -> int:
    """Five workers for two processors: two thirds of the suite's time are waits for deadlines, daemons and real servers."""
    return 5 * (os.cpu_count() or 1) // 2


@pytest.fixture(scope="session")
def line() -> Line:
    """The command line under a clock of the test's."""
    return Line()


@pytest.fixture
def machine(line: Line, tmp_path: Path) -> Iterator[Life]:
    """A made-up machine with a phone, for the tests that live through days; it has no config yet."""
    home = tmp_path / "home"
    home.mkdir()
    with web() as there:
        yield Life(line, home, there)


@pytest.fixture
def life(machine: Life) -> Life:
    """The same with a config that tells the phone."""
    return machine.configured()
