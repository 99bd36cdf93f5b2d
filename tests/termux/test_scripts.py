"""The scripts as text: clean for shellcheck and shfmt, plain sh, every call of Termux:API with a time limit."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.command import ROOT

SCRIPTS = sorted(path for path in (ROOT / "termux").rglob("*") if path.is_file())
NAMES = [str(path.relative_to(ROOT)) for path in SCRIPTS]


def test_shellcheck_finds_nothing():
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", "-x", *NAMES], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_shfmt_changes_nothing():
    if not shutil.which("shfmt"):
        pytest.skip("shfmt is not installed")
    done = subprocess.run(
        ["shfmt", "-d", "-i", "2", "-ci", *NAMES], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_it_is_plain_sh_by_its_full_name(path):
    first, *lines = path.read_text("utf-8").splitlines()
    assert first in ("#!/data/data/com.termux/files/usr/bin/sh", "# shellcheck shell=sh")
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    for word in ("[[", "<<<", "function ", "local ", "/usr/bin/", "/tmp/", "/etc/passwd", " bash"):
        assert word not in code, word
    dash = shutil.which("dash")
    assert not dash or subprocess.run([dash, "-n", path], check=False).returncode == 0


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_every_call_of_the_phone_has_a_time_limit(path):
    """Each blocks for ever where the app Termux:API is missing or asleep."""
    for line in path.read_text("utf-8").splitlines():
        if line.lstrip().startswith("#"):
            continue
        for call in re.finditer(r"termux-(?!services|api\b)[a-z-]+(?= [\"a-z-])", line.split(" #")[0]):
            before = line[: call.start()]
            asked = "for need in" in line or "command -v" in before
            assert asked or before.rstrip().endswith("api") or "timeout -k" in before, line
        for call in re.finditer(r"(?<![\w-])(ssh -(?!o BatchMode=yes -- )|curl \")", line):
            asked_by_a_person = call[0] == "ssh -" and line[call.start() :].startswith("ssh -t ")
            assert asked_by_a_person or "timeout -k" in line[: call.start()], line


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_nothing_that_is_read_is_run(path):
    code = "\n".join(line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#"))
    assert not re.search(r"\beval\b|`|sh -c|xargs", code)
