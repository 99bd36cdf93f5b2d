"""A real Prometheus scrapes a real daemon."""

from tests.prometheus import prometheus_fixture  # noqa: F401
from tests.serve.conftest import wait_for
from tests.serve.test_daemon import copying


def test_prometheus_gets_every_kind_of_series(daemon, prometheus, tmp_path):
    """Prometheus gets every kind of series, behind a password."""
    query = prometheus(daemon(copying(tmp_path), password="word").client().address)
    wait_for(lambda: query('authwatch_checks_total{result="ok"} == 1'), 30)
    assert query("up")[0]["value"][1] == "1"
    gone = query('authwatch_profile_state{state="missing"} == 1')
    assert [series["metric"]["profile"] for series in gone] == ["anthropic:gone"]
    assert query("authwatch_profile_deadline_timestamp_seconds > time() - 86400 * 3650")
    assert query("authwatch_profile_info")[0]["metric"]["kind"] == "oauth"
    assert query("process_resident_memory_bytes")
