"""Runs commands as on a phone with Termux (see `fake-termux` beside this) and gives back what was called."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROOT

FAKE = Path(__file__).with_name("fake-termux")
PREFIX = "/data/data/com.termux/files/usr"
HOME = "/data/data/com.termux/files/home"
SHARE = f"{HOME}/.local/share/authwatch"
SH = f"#!{PREFIX}/bin/sh\n"

NEEDS = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("dash"), reason="a mount namespace needs root, its shell Debian's dash"
)

#: An authwatch that notes how it was called, and says what lies in ~/answer with the code in ~/code.
AUTHWATCH = f"""{SH}echo "$@" >>$HOME/asked
cat $HOME/answer 2>/dev/null
exit $(cat $HOME/code 2>/dev/null || echo 0)
"""
#: An ssh that notes its arguments one a line, and answers as a server would; "hang" in ~/code never answers.
SSH = f"""{SH}printf '%s\\n' "$@" -- >>$HOME/ssh
echo "Warning: a banner" >&2
[ "$(cat $HOME/code 2>/dev/null)" != hang ] || sleep 1000
cat $HOME/answer 2>/dev/null
exit $(cat $HOME/code 2>/dev/null || echo 0)
"""
REPORT = """authwatch · vps-1 · Sun 22 Nov, 14:10 UTC

1 needs you now, 1 soon

NOW   openclaw main  openai:$(reboot)    expired 3 h ago (Sun 22 Nov, 11:10 UTC) and does not renew itself
      fix: openclaw models auth paste-token --provider openai
SOON  openclaw main  x:default           expires in 2 days (Tue 24 Nov, 17:10 UTC); acknowledged
      fix: nothing that counts
ok    openclaw main  openrouter:default  renews itself
"""


@dataclass(frozen=True)
class Seen:
    """How it ended, what was printed, and each call of a command of Termux."""

    code: int
    out: str
    calls: list[dict[str, Any]]

    def of(self, name: str) -> list[list[str]]:
        return [call["argv"] for call in self.calls if call["cmd"] == name]

    def option(self, name: str, option: str) -> list[str]:
        return [words[words.index(option) + 1] for words in self.of(name) if option in words]


def phone(
    *commands: str, answers: Mapping[str, Any] | None = None, files: Mapping[str, str] | None = None, more: str = ""
) -> Seen:
    """Runs the commands on a phone of their own with `termux/` in ~/termux; `files` lie in its home, those in bin/ as
    programs. `more` are options of fake-termux. Calls that hang are soon given up."""
    with tempfile.TemporaryDirectory(prefix="authwatch-termux-") as folder:
        place = Path(folder)
        (place / "answers").write_text(json.dumps(answers or {}))
        words = ["-l", place / "calls", "-a", place / "answers", "-c", f"{ROOT / 'termux'}:termux", *more.split()]
        for number, (name, text) in enumerate((files or {}).items()):
            path = place / str(number)
            path.write_text(text)
            path.chmod(0o755 if name.startswith("bin/") else 0o644)
            words += ["-c", f"{path}:{name}"]
        hangs = any(one.get("hang") for scripted in (answers or {}).values() for one in scripted)
        setting = f"export patience={1 if hangs else 60}; PATH=$PATH:$HOME/bin; "
        done = subprocess.run(
            [FAKE, *words, *(setting + command for command in commands)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            timeout=300,
            check=False,
        )
        return Seen(done.returncode, done.stdout, [json.loads(line) for line in (place / "calls").open()])


HERE = {"bin/authwatch": AUTHWATCH}
THERE = {"bin/ssh": SSH, "answer": REPORT, "code": "1"}
INSTALL = "sh termux/install.sh >/dev/null"
INSTALL_SSH = "sh termux/install.sh --ssh admin@vps-1 >/dev/null"
