"""What cannot be read, from the file on the disk to the alert: a real check, its textfile, the rules."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from tests.command import authwatch
from tests.contrib.test_rules import RULES

TORN = '{"claudeAiOauth": {"acc'
#: The file of each default source that keeps logins in one.
STORES = {
    "claude-code": ".claude/.credentials.json",
    "codex": ".codex/auth.json",
    "gemini-cli": ".gemini/oauth_creds.json",
    "openclaw": ".openclaw/agents/main/agent/auth-profiles.json",
}


def torn(path):
    path.write_text(TORN)


def forbidden(path):
    path.write_text("{}")
    path.chmod(0)


def no_file(path):
    path.mkdir()


def fires(textfile, tmp_path):
    """Which alerts fire for which sources when a textfile is read for 40 minutes."""
    lines = [line.rpartition(" ") for line in textfile.read_text().splitlines() if not line.startswith("#")]
    series = [
        {"series": name.replace("{", '{instance="vps-1",') if "{" in name else name, "values": f"{value}x50"}
        for name, _, value in lines
    ]
    question = {"expr": 'count by (alertname, source) (ALERTS{alertstate="firing"})', "eval_time": "40m"}
    test = {"interval": "1m", "input_series": series, "promql_expr_test": [{**question, "exp_samples": []}]}
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    return set(re.findall(r'\{alertname="(\w+)", source="([\w-]+)"\}', done.stdout + done.stderr))


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize("harm", [torn, no_file, *([forbidden] if os.geteuid() else [])])  # root may read everything
def test_a_store_that_cannot_be_read_raises_an_alert(tmp_path, harm):
    """A store that cannot be read raises an alert for its source, even if no login was ever seen there."""
    for store in STORES.values():
        path = tmp_path / store
        path.parent.mkdir(parents=True)
        harm(path)
    done = authwatch(tmp_path, "check", "--textfile", tmp_path / "authwatch.prom")
    assert done.code == 3, done.out + done.err
    text = (tmp_path / "authwatch.prom").read_text()
    for source in STORES:
        assert f'authwatch_source_up{{source="{source}"}} 0\n' in text
        assert re.search(rf'^authwatch_source_problems{{source="{source}",problem="\w+"}} [1-9]', text, re.MULTILINE)
    assert 'authwatch_source_up{source="env"} 1\n' in text
    found = fires(tmp_path / "authwatch.prom", tmp_path)
    assert {source for alert, source in found if alert == "AuthwatchSourceDown"} == set(STORES)
    assert ("AuthwatchLoginUnknown", "claude-code") in found
