"""Probes in whole checks: the real command line on a made-up home, a stand-in provider, a phone that hears."""

from __future__ import annotations

import json
import sqlite3
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.alerts.life import DAY, HOUR, MINUTE, Life
from tests.command import Done, authwatch, configure, started, state
from tests.openclaw_home import openclaw
from tests.polling import eventually
from tests.probes.documented import CASES, ENDS, RATES, VALID, openrouter
from tests.probes.stand import Stand, hangs, says

KEY = "openclaw/main/anthropic:default"
REFUSED = next(case for case in CASES["anthropic"] if case[0] == "bad key")
RAN_OUT = next(case for case in CASES["anthropic"] if case[0] == "ran out")


def refuses(case=REFUSED):
    return says(case[3], case[1])


def probing(provider: Stand, every: str = "1h", name: str = "anthropic", more: str = "") -> str:
    return f"sources: [openclaw, claude-code, env]\nprobe: {{{name}: {{every: {every}, url: '{provider.url}'{more}}}}}"


def api_key(secret: str = "sk-ant-api03-FAKESECRET-1", provider: str = "anthropic") -> dict[str, str]:
    return {"type": "api_key", "provider": provider, "key": secret}


def profile(done: Done, key: str = KEY) -> dict[str, object]:
    return next(one for one in done.json["profiles"] if one["key"] == key)


def seen(life: Life, key: str = KEY) -> dict[str, object]:
    return profile(life.look("--json"), key)


@pytest.fixture
def keyed(life: Life, provider: Stand) -> Life:
    """A machine with an API key whose provider is asked hourly."""
    life.configured(probing(provider))
    life.openclaw({"anthropic:default": api_key()})
    return life


def test_nobody_is_asked_unasked(life: Life, provider: Stand) -> None:
    """Off by default: no request, no word of it."""
    life.configured("sources: [openclaw]")
    life.openclaw({"anthropic:default": api_key()})
    found = seen(life)
    assert "probe" not in found
    assert found["confidence"] == "unverified"
    assert provider.asked == []


def test_a_valid_answer_proves_the_login_for_two_intervals(keyed: Life, provider: Stand) -> None:
    """A valid answer proves the login, is asked for again after about an hour, and lapses when nothing confirms it."""
    assert seen(keyed)["confidence"] == "proven"
    assert len(provider.asked) == 1
    provider.answer = says("<html>sign in</html>")
    keyed.wait(70 * MINUTE)
    found = seen(keyed)
    assert (found["confidence"], found["probe"]["outcome"], len(provider.asked)) == ("proven", "unreachable", 2)
    keyed.wait(70 * MINUTE)
    assert seen(keyed)["confidence"] == "unverified"
    assert keyed.items == []


def test_a_second_check_within_the_interval_asks_nobody(keyed: Life, provider: Stand) -> None:
    """Cached: checks within the interval make no request, whether they look fully or not."""
    for minutes in (0, 5, 10, 30, 59):
        keyed.look(after=minutes * MINUTE / 10)
        keyed.openclaw({"anthropic:default": api_key(), f"anthropic:{minutes}": api_key()})
    assert len(provider.asked) == 1


def test_the_gate_opens_when_a_question_is_due(keyed: Life, provider: Stand) -> None:
    """Between questions the gate stops every check; the next one is asked within its jitter of a tenth."""
    end = keyed.now + 12 * HOUR
    while keyed.now < end:
        keyed.look(after=5 * MINUTE)
    assert 10 <= len(provider.asked) <= 12


