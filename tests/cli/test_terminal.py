"""On a terminal: colour, the width, completions that the shells accept, a manual page that is current."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.cli.app import COMMANDS
from monitor.setup.demo_home import furnish
from tests.cli.manual import page
from tests.command import ROOT, authwatch, environment
from tests.warm import warm


def on_a_terminal(
    home: Path, *words: str, env: dict[str, str] | None = None, until: str = "", columns: int = 90
) -> str:
    """What a command writes to a terminal; ends it once `until` was seen."""
    handle, end = pty.openpty()
    whole = environment(home, {"COLUMNS": str(columns), "TERM": "xterm", **(env or {})})
    running = warm().start(words, whole, home, (end, end, end), terminal=True)
    os.close(end)
    written, limit = b"", time.monotonic() + 60
    while time.monotonic() < limit:
        if select.select([handle], [], [], 0.2)[0]:
            try:
                part = os.read(handle, 65536)
            except OSError:
                break
            if not part:
                break
            written += part
        if until and until in written.decode("utf-8", "replace"):
            os.killpg(running.pid, 2)
            until = ""  # what is still written has to be read, or its writer waits for ever
    else:
        os.killpg(running.pid, 9)
    running.wait(60)
    os.close(handle)
    return written.decode("utf-8", "replace")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    furnish(tmp_path, datetime.now(UTC))
    return tmp_path


def test_status_on_a_terminal_is_a_coloured_table_and_its_commands_are_never_broken(home):
    """Status on a narrow terminal is coloured, and a shell puts a command that took several lines together again."""
    seen = on_a_terminal(home, "status", columns=60)
    assert "\x1b[" in seen
    plain = re.sub(r"\x1b\[[0-9;]*m", "", seen).replace("\r\n", "\n")
    assert "1 needs you now, 1 soon, 1 unreadable\n" in plain
    assert max(len(line) for line in plain.splitlines() if "/.openclaw/" not in line) <= 60
    command = plain.partition("fix: ")[2].partition("\n?")[0]
    assert command.count("\\\n") == 2
    assert shlex.split(command.replace("\\\n", " ")) == shlex.split(
        "openclaw models auth paste-token --provider openai --profile-id openai:default"
    )


@pytest.mark.parametrize(("words", "env"), [(["status"], {"NO_COLOR": "1"}), (["status", "--no-color"], {})])
def test_no_colour_means_no_escape_code(home, words, env):
    """NO_COLOR and --no-color mean no escape code, on a terminal too."""
    assert "\x1b" not in on_a_terminal(home, *words, env=env)


def test_a_pipe_gets_no_escape_code(home):
    """A pipe gets no escape code."""
    assert "\x1b" not in authwatch(home, "status").out


def test_watch_looks_again_until_it_is_interrupted(home):
    """--watch clears the screen, looks, and ends with Ctrl-C without a traceback."""
    seen = on_a_terminal(home, "status", "--watch", until="needs you now")
    assert "\x1b[H\x1b[2J" in seen
    assert "Traceback" not in seen


def test_history_on_a_terminal_is_a_timeline(home):
    """History on a terminal is a timeline per login."""
    authwatch(home, "check")
    seen = on_a_terminal(home, "history", columns=40)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", seen)
    assert re.search(r"^  ● \w{3} \d+ \w{3} \d{4}, \d\d:\d\d UTC\r\n    first seen → ok\r$", plain, re.MULTILINE)
    assert "\r\nopenclaw/main/openai:default\r\n" in plain
    assert "\x1b[32m●" in seen
    assert "\x1b[2m" not in seen, "dim text cannot be read on every background"
    assert "\x1b" not in on_a_terminal(home, "history", "--no-color")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_is_accepted_by_its_shell_and_knows_every_command(tmp_path, shell):
    """A completion script is accepted by its shell and knows every command."""
    script = authwatch(tmp_path, "completion", shell).out
    assert all(name in script for name in COMMANDS)
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(script, "utf-8")
    done = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes_commands_and_options(tmp_path):
    """Bash really completes: `authwatch al` to alerts, `authwatch check --na` to --nagios."""
    (tmp_path / "script").write_text(authwatch(tmp_path, "completion", "bash").out, "utf-8")
    ask = (
        "source ./script; complete_one() {{ COMP_WORDS=({words}); COMP_CWORD={at}; COMP_LINE='{line}';"
        ' _shtab_authwatch; echo "${{COMPREPLY[@]}}"; }}; complete_one'
    )
    for words, at, wanted in (("authwatch al", 1, "alerts"), ("authwatch check --na", 2, "--nagios")):
        done = subprocess.run(
            ["bash", "-c", ask.format(words=words, at=at, line=words)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert wanted in done.stdout.split(), done


def test_the_manual_page_is_current_and_formats_without_a_warning():
    """The manual page is what the parser says; groff has nothing to complain of."""
    path = ROOT / "contrib" / "man" / "authwatch.1"
    assert "SUPPRESS" not in path.read_text("utf-8"), "an option that is not for people"
    assert path.read_text("utf-8") == "\n".join(page()) + "\n", "python -m tests.cli.manual > contrib/man/authwatch.1"
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", path], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
