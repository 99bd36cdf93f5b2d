"""Bad input gives an error with file, line, path and a suggestion, or an escaped text; nothing else stops working."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from pathlib import Path

import pytest

from alerts.formats import LIMIT
from tests.alerts.life import DAY, HOUR, MINUTE, START, Life
from tests.command import configure
from tests.receivers import mail

GOOD = "  phone: {{url: '{url}'}}\n"

#: one bad line of `channels:` (or of `alerts:`): what `config check` says of it
BAD_CHANNELS = {
    "unknown schema": ("bad: {url: 'ntfi://ntfy.sh/topic'}", "did you mean ntfy:// ?"),
    "no schema": ("bad: {url: 'ntfy.sh/topic'}", "expected an Apprise URL such as ntfys://"),
    "half a URL": ("bad: {url: 'tgram://123'}", "is not what Telegram needs"),
    "half a mail address": ("bad: {url: 'mailtos://'}", "mailtos"),
    "missing secret file": ("bad: {url_file: /nonexistent/mail.url}", "no such file"),
    "unset variable": ("bad: {url: 'ntfys://ntfy.sh/${NOBODY_SET_THIS}'}", "NOBODY_SET_THIS"),
}
BAD_ALERTS = {
    "quiet without end": ("quiet: {from: '22:00'}", "quiet"),
    "quiet at 25 o'clock": (
        "quiet: {from: '25:00', to: '07:00', timezone: UTC}",
        "expected a time of day such as 22:00",
    ),
    "quiet all day": ("quiet: {from: '07:00', to: '07:00', timezone: UTC}", "quiet"),
    "quiet as YAML's number": (
        "quiet: {from: 2200, to: '07:00', timezone: UTC}",
        "expected a time of day such as 22:00",
    ),
    "quiet on Mars": ("quiet: {from: '22:00', to: '07:00', timezone: Mars/Olympus}", "such as Europe/Stockholm"),
    "reminders as a word": ("remind: daily", "remind"),
    "settle backwards": ("settle: -10m", "settle"),
    "misspelt key": ("setle: 10m", "did you mean"),
}
NASTY = {
    "markup": "anthropic:<b>x</b>**y**[z](http://e.x)&amp;",
    "control characters": "anthropic:a\x1b[31m\x07\r\nSubject: spoof\x00",
    "direction overrides": "anthropic:\u202egnp.exe\u2066\u200b",
    "a path": "anthropic:../../../etc/passwd",
    "very long": "anthropic:" + "x" * 5000,
    "emoji and scripts": "anthropic:日本語 🔑 ñ",
}


@pytest.mark.parametrize("name", BAD_CHANNELS)
def test_a_channel_that_cannot_work_is_an_error_with_its_line_and_stops_no_other(life: Life, name: str) -> None:
    line, why = BAD_CHANNELS[name]
    good = GOOD.format(url=life.there.url("json", "json/phone"))
    path = configure(life.home, f"host: box\nchannels:\n{good}  {line}\n")
    checked = life.line.run(life.home, "config", "check", at=START)
    assert checked.code == 78
    said = checked.out + checked.err
    assert re.search(rf"{re.escape(path.name)}:4: channels\.bad", said), said
    assert why in said
    assert "Traceback" not in said
    life.openclaw({"anthropic:default": life.token(-HOUR)})
    done = life.look()
    assert done.code == 1
    assert [one.name for one in life.items] == ["anthropic:default (main)"], "the good channel hears it all the same"
    assert "bad" in done.err, "and the bad one is not passed over in silence"
    doctor = life.line.run(life.home, "doctor", at=START)
    assert doctor.code == 1
    assert "bad" in doctor.out


@pytest.mark.parametrize("name", BAD_ALERTS)
def test_an_impossible_setting_is_an_error_with_file_line_and_path(life: Life, name: str) -> None:
    line, word = BAD_ALERTS[name]
    path = configure(life.home, f"host: box\nalerts:\n  {line}\n")
    for words in (("config", "check"), ("check",)):
        done = life.line.run(life.home, *words, at=START)
        assert done.code == 78
        assert re.search(rf"{re.escape(path.name)}:3: alerts\.", done.out + done.err), done.err
        assert word in done.out + done.err


@pytest.mark.parametrize(
    "words",
    [
        ("provider", "--for", "4h"),
        ("=x", "--for", "4h"),
        ("colour=red", "--for", "4h"),
        ("provider=anthropic", "--for", "soon"),
        ("provider=anthropic", "--for", "-1h"),
        ("provider=anthropic", "--for", "99999999999d"),
        ("provider=anthropic", "--for", "0s"),
        ("", "--for", "4h"),
    ],
    ids=" ".join,
)
def test_an_impossible_silence_is_refused_in_words(life: Life, words: tuple[str, ...]) -> None:
    life.openclaw({"anthropic:default": life.token(-HOUR)})
    done = life.line.run(life.home, "alerts", "silence", *words, at=START)
    assert done.code == 64, done.err
    assert "Traceback" not in done.err
    assert "internal error" not in done.err
    assert len(done.err.strip()) > 20
    life.look()
    assert len(life.items) == 1


def test_an_acknowledgement_of_what_does_not_stand_says_so_and_what_does(life: Life) -> None:
    life.openclaw({"anthropic:default": life.token(-HOUR)})
    life.look()
    done = life.line.run(life.home, "alerts", "ack", "openclaw/main/anthropic:defualt", at=START)
    assert done.code == 1
    assert "openclaw/main/anthropic:default" in done.err


@pytest.mark.parametrize("name", NASTY)
def test_an_id_with_anything_in_it_is_told_in_escaped_words(life: Life, name: str) -> None:
    profile = NASTY[name]
    life.openclaw({profile: life.token(-HOUR)})
    with mail() as box:
        lines = GOOD.format(url=life.there.url("json", "json/phone"))
        lines += GOOD.format(url=life.there.url("json", "json/md?format=markdown")).replace("phone:", "md:")
        lines += GOOD.format(url=box.url("mailto", "?from=aw@example.org&to=me@example.org")).replace("phone:", "mail:")
        configure(life.home, f"host: box\nchannels:\n{lines}")
        done = life.line.run(life.home, "check", at=START)
        assert (done.code, done.err) == (1, "")
        (letter,) = box.received
    bodies = {one.path.split("?")[0].rsplit("/", 1)[-1]: one.body for one in life.there.received}
    assert set(bodies) == {"phone", "md"}
    for body in bodies.values():
        assert not unsafe(body["title"])
        assert not unsafe(body["message"].replace("\n", ""))
    assert not unsafe(letter.subject)
    assert "spoof" not in letter.headers.get("Subject", "").split("\n")[1:]
    assert "<b>x" not in letter.html
    assert "**y**" not in bodies["md"]["message"].replace("\\", "") or "\\*" in bodies["md"]["message"]
    assert not unsafe(done.out.replace("\n", ""))


def test_a_message_about_a_thousand_logins_is_cut_and_counted(life: Life) -> None:
    """A megabyte of news becomes what a phone shows, with the number of the rest; on every channel and in the log."""
    profiles = {f"anthropic:{nth:04}-{'long name ' * 10}": life.token(-HOUR, str(nth)) for nth in range(1000)}
    life.openclaw(profiles)
    done = life.look()
    assert done.code == 1
    assert done.err == ""
    (message,) = life.there.received
    assert len(message.body["message"].encode()) <= LIMIT + 200
    assert re.search(r"and \d{3} more: authwatch status", message.body["message"], re.IGNORECASE)
    assert re.search(r"^(999|1000) logins need you now", message.body["title"])
    life.look(after=5 * MINUTE)
    assert len(life.there.received) == 1


def test_a_config_of_a_megabyte_is_refused_and_a_long_note_in_it_is_cut(life: Life) -> None:
    entry = "{type: manual, id: pat, provider: github, expires: 2027-03-02, note: '%s'}"
    life.configured(f"sources: [{entry % ('x' * 1_000_000)}]")
    done = life.line.run(life.home, "check", at=START)
    assert done.code == 78
    assert "config.yaml" in done.err
    assert len(done.err) < 1000
    life.configured(f"sources: [{entry % ('x' * 900)}]")
    assert life.look().code in (1, 2)
    (message,) = life.there.received
    assert "x" * 500 not in json.dumps(message.body)


def test_a_store_full_of_nonsense_stops_no_other_source(life: Life) -> None:
    life.claude(8 * HOUR, life.now + 2 * DAY)
    for nonsense in (
        "[" * 100_000,
        '{"profiles": ' + "9" * 5000 + "}",
        "\x00" * 1000,
        '{"profiles": {"": null, "a": 1}}',
    ):
        life.file(".openclaw/agents/main/agent/auth-profiles.json", nonsense)
        done = life.look("--json", after=MINUTE)
        keys = {one["key"]: one["needs_human"] for one in json.loads(done.out)["profiles"]}
        assert keys["claude-code/-/claude-code:default"] == "soon"
    assert ("soon", "claude-code:default") in life.calls()


def unsafe(text: str) -> list[str]:
    """Characters that steer a terminal, a header or the direction of writing."""
    return [one for one in html.unescape(text) if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]


def test_the_folder_of_a_bad_config_is_named(life: Life, tmp_path: Path) -> None:
    """With --config the message names that file, not the usual place."""
    path = tmp_path / "other.yaml"
    path.write_text("channels:\n  phone: {url: 'ntfi://x'}\n")
    path.chmod(0o600)
    done = life.line.run(life.home, "config", "check", "--config", path, at=START)
    assert f"{path}:2: channels.phone" in done.out + done.err
