"""Guests in a real check: whatever they do costs one unknown each, and the check ends."""

from __future__ import annotations

import time
from pathlib import Path

from tests.command import ROOT, authwatch, configure
from tests.openclaw_home import DAY, openclaw, token

GUESTS = {
    "good": """
from monitor.api import Credential, Kind, Observation
def observe(host, entry):
    yield Observation(Credential(entry.id, "-", "p", "good:one", Kind.TOKEN), store="x")
""",
    "stuck": "while True: pass\n",
    "torn": "raise RuntimeError('FAKESECRET')\n",
    "gone": "import os\ndef observe(host, entry):\n    raise SystemExit('FAKESECRET')\n    yield\n",
    "odd": "def observe(host, entry):\n    return ['FAKESECRET']\n",
}


def install(folder: Path) -> dict[str, str]:
    """The guests as packages of their own; the environment in which they are found."""
    for name, text in GUESTS.items():
        (folder / f"guest_{name}.py").write_text(text)
        about = folder / f"guest_{name}-1.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: guest-{name}\nVersion: 1\n")
        (about / "entry_points.txt").write_text(f"[authwatch.sources]\n{name} = guest_{name}:observe\n")
    return {"PYTHONPATH": f"{ROOT}:{folder}"}


def test_guests_that_fail_cost_one_unknown_each_and_a_check_ends(tmp_path: Path) -> None:
    home, packages = tmp_path / "home", tmp_path / "packages"
    home.mkdir()
    packages.mkdir()
    openclaw(home, {"anthropic:default": token(ends_in=100 * DAY)})
    env = install(packages)
    configure(home, f"sources: [openclaw, {', '.join(GUESTS)}]\n")
    began = time.monotonic()
    done = authwatch(home, "check", "--json", env=env)
    assert time.monotonic() - began < 60
    assert done.code == 3, done.err
    found = {profile["key"]: profile["state"] for profile in done.json["profiles"]}
    assert found == {"openclaw/main/anthropic:default": "ok", "good/-/good:one": "static"}
    told = {trouble["source"]: trouble["problem"] for trouble in done.json["problems"]}
    assert told == {"stuck": "timeout", "torn": "crashed", "gone": "crashed", "odd": "crashed"}
    assert "FAKESECRET" not in done.out + done.err
