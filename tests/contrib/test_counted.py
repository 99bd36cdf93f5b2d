"""What Grafana and Home Assistant count: who needs somebody, who expires next, how old the last check is."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from jinja2 import Environment

from tests.contrib.test_dashboard import queries
from tests.contrib.test_rules import ROOT

DAY = 86400
NOW = 30 * 60  # promtool begins at 0
LAST = "authwatch_check_last_success_timestamp_seconds"


class Loader(yaml.SafeLoader):
    """Takes `!secret word` for the word."""


Loader.add_constructor("!secret", lambda loader, node: node.value)
SENSORS = yaml.load((ROOT / "contrib/home-assistant/authwatch.yaml").read_text(), Loader)["rest"][0]


def login(profile, days, *, instance="vps-1", in_use=1, ignored=0, need="no"):
    """The series of a login that expires this long after NOW."""
    who = f'source="s",agent="main",provider="p",profile="{profile}",instance="{instance}",job="authwatch"'
    yield f"authwatch_profile_deadline_timestamp_seconds{{{who}}}", f"{NOW + days * DAY}x40"
    yield f"authwatch_profile_in_use{{{who}}}", f"{in_use}x40"
    yield f"authwatch_profile_ignored{{{who}}}", f"{ignored}x40"
    for each in ("no", "soon", "now", "unknown"):
        yield f'authwatch_profile_needs_human{{{who},needs_human="{each}"}}', f"{int(each == need)}x40"


LOGINS = [
    *login("unused", 1, in_use=0),
    *login("ignored", 2, ignored=1, need="now"),
    *login("over", -1, need="now"),
    *login("next", 5, need="soon"),
    *login("later", 9),
    *login("next", 7, instance="vps-2", need="unknown"),
]
#: vps-1 died after ten minutes, vps-3 was removed after five.
LIVES = [
    (f'{LAST}{{job="authwatch",instance="vps-1"}}', "0+60x10 stale"),
    ('up{job="authwatch",instance="vps-1"}', "1x10 0x30"),
    (f'{LAST}{{job="authwatch",instance="vps-2"}}', "0+60x40"),
    ('up{job="authwatch",instance="vps-2"}', "1x40"),
    (f'{LAST}{{job="authwatch",instance="vps-3"}}', "0+60x5 stale"),
    ('up{job="authwatch",instance="vps-3"}', "1x5 stale"),
]
FINDING = 'authwatch_finding{key="k",agent="main",instance="vps-1",level="%s"}'


def shows(tmp_path, series, title, *expected):
    """Holds a panel to what it shows of the series."""
    expr = next(query for panel, query in queries() if panel == title)
    samples = [{"labels": labels, "value": value} for labels, value in expected]
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series],
        "promql_expr_test": [{"expr": expr, "eval_time": "30m", "exp_samples": samples}],
    }
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump({"tests": [test], "evaluation_interval": "1m"}))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize(
    ("title", "series", "value"),
    [
        ("Next login expires in", LOGINS, 5 * DAY),
        ("Needs you now", LOGINS, 1),
        ("Needs you soon", LOGINS, 1),
        ("Unknown", LOGINS, 1),
        ("Needs you now", [*login("ignored", 1, ignored=1, need="now")], 0),
        ("Oldest last check", LIVES, 20 * 60),
        ("Oldest last check", [(name, values) for name, values in LIVES if name.startswith(LAST)], 0),
    ],
)
def test_grafana_counts_what_matters(tmp_path, title, series, value):
    """Grafana counts neither unused nor ignored logins, and shows the oldest last check of all instances."""
    shows(tmp_path, series, title, ("{}", value))


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian: prometheus)")
def test_grafana_shows_findings_that_need_somebody(tmp_path):
    """Grafana shows findings that need somebody, and says so where there are none."""
    soon, info = ((FINDING % level, "1x40") for level in ("soon", "info"))
    shows(tmp_path, [soon, info], "Findings", (FINDING % "soon", 1))
    shows(tmp_path, [info], "Findings", ("{}", 0))


def profile(days=None, *, ignored=False, in_use=True, need="no"):
    deadline = (MOMENT + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") if days is not None else None
    return {"deadline": deadline, "ignored": ignored, "in_use": in_use, "needs_human": need}


MOMENT = datetime(2026, 11, 26, 15, 6, tzinfo=UTC)


def sensor(unique_id, profiles, exit_code=0):
    """What a sensor of Home Assistant shows of a status document."""
    (one,) = [one for one in (*SENSORS["sensor"], *SENSORS["binary_sensor"]) if one["unique_id"] == unique_id]
    document = {"profiles": profiles, "exit_code": exit_code, "at": f"{MOMENT:%Y-%m-%dT%H:%M:%SZ}"}
    return Environment().from_string(one["value_template"]).render(value_json=document)


@pytest.mark.parametrize(
    ("profiles", "days"),
    [
        ([profile(9), profile(5), profile()], 5),
        ([profile(5, in_use=False), profile(9)], 9),
        ([profile(5, ignored=True), profile(9)], 9),
        ([profile(-1, need="now"), profile(9)], -1),
        ([profile()], None),
        ([], None),
    ],
)
def test_home_assistant_shows_the_next_login_that_matters(profiles, days):
    """Home Assistant shows the next login to expire, of those that are in use and not ignored."""
    expected = "None" if days is None else profile(days)["deadline"]
    assert sensor("authwatch_next", profiles) == expected


def test_home_assistant_counts_who_needs_somebody():
    """Home Assistant counts who needs somebody now, without those that are ignored."""
    found = [profile(need="now"), profile(need="now", ignored=True), profile(need="soon")]
    assert sensor("authwatch_now", found) == "1"
    assert [sensor("authwatch_problem", found, code) for code in (0, 2)] == ["False", "True"]