@pytest.mark.parametrize("case", [REFUSED, RAN_OUT], ids=["invalid", "expired"])
def test_two_refusals_in_a_row_speak_and_one_does_not(keyed: Life, provider: Stand, case) -> None:
    """One refusal is only noted, the second in a row is told at once, and the end of it too."""
    keyed.look()
    provider.answer = refuses(case)
    keyed.wait(70 * MINUTE)
    found = seen(keyed)
    assert (found["state"], found["needs_human"], keyed.items) == ("static", "no", [])
    assert any("a second time in a row would count" in why for why in found["because"])
    keyed.wait(70 * MINUTE)
    found = seen(keyed)
    assert (found["state"], found["needs_human"], found["usable"]) == ("refused", "now", False)
    assert "twice in a row" in found["summary"]
    assert [(one.call, one.name.split()[0]) for one in keyed.items] == [("now", "anthropic:default")]
    keyed.openclaw({"anthropic:default": api_key("sk-ant-api03-FAKESECRET-2")})
    provider.answer = says(VALID["anthropic"])
    keyed.live(keyed.now + 3 * HOUR, HOUR)
    assert [one.call for one in keyed.items] == ["now", "over"]


def test_a_refusal_and_then_a_valid_answer_are_nothing(keyed: Life, provider: Stand) -> None:
    """A refusal that is not confirmed is nothing, and unreachable in between neither confirms nor clears."""
    for answer in (refuses(), says(VALID["anthropic"]), refuses(), says("", 503), says(VALID["anthropic"]), refuses()):
        provider.answer = answer
        keyed.look(after=70 * MINUTE)
    assert keyed.items == []
    provider.answer = says("", 503)
    keyed.look(after=70 * MINUTE)
    provider.answer = refuses()
    keyed.look(after=70 * MINUTE)
    assert [one.call for one in keyed.items] == ["now"]


@pytest.mark.parametrize("status", [403, 429, 529, 302])
def test_what_is_no_refusal_never_alarms(keyed: Life, provider: Stand, status: int) -> None:
    """Forbidden, rate limited, unreachable: noted, for days, without an alarm."""
    keyed.look()
    provider.answer = says({"error": {"type": "x", "message": "x"}}, status)
    keyed.live(keyed.now + DAY, 2 * HOUR)
    assert keyed.items == []
    assert profile(keyed.look("--json"))["needs_human"] == "no"


def test_missing_credit_is_told_at_once(life: Life, provider: Stand) -> None:
    """Missing credit needs somebody now, makes the key unusable, and is over when the provider says so."""
    provider.answer = says(openrouter(limit_remaining=0))
    life.configured(probing(provider, name="openrouter"))
    life.openclaw({"openrouter:default": api_key("sk-or-FAKESECRET", "openrouter")}, "openrouter/auto")
    found = seen(life, "openclaw/main/openrouter:default")
    assert (found["needs_human"], found["usable"], found["remedy"]) == (
        "now", False, "Top up your credit with openrouter."
    )  # fmt: skip
    provider.answer = says(openrouter(limit_remaining=5))
    life.live(life.now + 3 * HOUR, HOUR)
    assert [one.call for one in life.items] == ["now", "over"]


def test_an_end_that_the_provider_tells_is_a_deadline(life: Life, provider: Stand) -> None:
    """An end that no file states and the provider tells is a deadline like any other."""
    provider.answer = says(RATES, **{ENDS: f"{life.now + 9 * DAY:%Y-%m-%d %H:%M:%S} UTC"})
    life.configured(probing(provider, "4h", "github").replace("[openclaw", "[gh, openclaw"))
    life.file(".config/gh/hosts.yml", "github.com:\n    oauth_token: ghp_FAKESECRET\n    user: me\n")
    key = "gh/-/gh:github.com/me"
    found = seen(life, key)
    assert (found["state"], found["deadline"]) == ("ok", f"{life.now + 9 * DAY:%Y-%m-%dT%H:%M:%S}Z")
    life.live(life.now + 3 * DAY, 12 * HOUR)
    assert [(one.call, one.name.split()[0]) for one in life.items] == [("soon", "gh:github.com/me")]


