"""The example for Alertmanager, run: what is the cause mutes what follows from it, on the same machine only."""

import json
import re
import shutil
import socket
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from tests.contrib.test_rules import ROOT, TESTS, rules
from tests.serve.conftest import wait_for

EXAMPLE = ROOT / "contrib/alertmanager/alertmanager.yml"
INHIBITIONS = yaml.safe_load(EXAMPLE.read_text())["inhibit_rules"]


def as_fired(alert):
    """The labels with which promtool saw an alert fire."""
    for test in yaml.safe_load(TESTS.read_text())["tests"]:
        for moment in test["alert_rule_test"]:
            if moment["alertname"] == alert and moment["exp_alerts"]:
                return {"alertname": alert, **moment["exp_alerts"][0]["exp_labels"]}
    raise AssertionError(alert)


def named(matchers):
    """The alerts that a list of matchers means."""
    ((_, pattern),) = (re.split(r" =~? ", one) for one in matchers)
    return [alert for alert in rules() if re.fullmatch(pattern.strip('"'), alert)]


PAIRS = [
    (cause, effect, rule["equal"])
    for rule in INHIBITIONS
    for cause in named(rule["source_matchers"])
    for effect in named(rule["target_matchers"])
]


@pytest.mark.parametrize(("cause", "effect", "equal"), PAIRS)
def test_an_inhibition_goes_by_labels_that_both_have(cause, effect, equal):
    """An inhibition goes by labels that both alerts have: to Alertmanager two that are missing are equal, one is not."""
    assert cause != effect
    assert set(equal) <= set(as_fired(cause)) & set(as_fired(effect))
    assert "instance" in equal


@pytest.fixture(name="alertmanager")
def alertmanager_fixture(tmp_path):
    """A running Alertmanager with the example; gives its address."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if not program:
        pytest.skip("Alertmanager is not installed (Debian: prometheus-alertmanager)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = (f"--config.file={EXAMPLE}", f"--storage.path={tmp_path}", "--cluster.listen-address=")
    argv = [program, *options, f"--web.listen-address=127.0.0.1:{port}"]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(argv, stdout=log, stderr=log) as process:
        yield f"http://127.0.0.1:{port}/api/v2/alerts"
        process.terminate()


def posted(address, alerts):
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = json.dumps([{"labels": labels, "endsAt": ends} for labels in alerts]).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def muted(address, instance):
    """The names of the alerts of an instance, each with those that mute it."""
    with urllib.request.urlopen(address, timeout=5) as answer:
        found = json.load(answer)
    by = {one["fingerprint"]: one["labels"]["alertname"] for one in found}
    return {
        one["labels"]["alertname"]: {by[cause] for cause in one["status"]["inhibitedBy"]}
        for one in found
        if one["labels"].get("instance") == instance
    }


def test_alertmanager_mutes_what_follows_from_another_alert_of_that_machine(alertmanager):
    """Alertmanager mutes what follows from another alert of the same machine, and nothing of another one."""
    ours = [labels for alert in rules() if "instance" in (labels := as_fired(alert))]
    here = [{**labels, "instance": "vps-1"} for labels in ours]
    effects = {effect for _, effect, _ in PAIRS} - {cause for cause, _, _ in PAIRS}
    there = [{**labels, "instance": "vps-2"} for labels in ours if labels["alertname"] in effects]
    wait_for(lambda: posted(alertmanager, here + there), 20)
    wait_for(lambda: muted(alertmanager, "vps-1").get("AuthwatchLoginEndsSoon"), 20)
    found = muted(alertmanager, "vps-1")
    # Labels that differ between the examples (a source, a channel) aside, every pair mutes.
    for cause, effect, equal in PAIRS:
        causes = next(labels for labels in here if labels["alertname"] == cause)
        suffers = next(labels for labels in here if labels["alertname"] == effect)
        if all(causes[name] == suffers[name] for name in equal):
            assert found[effect], (cause, effect)
    assert not any(muted(alertmanager, "vps-2").values())
