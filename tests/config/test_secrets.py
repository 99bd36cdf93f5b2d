"""Secrets that cannot be had break their channel, not the check; and no error repeats anything."""

from pathlib import Path

import pytest

from monitor.config.load import problems
from tests.config.files import settings_of, wrong

BROKEN = [
    ('{url: "ntfys://${GONE}"}', "url: environment variable GONE is not set"),
    ('{url: "ntfys://${GONE}/${BLANK}"}', "url: environment variables GONE and BLANK are not set"),
    ("{url_file: gone}", "url_file: no such file; write the secret to it, with mode 0600"),
    ("{url_file: empty}", "url_file: this file is empty"),
    ("{url_file: lines}", "url_file: this file has more than one line, or a control character"),
    ("{url_file: folder}", "url_file: cannot read this file: not a regular file"),
    ("{url_file: binary}", "url_file: cannot read this file: not UTF-8 at byte 0"),
    ('{url_file: "ntfys://FAKESECRET"}', "url_file: expected a file, got an address; use the key without _file"),
    ("{url: FAKESECRET}", "url: expected an Apprise URL such as ntfys://ntfy.sh/TOPIC, or termux://"),
    ("{url: '${'}", "url: expected ${NAME}; write $${ for a literal ${"),
]


@pytest.mark.parametrize(("channel", "problem"), BROKEN, ids=[channel for channel, _ in BROKEN])
def test_a_secret_that_cannot_be_had_breaks_its_channel_only(channel: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "lines").write_text("json://FAKESECRET\njson://two")
    (tmp_path / "binary").write_bytes(b"\xffFAKESECRET")
    (tmp_path / "folder").mkdir()
    text = f"channels:\n  good: {{url: 'json://x'}}\n  bad: {channel}\n"
    settings = settings_of(tmp_path, text, {"BLANK": ""})
    good, bad = settings.channels
    assert good.url and not good.broken
    assert bad.url is None
    assert bad.broken in problem
    assert problems(settings) == [f"{tmp_path}/config.yaml:3: channels.bad.{problem}"]
    assert "FAKESECRET" not in repr(settings)


def test_a_heartbeat_without_its_secret_is_a_problem_and_stops_nothing(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "heartbeat: {url_file: gone}")
    assert settings.heartbeat is None
    assert "heartbeat" in settings.broken


@pytest.mark.parametrize("web", ["password: ${GONE}", "password_file: gone", "password_file: ''"])
def test_a_password_that_cannot_be_had_locks_the_door(web: str, tmp_path: Path) -> None:
    found = wrong(tmp_path, f"web: {{{web}}}")
    if not found:
        web_settings = settings_of(tmp_path, f"web: {{{web}}}").web
        assert web_settings.broken
        assert web_settings.password and len(web_settings.password.reveal()) > 30


def test_a_file_is_found_by_credential_name_by_home_or_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "creds").mkdir()
    (tmp_path / "creds" / "mail").write_text("json://credential")
    for name in ("mail", "beside"):
        (tmp_path / name).write_text(f"json://{name}")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path / "creds"), "WHERE": str(tmp_path)}
    text = (
        "channels: {a: {url_file: mail}, b: {url_file: beside}, c: {url_file: ~/mail}, d: {url_file: '${WHERE}/mail'}}"
    )
    urls = [channel.url.reveal() for channel in settings_of(tmp_path, text, env).channels if channel.url]
    assert urls == ["json://credential", "json://beside", "json://mail", "json://mail"]


def test_a_doubled_dollar_keeps_the_braces(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "channels: {a: {url: 'json://u:$${X}$X@h'}}", {"X": "no"})
    assert settings.channels[0].url and settings.channels[0].url.reveal() == "json://u:${X}$X@h"


def test_a_variable_with_yaml_in_it_stays_a_text(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "host: ${H}", {"H": "a: {b: [c]} # d"}).host == "a: {b: [c]} # d"


SLIPS = [
    "channels:\n  phone: {url: ntfys://user:FAKESECRET9@host, at_least: soon\n",
    "channels:\n  phone:\n    url: 'ntfys://FAKESECRET9\n",
    "channels:\n  phone:\n    url: @FAKESECRET9\n",
    "channels:\n  phone:\n    url: %FAKESECRET9\n",
    "channels:\n  phone:\n    url: *FAKESECRET9\n",
    "channels:\n  phone:\n    url: !FAKESECRET9 x\n",
    "channels:\n  phone:\n    url: &FAKESECRET9\n",
    "channels:\n  phone:\n    <<: FAKESECRET9\n",
    "channels:\n  phone:\n    <<: {FAKESECRET9: x}\n",
    "interval: &a FAKESECRET9\nhost: [*a]\n",
    "channels:\n  phone:\n\turl: FAKESECRET9\n",
    "channels:\n  phone: {url: {FAKESECRET9: x}}\n",
    "channels:\n  ntfys://FAKESECRET9: {url: x}\n",
    "channels: ntfys://FAKESECRET9\n",
    "channels: [ntfys://FAKESECRET9]\n",
    "ntfys://FAKESECRET9\n",
    "FAKESECRET9: x\n",
    "? [FAKESECRET9]\n: x\n",
    "interval: FAKESECRET9\n",
    "privacy: FAKESECRET9\n",
    "sources: [FAKESECRET9]\n",
    "sources: [{type: FAKESECRET9}]\n",
    "web: {listen: FAKESECRET9}\n",
    "alerts: {quiet: {from: FAKESECRET9, to: FAKESECRET9, timezone: FAKESECRET9}}\n",
    "history: {url: FAKESECRET9}\n",
    "a: &FAKESECRET9 [1]\nb: *FAKESECRET9\n",
    "%FAKESECRET9\nhost: x\n",
    'host: "FAKESECRET9\\q"\n',
    'host: "FAKESECRET9\\UFFFFFFFF"\n',
    "host: FAKESECRET9\x00\n",
    "host: FAKESECRET9\n---\nhost: FAKESECRET9\n",
]


@pytest.mark.parametrize("text", SLIPS)
def test_no_slip_of_the_pen_makes_an_error_repeat_a_secret(text: str, tmp_path: Path) -> None:
    found = wrong(tmp_path, text)
    assert found
    assert "FAKESECRET" not in "\n".join(found)
