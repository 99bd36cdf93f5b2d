"""The pieces in contrib/, each with the real program on its other side where this machine has it."""

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from datetime import datetime

import jinja2
import pytest
import yaml

from tests.command import ROOT, argv, authwatch, environment, state
from tests.openclaw_home import DAY, HOUR, openclaw, token
from tests.polling import eventually, pause
from tests.receivers import web

CONTRIB = ROOT / "contrib"
SCRIPTS = [CONTRIB / "healthchecks" / "on-failure", *sorted((ROOT / "tests" / "shell").glob("*.sh"))]


@pytest.fixture
def home(tmp_path):
    """A home with a login that has ended, one that ends in twenty days, and authwatch on PATH."""
    home = tmp_path / "home"
    home.mkdir()
    openclaw(home, {"anthropic:default": token(ends_in=-HOUR), "openai:x": token("openai", 20 * DAY)})
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "authwatch"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(argv())} "$@"\n')
    script.chmod(0o755)
    return home


def path_of(home):
    return {"PATH": f"{home.parent / 'bin'}:{os.environ['PATH']}"}


def run(words, home, **more):
    return subprocess.run(
        words, env=environment(home, path_of(home)), capture_output=True, text=True, check=False, **more
    )


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script):
    """shellcheck finds nothing in the scripts."""
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_every_piece_is_named_in_the_overview():
    """Every piece is named in the overview."""
    text = (CONTRIB / "README.md").read_text()
    for folder in (path for path in CONTRIB.iterdir() if path.is_dir()):
        assert f"]({folder.name}" in text


