"""Dates that a person keeps."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.config.load import ConfigError, load
from monitor.model import Kind, Observation
from monitor.sources import observe_all
from monitor.system.host import Host


def _look(root: Path, source: str) -> Observation:
    (root / "c.yaml").write_text(f"sources: [{source}]\n")
    host = Host(root, {}, key=b"k" * 32)
    (seen,) = observe_all(host, load(host, root / "c.yaml").sources)
    assert isinstance(seen, Observation)
    return seen


@pytest.mark.parametrize(
    ("written", "expires"),
    [
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T12:30:00Z", datetime(2027, 1, 31, 12, 30, tzinfo=UTC)),
        ('"2027-01-31 12:30"', datetime(2027, 1, 31, 12, 30, tzinfo=UTC)),
        ("2027-01-31t12:30:00+02:00", datetime(2027, 1, 31, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_day_or_a_moment(written: str, expires: datetime, tmp_path: Path) -> None:
    seen = _look(tmp_path, f"{{type: manual, id: pat, provider: github, expires: {written}, note: see the wiki}}")
    assert (seen.credential.key, seen.credential.provider) == ("pat/-/pat", "github")
    assert seen.credential.kind is Kind.MANUAL
    assert (seen.access_expires_at, seen.refreshable, seen.notes) == (expires, False, ("see the wiki",))
    assert seen.store == f"{tmp_path}/c.yaml:1"


def test_another_date_is_another_login_and_the_same_one_is_not(tmp_path: Path) -> None:
    dates = ("2027-01-31", "2027-01-31", "2028-01-31")
    prints = [_look(tmp_path, f"{{type: manual, id: pat, expires: {date}}}").fingerprint for date in dates]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize("written", ["soon", "2027-02-30", "2027-01-31T25:00", "31.1.2027", "9999-12-31", '""'])
def test_what_is_no_date_is_an_error_of_the_config(written: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expires"):
        _look(tmp_path, f"{{type: manual, id: pat, expires: {written}}}")


def test_a_date_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expires"):
        _look(tmp_path, "{type: manual, id: pat}")
