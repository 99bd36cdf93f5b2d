"""The rules with two instances, each in both parts: whoever is well never hides, joins or ends the other's alert."""

import shutil
import subprocess

import pytest
import yaml

from tests.contrib.test_rules import RULES, TESTS, rules

ONE, OTHER = "vps-1", "vps-2"
#: Those without an instance; that have both in their own tests; that take half a day to fire, and have no join.
APART = {"AuthwatchAbsent", "AuthwatchCheckStale", "AuthwatchNewsUndelivered"}


def proofs(alert, firing):
    """The tests of a rule in which it has, or has not, fired by a moment; those of one instance only."""
    for test in yaml.safe_load(TESTS.read_text())["tests"]:
        instances = {one["series"].partition('instance="')[2].partition('"')[0] for one in test["input_series"]}
        for moment in test["alert_rule_test"]:
            if moment["alertname"] == alert and bool(moment["exp_alerts"]) is firing and instances == {ONE}:
                yield test["input_series"], moment


def moved(series):
    return [{**one, "series": one["series"].replace(f'"{ONE}"', f'"{OTHER}"')} for one in series]


def fires_too(moment):
    """The moment with the same alert of the other instance beside."""
    text = yaml.safe_dump(moment["exp_alerts"]).replace(ONE, OTHER)
    return {**moment, "exp_alerts": [*moment["exp_alerts"], *yaml.safe_load(text)]}


def cases(alert):
    """One that fires beside each that does not, and beside itself."""
    series, moment = next(proofs(alert, firing=True))
    yield {"interval": "1m", "input_series": [*series, *moved(series)], "alert_rule_test": [fires_too(moment)]}
    for silent, _ in proofs(alert, firing=False):
        yield {"interval": "1m", "input_series": [*series, *moved(silent)], "alert_rule_test": [moment]}


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian: prometheus)")
def test_each_instance_has_alerts_of_its_own(tmp_path):
    """Each instance has alerts of its own: one that fires is alone beside one that is silent, two fire beside each
    other."""
    tests = [case for alert in rules() if alert not in APART for case in cases(alert)]
    assert len(tests) > 2 * len(rules()) - 8
    file = tmp_path / "two.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian: prometheus)")
def test_a_dead_daemon_is_told_of_for_longer_than_prometheus_remembers_it(tmp_path):
    """A dead daemon is told of for longer than Prometheus remembers its metrics, and then no more than it is a target."""
    life, days = "authwatch_check_last_success_timestamp_seconds", 20 * 288
    series = [
        (f'{life}{{job="authwatch",instance="{ONE}"}}', "0+300x20 stale"),
        (f'up{{job="authwatch",instance="{ONE}"}}', f"1x20 0x{days} stale"),
        (f'{life}{{job="authwatch",instance="{OTHER}"}}', f"0+300x{days + 600}"),
        (f'up{{job="authwatch",instance="{OTHER}"}}', f"1x{days + 600}"),
    ]
    summary = "No check by authwatch on vps-1 for 15 minutes"
    annotations = {**rules()["AuthwatchCheckStale"]["annotations"], "summary": summary}
    annotations["description"] = annotations["description"].replace("{{ $labels.instance }}", ONE)
    labels = {"job": "authwatch", "instance": ONE, "severity": "critical"}
    fires = [{"exp_labels": labels, "exp_annotations": annotations}]
    test = {
        "interval": "5m",
        "input_series": [{"series": name, "values": values} for name, values in series],
        "alert_rule_test": [
            {"alertname": "AuthwatchCheckStale", "eval_time": moment, "exp_alerts": expected}
            for moment, expected in (("1h", []), ("6h", fires), ("14d", fires), ("18d", fires), ("21d", []))
        ],
    }
    file = tmp_path / "long.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "3h", "tests": [test]}))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