def test_the_lines_for_cron_run_under_sh(home):
    """The line for cron runs under sh, and prints nothing that cron would mail."""
    *_, line = (CONTRIB / "cron" / "authwatch").read_text().splitlines()
    command = line.split(maxsplit=6)[6]
    done = run(["sh", "-c", command], home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (state(home) / "status.json").exists()


def test_a_broken_installation_is_told_to_healthchecks(home):
    """A broken installation is told to healthchecks: its config pings after a check, its hook raises the alarm."""
    folder = home / ".config" / "authwatch"
    folder.mkdir(parents=True)
    for name in ("config.yaml", "on-failure"):
        shutil.copy(CONTRIB / "healthchecks" / name, folder)
    (folder / "config.yaml").chmod(0o600)
    with web() as there:
        (folder / "heartbeat.url").write_text(f"http://127.0.0.1:{there.port}/ping/uuid\n")
        (folder / "heartbeat.url").chmod(0o600)
        done = authwatch(home, "check")
        assert (done.code, done.err) == (1, "")  # it says so where a ping was not heard
        environ = {**os.environ, "MONITOR_UNIT": "authwatch-check.service", "MONITOR_SERVICE_RESULT": "exit-code"}
        subprocess.run([folder / "on-failure"], env=environ, check=True)
    assert [one.path for one in there.received] == ["/ping/uuid/fail"]
    assert "authwatch-check.service failed: exit-code" in str(there.received[0].body)


def test_nagios_and_icinga_understand_the_plugin(home):
    """What the two configs run is a plugin: one line with perfdata, and the plugins' codes."""
    for path in (CONTRIB / "nagios" / "authwatch.cfg", CONTRIB / "icinga" / "authwatch.conf"):
        found = re.search(r'authwatch"?,? "?(check"?,? "?--nagios)', path.read_text())
        assert found
        done = run(["authwatch", *re.findall(r"[a-z-]+", found[1])], home)
        assert done.returncode == 2, done.stderr
        assert re.fullmatch(r"\S+ CRITICAL[^\n|]*\|[^\n|]*\n", done.stdout), done.stdout


@pytest.mark.skipif(not shutil.which("prometheus-node-exporter"), reason="prometheus-node-exporter is not installed")
def test_node_exporter_shows_the_textfile(home, tmp_path):
    """The real node_exporter shows what the drop-in's command writes, readable for it although we are private."""
    folder = tmp_path / "textfile"
    folder.mkdir()
    (line,) = re.findall(
        r"^ExecStart=:(\S+) (.*)$", (CONTRIB / "node_exporter" / "textfile.conf").read_text(), re.MULTILINE
    )
    words = shlex.split(line[1].replace("/var/lib/prometheus/node-exporter", str(folder)))
    assert run(["authwatch", *words], home).returncode == 0
    assert (folder / "authwatch.prom").stat().st_mode & 0o777 == 0o644
    options = ["--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}"]
    exporter = subprocess.Popen(
        ["prometheus-node-exporter", "--web.listen-address=127.0.0.1:19101", *options], stderr=subprocess.DEVNULL
    )
    try:
        text = fetched("http://127.0.0.1:19101/metrics")
    finally:
        exporter.kill()
        exporter.wait()
    assert 'authwatch_profile_needs_human{agent="main",needs_human="now",profile="anthropic:default"' in text
    assert "node_textfile_scrape_error 0" in text


def fetched(url):
    def answered():
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()

    return eventually(answered, url)


class Loader(yaml.SafeLoader):
    """YAML as Home Assistant reads it, with secrets left out."""


Loader.add_constructor("!secret", lambda loader, node: "Bearer x")


def test_home_assistant_gets_a_number_a_moment_and_a_state(home):
    """The templates for Home Assistant give a number, a moment and a state of the real document."""
    authwatch(home, "check")
    document = json.loads((state(home) / "status.json").read_text())
    (rest,) = yaml.load((CONTRIB / "home-assistant" / "authwatch.yaml").read_text(), Loader)["rest"]

    def value(sensor):
        return jinja2.Environment().from_string(sensor["value_template"]).render(value_json=document)

    count, following = map(value, rest["sensor"])
    assert count == "1"
    assert datetime.fromisoformat(following) == datetime.fromisoformat(document["profiles"][0]["deadline"])
    assert value(rest["binary_sensor"][0]) == "True"
    assert set(rest["sensor"][0]["json_attributes"]) <= set(document)


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed (Debian: nodejs)")
def test_the_openclaw_hook_starts_a_check_and_feeds_it_no_secret(home):
    """OpenClaw's hook starts a check when the gateway did, and at no other event; it gets no secret of the gateway."""
    handler = CONTRIB / "openclaw-hook" / "authwatch-check" / "handler.js"
    script = home.parent / "bin" / "authwatch"
    script.write_text(script.read_text().replace("exec", f'env >"{home}/new"; mv "{home}/new" "{home}/seen"\nexec', 1))
    fire = "import(process.argv[1]).then((m) => m.default({type: process.argv[2], action: process.argv[3]}))"
    environ = {**environment(home, path_of(home)), "ANTHROPIC_API_KEY": "planted-secret", "LD_LIBRARY_PATH": ""}

    def event(*words):
        subprocess.run(["node", "-e", fire, handler, *words], env=environ, check=True, timeout=60)

    event("command", "new")
    pause(0.5)
    assert not (home / "seen").exists()
    event("gateway", "startup")
    eventually((home / "seen").exists)
    seen = (home / "seen").read_text()
    assert "planted-secret" not in seen
    assert f"HOME={home}" in seen
    (front,) = re.findall(r"^metadata: (.*)$", (handler.parent / "HOOK.md").read_text(), re.MULTILINE)
    assert json.loads(front)["openclaw"]["events"] == ["gateway:startup"]


CLAUDE_HOOK = CONTRIB / "claude-code-hook" / "settings.json"
#: What Claude Code writes to the hook's stdin.
STOP_FAILURE = {
    "session_id": "x",
    "transcript_path": "/x.jsonl",
    "cwd": "/",
    "hook_event_name": "StopFailure",
    "error": "authentication_failed",
}


def claude_hook():
    """The command of the hook, and for how many seconds Claude Code waits for it."""
    (entry,) = json.loads(CLAUDE_HOOK.read_text())["hooks"]["StopFailure"]
    (hook,) = entry["hooks"]
    assert (entry["matcher"], hook["type"]) == ("authentication_failed", "command")
    return hook["command"], hook["timeout"]


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
@pytest.mark.parametrize(
    ("unit", "installed", "called"),
    [
        (True, True, ["systemctl --user start --no-block authwatch-check.service"]),
        (False, True, ["systemctl --user start --no-block authwatch-check.service", "authwatch check"]),
        (None, True, ["authwatch check"]),
        (None, False, []),
    ],
    ids=["a unit", "no unit", "no systemd", "no authwatch"],
)
def test_the_claude_code_hook_starts_a_check_and_cannot_hold_up_a_session(home, shell, unit, installed, called):
    """It ends at once with 0 and without a word while the check, which is slow here, has just begun."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    command, timeout = claude_hook()
    programs = home / ".local" / "bin"
    programs.mkdir(parents=True)
    calls, tools = home / "calls", home / "tools"
    tools.mkdir()
    (tools / "nohup").symlink_to(shutil.which("nohup"))

    def program(name, *lines):
        path = programs / name
        path.write_text("\n".join(["#!/bin/sh", f'echo "{name} $*" >>"{calls}"', *lines, ""]))
        path.chmod(0o755)

    if unit is not None:
        program("systemctl", f"echo noise; exit {0 if unit else 5}")
    if installed:
        program("authwatch", "echo noise; echo noise >&2", "/bin/sleep 2", f'echo ended >>"{calls}"', "exit 2")
    began = time.monotonic()
    done = subprocess.run(
        [shutil.which(shell), "-c", command],
        env={"HOME": str(home), "PATH": str(tools)},
        input=json.dumps(STOP_FAILURE),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - began < 1.5
    starts = "authwatch check" in called
    wanted = [*called, *(["ended"] if starts else [])]
    if wanted:
        eventually(lambda: calls.exists() and calls.read_text().splitlines() == wanted)
    else:
        pause(0.5)
        assert not calls.exists()


def test_the_claude_code_hook_runs_a_real_check(home):
    """With the program itself, the check leaves its document."""
    command, timeout = claude_hook()
    (home.parent / "bin" / "systemctl").symlink_to(shutil.which("false"))
    environ = environment(home, path_of(home))
    done = subprocess.run(
        ["sh", "-c", command],
        env=environ,
        input=json.dumps(STOP_FAILURE),
        capture_output=True,
        text=True,
        check=True,
        timeout=timeout,
    )
    assert done.stdout + done.stderr == ""
    eventually((state(home) / "status.json").exists)


def test_the_container_needs_no_compiler(tmp_path):
    """What the container file installs has a wheel for every dependency; each file that it names is there."""
    text = (CONTRIB / "container" / "Containerfile").read_text()
    (words,) = re.findall(r"^RUN pip (install .*) /src &&", text, re.MULTILINE)
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    environ = {**os.environ, "CC": str(compiler), "CXX": str(compiler)}
    command = [sys.executable, "-m", "pip", *words.split(), "--dry-run", "--ignore-installed", "-q", str(ROOT)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for option in ("STATE_DIRECTORY=/var/lib/authwatch", "USER authwatch", 'ENTRYPOINT ["authwatch"]'):
        assert option in text
