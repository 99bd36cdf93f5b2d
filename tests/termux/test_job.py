"""What the job does each half hour: on the phone itself, of a server over ssh, and over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.termux.handset import AUTHWATCH, HERE, HOME, INSTALL, INSTALL_SSH, NEEDS, PREFIX, REPORT, SHARE, THERE, phone

pytestmark = NEEDS

NEWS = """NOW   openclaw main  openai:$(reboot)    expired 3 h ago (Sun 22 Nov, 11:10 UTC) and does not renew itself
      fix: openclaw models auth paste-token --provider openai"""


def test_on_the_phone_the_job_is_one_check_and_quiet():
    seen = phone(INSTALL, "fake-run-jobs; cat asked", files=HERE)
    assert seen.out.splitlines() == ["check --exit-zero"] * 2
    assert not seen.of("termux-notification")


@pytest.mark.parametrize("code", ["70", "127"])
def test_an_authwatch_that_broke_is_told_once_a_day(code):
    """An upgrade of Python leaves its programs behind; only the job can notice."""
    broken = f"echo {code} >code"
    later = "touch -d '25 hours ago' .local/state/authwatch-phone/told-broken"
    mended = "echo 0 >code; fake-run-jobs"
    seen = phone(f"{INSTALL}; {broken}; fake-run-jobs; fake-run-jobs; {later}; fake-run-jobs; {mended}", files=HERE)
    assert (
        seen.option("termux-notification", "--content")
        == [f"The check failed with exit code {code}. Run in Termux: authwatch doctor"] * 2
    )
    assert seen.of("termux-notification-remove") == [["authwatch-broken"]]


def test_a_check_that_hangs_ends_and_is_told():
    slow = f"sed -i 's/^limit=.*/limit=2/' {SHARE}/settings; printf '#!{PREFIX}/bin/sh\\nsleep 1000\\n' >bin/authwatch"
    seen = phone(INSTALL, f"{slow}; fake-run-jobs", files=HERE)
    assert seen.option("termux-notification", "--content")[0].startswith("The check failed with exit code 124")


def test_two_jobs_at_once_are_one():
    slow = f"printf '#!{PREFIX}/bin/sh\\necho x >>$HOME/asked; sleep 2\\n' >bin/authwatch; rm -f asked"
    seen = phone(INSTALL, f"{slow}; fake-run-jobs & fake-run-jobs; wait; cat asked", files=HERE)
    assert seen.out == "x\n"


def test_of_a_server_what_needs_somebody_is_shown():
    seen = phone(INSTALL_SSH, "cat ssh", files=THERE)
    (shown,) = seen.of("termux-notification")
    given = dict(zip(shown[::2], shown[1::2], strict=True))
    assert given["--id"] == "authwatch-logins"
    assert given["--priority"] == "max"
    assert given["--title"] == "A login needs you now."
    assert given["--content"] == NEWS
    words = seen.out.splitlines()
    assert ["BatchMode=yes", "ConnectTimeout=10"] == [word for word in words if word.startswith(("Batch", "Connect"))]
    assert words[-4:] == [
        "--",
        "admin@vps-1",
        'PATH="$HOME/.local/bin:$PATH" authwatch status --check --no-color',
        "--",
    ]


def test_no_name_of_a_login_is_ever_in_an_action():
    """An action is text for a shell, run in the background without anybody looking."""
    seen = phone(INSTALL_SSH, files=THERE)
    (shown,) = seen.of("termux-notification")
    actions = [shown[at + 1] for at, word in enumerate(shown) if word.endswith("-action")]
    assert actions == [
        f"PATH={PREFIX}/bin am startservice --user 0 -n com.termux/com.termux.app.TermuxService "
        f"-a com.termux.service_execute -d com.termux.file:{HOME}/.shortcuts/authwatch-relogin",
        f"{HOME}/.shortcuts/tasks/authwatch-acknowledge",
    ]


def test_the_same_is_shown_once_worse_at_once_and_the_end_takes_it_away():
    soon = "printf 'authwatch · x\\n\\nSOON  a  expires\\n' >answer; echo 2 >code; fake-run-jobs; fake-run-jobs"
    worse = "printf 'authwatch · x\\n\\nNOW   a  expired\\n' >answer; echo 1 >code; fake-run-jobs"
    fine = "printf 'authwatch · x\\n\\nok    a  renews itself\\n' >answer; echo 0 >code; fake-run-jobs; fake-run-jobs"
    seen = phone(INSTALL_SSH, soon, worse, fine, files=THERE)
    assert seen.option("termux-notification", "--content") == [NEWS, "SOON  a  expires", "NOW   a  expired"]
    assert seen.option("termux-notification", "--priority") == ["max", "high", "max"]
    assert seen.of("termux-notification-remove") == [["authwatch-logins"]]


def test_what_could_not_be_shown_is_shown_next_time():
    failing = {"termux-notification": [{"exit": 1}, {"hang": True}, {"exit": 0}]}
    seen = phone(INSTALL_SSH, "fake-run-jobs", "fake-run-jobs", "fake-run-jobs", answers=failing, files=THERE)
    assert len(seen.of("termux-notification")) == 3


def test_a_phone_that_is_offline_says_nothing_and_a_lasting_silence_is_told():
    runs = ["echo 255 >code; : >answer", *["fake-run-jobs"] * 3]
    seen = phone(INSTALL_SSH, *runs, files=THERE)
    assert len(seen.of("termux-notification")) == 1
    back = f"echo 1 >code; printf '%s' '{REPORT.replace(chr(39), '')}' >answer; fake-run-jobs"
    seen = phone(INSTALL_SSH, *runs, "fake-run-jobs", back, files=THERE)
    assert seen.option("termux-notification", "--title") == ["A login needs you now.", "No answer from admin@vps-1."]
    assert seen.of("termux-notification-remove") == [["authwatch-silent"]]


@pytest.mark.parametrize("answer", ["", "sh: authwatch: not found\n", "Last login: Sunday\n"])
def test_another_program_s_exit_code_1_is_no_finding(answer):
    """A shell that finds no authwatch, or a broken profile, must not look like a dead login."""
    seen = phone(f"{INSTALL_SSH} 2>/dev/null; fake-run-jobs", files=THERE | {"answer": answer})
    assert not seen.of("termux-notification")


def test_a_banner_of_the_server_is_no_part_of_the_news():
    seen = phone(INSTALL_SSH, files=THERE | {"answer": f"Welcome to NOW or never!\n{REPORT}"})
    assert seen.option("termux-notification", "--content") == [NEWS]


def test_an_ssh_that_hangs_is_ended():
    quick = f"sed -i 's/-k 5 60/-k 1 1/' {SHARE}/phone.sh; echo hang >code"
    seen = phone(INSTALL_SSH, f"time=$(date +%s); {quick}; fake-run-jobs; echo $(($(date +%s) - time))", files=THERE)
    assert int(seen.out) < 10


def test_with_termux_exec_it_is_the_same():
    seen = phone(INSTALL_SSH, "fake-run-jobs", files=THERE, more="-x")
    assert seen.option("termux-notification", "--content") == [NEWS]


# -- over HTTP -------------------------------------------------------------------------------------------------


def document(**more: object) -> dict[str, object]:
    one = {
        "key": "a",
        "needs_human": "no",
        "summary": "fine",
        "ignored": False,
        "acknowledged": False,
        "silenced": False,
    }
    rows = [one, one | {"needs_human": "soon", "summary": "put aside.", "acknowledged": True}, one | more]
    return {"schema": 1, "exit_code": 1, "profiles": rows, "providers": [{"needs_human": "now"}], "problems": []}


@contextmanager
def daemon(body: bytes, code: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A server that answers as `authwatch serve` does; gives its address and the Authorization headers it saw."""
    words: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            words.append(f"{self.path} {self.headers.get('Authorization')}")
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", words
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("indent", [None, 1])
def test_over_http_what_needs_somebody_is_shown_and_the_password_stays_in_its_file(indent):
    text = 'has "ended", {"silenced": true} $(reboot)'
    word = "mkdir -p .config/authwatch; echo 'header = \"Authorization: Bearer word\"' >.config/authwatch/curl"
    with daemon(json.dumps(document(needs_human="now", summary=text), indent=indent).encode()) as (url, words):
        seen = phone(f"{word}; sh termux/install.sh --http {url}/", "fake-run-jobs", files=HERE, more="-b curl")
    assert seen.code == 0, seen.out
    assert seen.option("termux-notification", "--content") == [f"NOW  {text}"]
    assert set(words) == {"/api/v1/status Bearer word"}
    assert "network: " not in seen.out


@pytest.mark.parametrize(("body", "code"), [(b"{}", 200), (b"<html>login</html>", 200), (b'{"exit_code": 1}', 401)])
def test_over_http_an_answer_of_somebody_else_is_no_answer(body, code):
    with daemon(body, code) as (url, _):
        seen = phone(f"sh termux/install.sh --http {url} >/dev/null 2>&1; fake-run-jobs", files=HERE, more="-b curl")
    assert not seen.of("termux-notification")


def test_the_job_of_a_server_waits_for_a_network():
    seen = phone(INSTALL_SSH, files=THERE)
    assert seen.option("termux-job-scheduler", "--network") == ["any"]


def test_authwatch_is_started_with_the_words_it_was_given():
    """Interpreter, config and paths with spaces survive."""
    words = f"AUTHWATCH_CONFIG='{HOME}/a \"b\" \\$c' {HOME}/bin/authwatch"
    odd = AUTHWATCH.replace("$@", "$AUTHWATCH_CONFIG")
    seen = phone(
        f'{INSTALL} --command "{words.replace(chr(34), chr(92) + chr(34))}"; cat asked', files={"bin/authwatch": odd}
    )
    assert seen.out == f'{HOME}/a "b" $c\n'
