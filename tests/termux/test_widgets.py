"""What a tap on the phone does: status, log in again, acknowledge."""

from __future__ import annotations

import pytest

from tests.termux.handset import AUTHWATCH, HERE, HOME, INSTALL, INSTALL_SSH, NEEDS, REPORT, SH, THERE, phone

pytestmark = NEEDS

STATUS = f"{HOME}/.shortcuts/tasks/authwatch-status"
RELOGIN = f"{HOME}/.shortcuts/authwatch-relogin"
ACKNOWLEDGE = f"{HOME}/.shortcuts/tasks/authwatch-acknowledge"
ONE, TWO = "0" * 31 + "1", "0" * 31 + "2"
LIST = f'{ONE}\tanthropic:default (main), ends soon.\n{TWO}\topenai:$(reboot), "ended"\n'
#: An authwatch that lists what stands and notes what else it was asked.
LISTING = f'{SH}echo "$@" >>$HOME/asked\n[ "$*" != "alerts list --tokens" ] || cat $HOME/list\nexit $(cat code 2>/dev/null || echo 0)\n'
STANDING = {"bin/authwatch": LISTING, "list": LIST}


def chosen(index: int) -> dict[str, object]:
    return {"termux-dialog": [{"stdout": {"code": -1, "text": "x", "index": index}}]}


@pytest.mark.parametrize(
    ("code", "report", "toast", "shown"),
    [
        ("0", "authwatch · x\n\nok    a  renews itself\n", "No action needed.", 0),
        ("1", REPORT, "A login needs you now.", 1),
        ("2", "authwatch · x\n\nSOON  a  expires\n", "A login needs you soon.", 1),
        ("3", "authwatch · x\n\n?  a: b: not JSON\n", "A login could not be read.", 1),
        ("70", "", "No answer.", 0),
    ],
)
def test_status_is_one_tap(code, report, toast, shown):
    seen = phone(INSTALL, f"echo {code} >code; {STATUS}", files=HERE | {"answer": report})
    assert seen.of("termux-toast") == [[f"authwatch: {toast}"]]
    assert len(seen.of("termux-notification")) == shown


def test_status_shows_again_what_was_shown_before():
    seen = phone(INSTALL_SSH, STATUS, STATUS, files=THERE)
    assert len(seen.of("termux-notification")) == 3


def test_status_ends_where_the_app_hangs():
    hang = {"termux-toast": [{"hang": True}], "termux-notification": [{"hang": True}]}
    seen = phone(INSTALL_SSH, f"a=$(date +%s); {STATUS}; echo $(($(date +%s) - a))", answers=hang, files=THERE)
    assert int(seen.out.splitlines()[-1]) < 15


def test_relogin_on_the_phone_is_authwatch_s_own():
    seen = phone(INSTALL, f"{RELOGIN}; tail -n 1 asked", files=HERE)
    assert seen.out == "Press Enter to close. relogin\n"


def test_relogin_of_a_server_is_a_terminal_there_that_lends_nothing():
    seen = phone(INSTALL_SSH, f"rm ssh; echo 0 >code; {RELOGIN}; echo; cat ssh", files=THERE)
    words = seen.out.splitlines()
    assert words[words.index("-t") :] == [
        *("-t", "-a", "-x", "-o", "ConnectTimeout=10", "--", "admin@vps-1"),
        *('PATH="$HOME/.local/bin:$PATH" authwatch relogin', "--"),
    ]


def test_relogin_says_when_the_server_cannot_be_reached():
    seen = phone(INSTALL_SSH, f'echo 255 >code; {RELOGIN}; echo " $?"', files=THERE)
    assert "No connection to admin@vps-1." in seen.out
    assert seen.out.splitlines()[-1].endswith(" 255")


def test_acknowledging_names_this_very_standing_by_its_token():
    seen = phone(INSTALL, f"{ACKNOWLEDGE}; tail -n 2 asked", answers=chosen(1), files=STANDING)
    (dialog,) = seen.of("termux-dialog")
    assert dialog[-1] == 'anthropic:default (main); ends soon.,openai:$(reboot); "ended"'
    assert seen.out.splitlines() == ["alerts list --tokens", f"alerts ack --token {TWO}"]
    assert seen.of("termux-toast") == [["authwatch: acknowledged, until it changes."]]


def test_acknowledging_on_a_server_goes_over_ssh_without_a_question():
    seen = phone(
        f"{INSTALL_SSH}; rm ssh; echo 0 >code",
        f"{ACKNOWLEDGE}; cat ssh",
        answers=chosen(0),
        files=THERE | {"answer": LIST},
    )
    assert seen.out.count("BatchMode=yes\n") == 2
    assert f'PATH="$HOME/.local/bin:$PATH" authwatch alerts ack --token {ONE}' in seen.out


@pytest.mark.parametrize(
    "reply", [{"code": -2, "text": ""}, {"code": -2, "text": "", "index": 1}, "", "ERROR", {"index": 7}]
)
def test_without_a_choice_nothing_is_acknowledged(reply):
    seen = phone(f"{INSTALL}; {ACKNOWLEDGE}; cat asked", answers={"termux-dialog": [{"stdout": reply}]}, files=STANDING)
    assert "alerts ack" not in seen.out


@pytest.mark.parametrize("answer", [{"hang": True}, {"exit": 1}])
def test_a_dialog_that_hangs_or_fails_acknowledges_nothing(answer):
    short = "sed -i 's/ \\* 12//' .shortcuts/tasks/authwatch-acknowledge"
    seen = phone(f"{INSTALL}; {short}; {ACKNOWLEDGE}; cat asked", answers={"termux-dialog": [answer]}, files=STANDING)
    assert "alerts ack" not in seen.out


def test_a_standing_that_changed_meanwhile_is_not_acknowledged():
    changed = AUTHWATCH.replace("cat $HOME/answer", f'[ "$2" = list ] && printf "{ONE}\\tx\\n" && exit 0')
    seen = phone(INSTALL, f"echo 1 >code; {ACKNOWLEDGE}", answers=chosen(0), files={"bin/authwatch": changed})
    assert seen.of("termux-toast") == [["authwatch: it has changed since. Nothing was acknowledged."]]


@pytest.mark.parametrize(
    ("text", "toast"), [("", "nothing is left to acknowledge."), ("a banner\n", "nothing is left to acknowledge.")]
)
def test_with_nothing_to_acknowledge_it_says_so(text, toast):
    seen = phone(INSTALL, ACKNOWLEDGE, files=STANDING | {"list": text})
    assert seen.of("termux-toast") == [[f"authwatch: {toast}"]]