def test_a_probe_mends_nothing_that_the_file_says(life: Life, provider: Stand) -> None:
    """A token that ended by its file stays ended, and nobody is asked about it."""
    life.configured(probing(provider, more=", oauth: true"))
    life.openclaw({"anthropic:default": life.token(30 * MINUTE)})
    assert seen(life)["confidence"] == "proven"
    life.wait(HOUR)
    found = seen(life)
    assert (found["state"], found["needs_human"], len(provider.asked)) == ("expired", "now", 1)
    life.look(after=3 * HOUR)
    assert len(provider.asked) == 1


def test_only_access_tokens_are_sent_and_never_ones_that_ran_out(life: Life, provider: Stand) -> None:
    """The access token of a login that something refreshes is sent while it is fresh; the refresh token never."""
    life.configured(probing(provider, more=", oauth: true"))
    life.openclaw({"anthropic:default": life.oauth(2 * HOUR)})
    life.claude(2 * HOUR, life.now + 20 * DAY, "x", accessToken="acc-FAKESECRET-claude")
    life.live(life.now + 6 * HOUR, HOUR)
    sent = " ".join(str(headers) for _, headers in provider.asked)
    assert "acc-FAKESECRET-1" in sent
    assert "acc-FAKESECRET-claude" in sent
    assert "ref-FAKESECRET" not in sent
    assert 2 <= len(provider.asked) <= 4
    assert life.items == []


@pytest.mark.parametrize("oauth", [False, True])
@pytest.mark.parametrize("words", [("check",), ("status", "--probe"), ("models", "status", "--probe")], ids=" ".join)
def test_access_tokens_are_sent_only_where_the_config_says_so(
    life: Life, provider: Stand, words: tuple[str, ...], oauth: bool
) -> None:
    """API keys are asked with; access tokens of log-ins, also one that was saved as a key, only with `oauth: true`."""
    life.configured(probing(provider, more=", oauth: true" if oauth else ""))
    keys = {"anthropic:key": api_key(), "anthropic:setup": api_key("sk-ant-oat01-FAKESECRET-2")}
    life.openclaw({**keys, "anthropic:login": life.oauth(2 * HOUR)})
    done = authwatch(life.home, *words, env={"LIFE": "1"}, timeout=60)
    sent = " ".join(str(headers) for _, headers in provider.asked)
    assert "sk-ant-api03-FAKESECRET-1" in sent
    assert ("sk-ant-oat01-FAKESECRET-2" in sent, "acc-FAKESECRET-1" in sent) == (oauth, oauth)
    if "--probe" in words:
        assert ("oauth: true" in done.out) is not oauth


def test_a_key_that_goes_elsewhere_is_not_sent_to_its_provider(life: Life, provider: Stand) -> None:
    """A key that its program sends to a gateway is not sent to the provider, nor a token of a GitHub of one's own."""
    life.configured("sources: [gh, openclaw, env]\nprobe: {anthropic: 1h, github: 1h}")
    life.openclaw({"anthropic:default": api_key()})
    base = {"models": {"providers": {"anthropic": {"baseUrl": f"{provider.url}/gateway"}}}}
    life.file(".openclaw/openclaw.json", base)
    life.file(".config/gh/hosts.yml", "git.example:\n    oauth_token: ghp_FAKESECRET\n    user: me\n")
    life.look()
    done = authwatch(life.home, "status", "--json", env={"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": provider.url})
    assert not any("probe" in one for one in done.json["profiles"])
    assert provider.asked == []


def test_the_same_key_in_many_places_is_asked_about_once(life: Life, provider: Stand) -> None:
    """The same key in many places is one question, and its answer counts for all of them."""
    life.configured(probing(provider))
    life.openclaw({f"anthropic:{n}": api_key() for n in range(5)})
    life.file(".openclaw/.env", "ANTHROPIC_API_KEY=sk-ant-api03-FAKESECRET-1\n")
    done = life.look("--json")
    assert len(provider.asked) == 1
    asked = [one["key"] for one in done.json["profiles"] if "probe" in one]
    assert len(asked) == 6


