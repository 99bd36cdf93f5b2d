"""`privacy: masked`: no address of anybody in what leaves the machine, and matching still works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import authwatch, configure, state
from tests.openclaw_home import DAY, HOUR, openclaw, put, store, token
from tests.phone import make_phone
from tests.receivers import web

ANNA, BERT = "anthropic:anna@example.org", "anthropic:bert@example.org"
NAMES = ("anna", "bert", "example.org")


@pytest.fixture
def there():
    with web() as one:
        yield one


def config(home: Path, url: str, more: str = "", channel: str = "") -> None:
    alerts = "alerts: {deadline: 10s, settle: 1s, digest: weekly}\n"
    configure(home, f"host: box\nprivacy: masked\n{alerts}{more}channels:\n  phone: {{url: '{url}'{channel}}}\n")


def clean(text: str) -> None:
    assert not [name for name in NAMES if name in text.lower()], text


def test_no_address_in_any_message_metric_or_textfile(tmp_path, there):
    config(
        tmp_path, there.url("json", "json/phone"), channel=", canary: 7d", more=f"policy: {{expect: ['x/y/{BERT}']}}\n"
    )
    openclaw(tmp_path, {ANNA: token(ends_in=2 * DAY), BERT: token(ends_in=-HOUR, secret="b")})
    openclaw(tmp_path, {ANNA: token(ends_in=-HOUR, secret="old")}, agent="old")
    codes = [authwatch(tmp_path, "check", "--textfile", "out.prom").code]
    openclaw(tmp_path, {ANNA: token(ends_in=300 * DAY, secret="new"), BERT: token(ends_in=HOUR, secret="c")})
    codes.append(authwatch(tmp_path, "check", "--textfile", "out.prom").code)
    openclaw(tmp_path, {BERT: token(ends_in=HOUR, secret="c")})
    codes.append(authwatch(tmp_path, "check", "--textfile", "out.prom").code)
    assert len(there.received) >= 2, "there was something to tell"
    for message in there.received:
        clean(json.dumps(message.body))
    clean((tmp_path / "out.prom").read_text())
    clean((state(tmp_path) / "metrics.prom").read_text())
    assert "anthropic:a…@…#" in "".join(json.dumps(one.body, ensure_ascii=False) for one in there.received)


def test_the_phone_shows_no_address_either(tmp_path):
    phone = make_phone(tmp_path / "phone")
    home = tmp_path / "home"
    openclaw(home, {ANNA: token(ends_in=2 * DAY)})
    config(home, "termux://")
    authwatch(home, "check", env={"PATH": f"{phone.bin}:/usr/bin:/bin"})
    assert phone.calls
    clean(json.dumps(phone.calls))


def test_a_trouble_names_nobody(tmp_path, there):
    config(tmp_path, there.url("json", "json/phone"))
    openclaw(tmp_path, {ANNA: token(ends_in=2 * DAY)})
    authwatch(tmp_path, "check")
    put(store(tmp_path), '{"profiles": {"' + ANNA)
    authwatch(tmp_path, "check")
    for message in there.received:
        clean(json.dumps(message.body))


@pytest.mark.parametrize("written", [ANNA, "anthropic:a…@…#"])
def test_a_match_and_a_silence_may_name_the_profile_as_it_is_or_as_it_is_shown(tmp_path, there, written):
    openclaw(tmp_path, {ANNA: token(ends_in=2 * DAY), "zai:k": token("zai", 2 * DAY)})
    config(tmp_path, there.url("json", "json/phone"))
    authwatch(tmp_path, "check")
    shown = there.received[0].body["message"]
    if written != ANNA:
        at = shown.index(written)
        written = shown[at : at + len(written) + 3]
    config(tmp_path, there.url("json", "json/other"), channel=f", match: {{profile: '{written}'}}")
    text = (tmp_path / ".config/authwatch/config.yaml").read_text().replace("phone:", "other:")
    configure(tmp_path, text)
    authwatch(tmp_path, "check")
    heard = [one.body["message"] for one in there.received if one.path.endswith("other")]
    assert len(heard) == 1
    assert "zai:k" not in heard[0].split("logins need")[0]
    assert "Log in again: anthropic:a…@…#" in heard[0]
    done = authwatch(tmp_path, "alerts", "silence", f"profile={written}", "--for", "4h")
    assert done.code == 0, done.err
    clean(done.out)
    profiles = {one["profile"]: one["silenced"] for one in authwatch(tmp_path, "status", "--json").json["profiles"]}
    assert profiles == {ANNA: True, "zai:k": False}
