"""The rules for Prometheus and the example for Alertmanager, checked by their own tools."""

import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from monitor.metrics.definitions import FAMILIES

ROOT = Path(__file__).parents[2]
RULES = ROOT / "contrib/prometheus/authwatch.rules.yml"
TESTS = ROOT / "contrib/prometheus/authwatch.rules.test.yml"
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
DAEMON = {"authwatch_deliveries_total", "authwatch_checks_total", "authwatch_config_last_reload_success"}


def tool(name, *words):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed (Debian: prometheus, prometheus-alertmanager)")
    return subprocess.run([name, *map(str, words)], cwd=RULES.parent, capture_output=True, text=True, check=False)


@cache
def rules():
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


@cache
def proofs():
    return yaml.load(TESTS.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))["tests"]


def test_promtool_finds_every_rule_firing_and_silent():
    """Promtool finds every rule firing when it must and silent when it must."""
    done = tool("promtool", "test", "rules", TESTS)
    assert done.returncode == 0, done.stdout + done.stderr
    done = tool("promtool", "check", "rules", "--lint=all", "--lint-fatal", RULES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", rules())
def test_every_rule_is_proved_both_ways(alert):
    """Every rule is proved both ways, through `exp_alerts` with and without an alert."""
    found = [
        bool(one["exp_alerts"]) for test in proofs() for one in test["alert_rule_test"] if one["alertname"] == alert
    ]
    assert set(found) == {True, False}


@pytest.mark.parametrize("alert", rules())
def test_every_rule_says_what_why_and_where_to_read_on(alert):
    """Every rule says what, why and where to read on: an address below that of the project, whose page is there and
    has a heading for it."""
    annotations = rules()[alert]["annotations"]
    assert set(annotations) == {"summary", "description", "runbook_url"}
    address, _, anchor = annotations["runbook_url"].partition("#")
    page = address.removeprefix(f"{REPOSITORY}/blob/main/")
    assert (REPOSITORY[:8], page) == ("https://", "docs/runbook.md")
    headings = re.findall(r"^## (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
    assert rules()[alert]["labels"]["severity"] in ("critical", "warning")


def test_the_runbook_has_no_page_for_an_alert_that_is_gone():
    """The runbook has no page for an alert that is gone."""
    headings = re.findall(r"^## (Authwatch\w+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)
    assert headings == list(rules())


def test_rules_use_only_metrics_that_there_are():
    """Rules use only metrics that there are."""
    used = {name for rule in rules().values() for name in re.findall(r"authwatch_\w+", rule["expr"])}
    assert used <= {*FAMILIES, *DAEMON}


def test_amtool_accepts_the_example():
    """Amtool accepts the example, and routes what matters to the phone."""
    example = ROOT / "contrib/alertmanager/alertmanager.yml"
    done = tool("amtool", "check-config", example)
    assert (done.returncode, "SUCCESS" in done.stdout) == (0, True), done.stdout + done.stderr
    for severity, receivers in (("critical", "phone,mail"), ("warning", "mail")):
        labels = ("alertname=AuthwatchCheckStale", f"severity={severity}")
        done = tool("amtool", "config", "routes", "test", f"--config.file={example}", *labels)
        assert done.stdout.split() == [receivers], done.stdout + done.stderr
    named = set(re.findall(r"Authwatch[A-Z]\w+\b(?!\.)", example.read_text()))
    assert named <= set(rules())