def test_what_is_not_watched_is_not_asked_about(life: Life, provider: Stand) -> None:
    """What a rule or a person ignores is not asked about."""
    rule = "policy: {rules: [{match: {profile: 'anthropic:a'}, watch: false}]}"
    life.configured(f"{probing(provider)}\n{rule}")
    life.openclaw({"anthropic:a": api_key("sk-ant-api03-FAKESECRET-a"), "anthropic:b": api_key("sk-ant-FAKESECRET-b")})
    life.look()
    sent = [headers["x-api-key"] for _, headers in provider.asked]
    assert sent == ["sk-ant-FAKESECRET-b"]
    life.line.run(life.home, "ignore", "openclaw/main/anthropic:b", at=life.now)
    life.live(life.now + 4 * HOUR, HOUR)
    assert len(provider.asked) == 1


def test_changes_of_an_answer_stand_in_the_history_and_the_last_in_the_metrics(keyed: Life, provider: Stand) -> None:
    """Changes of an answer stand in the history, once each; the last one is a metric of the asked login only."""
    keyed.openclaw({"anthropic:default": api_key(), "openai:default": api_key("sk-FAKESECRET", "openai")})
    keyed.look()
    keyed.look(after=70 * MINUTE)
    provider.answer = says("", 503)
    keyed.look(after=70 * MINUTE)
    done = keyed.line.run(keyed.home, "history", "--json", at=keyed.now)
    notes = [one["note"] for one in done.json["transitions"] if "asked" in one["note"]]
    assert notes == ["anthropic was asked: valid", "anthropic was asked: unreachable (was valid)"]
    metrics = (state(keyed.home) / "metrics.prom").read_text()
    lines = [line for line in metrics.splitlines() if line.startswith("authwatch_profile_probe_outcome{")]
    assert len(lines) == 7
    assert [line for line in lines if line.endswith(" 1")] == [line for line in lines if '"unreachable"' in line]
    assert all('profile="anthropic:default"' in line for line in lines)
    assert f"authwatch_profile_probe_timestamp_seconds{{{lines[0].split('{')[1].split(',probe')[0]}}}" in metrics


def test_a_check_that_dies_on_the_way_does_not_ask_again(tmp_path: Path, provider: Stand) -> None:
    """That somebody is asked is committed before it happens: a check that is killed on the way is no reason to ask again."""
    provider.answer = hangs
    configure(tmp_path, probing(provider))
    openclaw(tmp_path, {"anthropic:default": api_key()})
    running = started(tmp_path, "check")
    eventually(lambda: provider.asked or running.poll() is not None)
    running.kill()
    running.wait()
    provider.answer = says(VALID["anthropic"])
    found = profile(authwatch(tmp_path, "check", "--json"))["probe"]
    assert (found["outcome"], found["note"]) == ("unreachable", "the check ended before the answer arrived")
    assert len(provider.asked) == 1


def test_a_provider_that_hangs_does_not_hold_up_the_check(tmp_path: Path, provider: Stand) -> None:
    """A provider that never answers costs ten seconds, once, and the check does what it is for."""
    provider.answer = hangs
    configure(tmp_path, probing(provider))
    openclaw(tmp_path, {"anthropic:default": api_key()})
    began = time.monotonic()
    done = authwatch(tmp_path, "check", "--json")
    assert 9 < time.monotonic() - began < 16
    assert (done.code, profile(done)["probe"]["outcome"]) == (0, "unreachable")


def test_status_asks_on_request_remembers_and_keeps_to_the_hour(tmp_path: Path, provider: Stand) -> None:
    """`status --probe` asks without any schedule, remembers, asks nobody twice; plain `status` asks nobody."""
    config = configure(tmp_path, probing(provider))
    openclaw(tmp_path, {"anthropic:default": api_key()})
    assert "probe" not in profile(authwatch(tmp_path, "status", "--json"))
    assert provider.asked == []
    for _ in range(3):
        done = authwatch(tmp_path, "status", "--probe")
        assert (done.code, done.err) == (0, "")
        assert "  anthropic:default  valid" in done.out
    assert len(provider.asked) == 1
    assert profile(authwatch(tmp_path, "status", "--probe", "--json"))["probe"]["outcome"] == "valid"
    assert profile(authwatch(tmp_path, "check", "--json"))["confidence"] == "proven"
    assert len(provider.asked) == 1
    openclaw(tmp_path, {"anthropic:default": api_key("sk-ant-api03-FAKESECRET-new")})
    assert "valid" in authwatch(tmp_path, "status", "--probe", "--provider", "anthropic").out
    assert len(provider.asked) == 2, "a person who put a new key in place is told at once"
    config.write_text("sources: [openclaw]\n")
    assert "probe" in profile(authwatch(tmp_path, "status", "--json")), "what is known is shown"


def test_models_status_asks_and_leaves_openclaw_s_keys_alone(tmp_path: Path, provider: Stand) -> None:
    """`models status --probe` adds what was said under a key of ours; OpenClaw's stay as they are."""
    configure(tmp_path, probing(provider))
    openclaw(tmp_path, {"anthropic:default": api_key()})
    plain = authwatch(tmp_path, "models", "status", "--json").json
    done = authwatch(tmp_path, "models", "status", "--json", "--probe").json
    ((ours),) = done.pop("authwatch")["probes"]
    assert done["auth"]["providers"] == plain["auth"]["providers"]
    assert set(done) == set(plain)
    assert (ours["key"], ours["outcome"]) == (KEY, "valid")
    assert "  anthropic:default  valid" in authwatch(tmp_path, "models", "status", "--probe").out
    assert authwatch(tmp_path, "models", "status", "--probe", "--plain").code == 64
    assert len(provider.asked) == 1


def test_without_a_place_to_remember_it_asks_and_says_so(tmp_path: Path, provider: Stand) -> None:
    """Where nothing can be remembered a person is still answered, and told that it is not remembered."""
    configure(tmp_path, f"{probing(provider)}\nhistory: {{url: 'sqlite:////proc/nowhere/history.sqlite'}}\n")
    openclaw(tmp_path, {"anthropic:default": api_key()})
    done = authwatch(tmp_path, "status", "--probe")
    assert "  anthropic:default  valid" in done.out
    assert "not saved" in done.err


def test_the_secret_is_nowhere(tmp_path: Path, provider: Stand) -> None:
    """The planted secret is in no output, no file of ours and no error, whatever the provider says of it."""
    configure(tmp_path, probing(provider))
    openclaw(tmp_path, {"anthropic:default": api_key(), "anthropic:odd": api_key("sk-ant-FAKESECRET\\n with a space")})
    body = {"type": "error", "error": {"type": "authentication_error", "message": "invalid sk-ant-api03-FAKESECRET-1"}}
    for answer in (says(body, 401), says(f"<html>sk-ant-api03-FAKESECRET-1 {provider.url}</html>"), says({}, 500)):
        provider.answer = answer
        for words in (("check", "-v"), ("status", "--probe", "--json"), ("history", "--json"), ("explain", KEY)):
            done = authwatch(tmp_path, *words)
            assert "FAKESECRET" not in done.out + done.err
        with sqlite3.connect(state(tmp_path) / "history.sqlite") as db:
            db.execute("UPDATE meta SET value = replace(value, '2026', '2025') WHERE name LIKE 'proofs%'")
    files = [path for path in state(tmp_path).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"FAKESECRET" in path.read_bytes()]
    assert len(provider.asked) >= 1


def test_a_damaged_memory_of_answers_asks_anew(tmp_path: Path, provider: Stand) -> None:
    """What is remembered may be nonsense; the check goes on and asks anew."""
    configure(tmp_path, probing(provider))
    openclaw(tmp_path, {"anthropic:default": api_key()})
    authwatch(tmp_path, "check")
    for nonsense in ("[]", '{"x": 1}', '{"x": {"answer": "nonsense"}}', '{"x": {"answer": "valid", "at": "soon"}}'):
        with sqlite3.connect(state(tmp_path) / "history.sqlite") as db:
            db.execute("UPDATE meta SET value = ? WHERE name LIKE 'proofs%'", (nonsense,))
        (state(tmp_path) / "checkpoint").unlink(missing_ok=True)
        done = authwatch(tmp_path, "check", "--json")
        assert (done.code, profile(done)["probe"]["outcome"]) == (0, "valid"), nonsense
    assert len(provider.asked) == 5


@pytest.mark.parametrize("span", ["30m", "59m59s", "0s"])
def test_more_often_than_hourly_is_a_mistake_in_the_config(tmp_path: Path, span: str) -> None:
    """At most hourly: a shorter span is refused with what would be right."""
    configure(tmp_path, f"probe: {{anthropic: {span}}}\n")
    done = authwatch(tmp_path, "check")
    assert done.code == 78
    assert "hourly" in done.err
    assert "1h" in done.err


def test_an_unknown_provider_is_a_mistake_in_the_config(tmp_path: Path) -> None:
    """A provider that nobody knows how to ask is refused with those that are known."""
    configure(tmp_path, "probe: {openruter: 1h}\n")
    done = authwatch(tmp_path, "check")
    assert (done.code, "did you mean openrouter?" in done.err) == (78, True)


def test_many_logins_are_asked_over_several_checks(life: Life, provider: Stand) -> None:
    """One check asks about 32 logins at most, the next ones go on."""
    life.configured(probing(provider, "1d"))
    life.openclaw({f"anthropic:{n}": api_key(f"sk-ant-api03-FAKESECRET-{n}") for n in range(50)})
    life.look()
    assert len(provider.asked) == 32
    life.look(after=timedelta(minutes=5))
    assert len(provider.asked) == 50
    life.look(after=timedelta(minutes=5))
    assert len(provider.asked) == 50


def test_the_json_of_a_probe_has_its_fields(keyed: Life, provider: Stand) -> None:
    """The JSON of a probe has these fields, and only asked logins have it."""
    found = seen(keyed)["probe"]
    assert list(found) == ["outcome", "at", "refusals", "valid_at", "expires_at", "credit", "note"]
    assert json.dumps(found)


def test_an_address_in_a_config_that_others_can_write_gets_no_key(tmp_path: Path, provider: Stand) -> None:
    """Who can write the config could have the keys sent to himself: such an address is not used, and that is said."""
    configure(tmp_path, probing(provider)).chmod(0o666)
    openclaw(tmp_path, {"anthropic:default": api_key()})
    authwatch(tmp_path, "check")
    assert provider.asked == []
    said = authwatch(tmp_path, "doctor")
    told = " ".join(said.out.split())
    assert "probe.anthropic: " in told
    assert "others can change " in told


def test_a_rehearsal_supposes_that_providers_say_the_same(keyed: Life, provider: Stand) -> None:
    """A login that was refused stays so in `alerts simulate` and in what `explain` expects; nobody is asked."""
    provider.answer = refuses()
    keyed.look()
    keyed.look(after=70 * MINUTE)
    assert [one.call for one in keyed.items] == ["now"]
    asked = len(provider.asked)
    planned = keyed.line.run(keyed.home, "alerts", "simulate", "--in", "5d", at=keyed.now).out
    assert "over" not in planned
    assert "reminder" in planned
    explained = keyed.line.run(keyed.home, "explain", KEY, at=keyed.now).out
    assert "twice in a row" in explained
    assert "static" not in explained
    assert len(provider.asked) == asked
