"""The keys of the config: what they give, and what is wrong, in one look."""

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from alerts.model import Level, QuietHours
from monitor.config.settings import Probing, Settings
from monitor.config.show import effective
from tests.config.files import settings_of, wrong

DAY = timedelta(days=1)

WHOLE = """\
state: ~/state
host: vps-1
interval: 5m
sources: [openclaw, claude-code, codex, gemini-cli, {type: env, id: keys, vars: [GROQ_API_KEY]}]
policy:
  lead: [1d, 7d, 3d, 24h]
  rules:
    - match: {provider: anthropic, kind: token}
      lead: [30d, 14d]
      lifetime: 365d
      issued: 2026-03-01
      remedy: Ask Anna
    - match: {source: aws}
      watch: false
  expect: [openclaw/main/anthropic:default]
channels:
  phone: {url: "ntfys://ntfy.sh/${NTFY_TOPIC}", at_least: info, match: {agent: main}}
  mail:  {url_file: mail.url, at_least: now, canary: 7d}
alerts: {settle: 0s, deadline: 60s, remind: [1d, 2d], digest: weekly, quiet: {from: 22:00, to: "07:00", timezone: Europe/Stockholm}}
heartbeat: {url: "https://hc-ping.example/uuid"}
history: {url: "sqlite:////tmp/x.db", keep: 400d}
web: {listen: "127.0.0.1:9797", password_file: word}
privacy: masked
probe: {anthropic: 1h}
"""


@pytest.fixture
def whole(tmp_path: Path) -> Settings:
    (tmp_path / "mail.url").write_text("mailto://x:FAKESECRET@example\n")
    (tmp_path / "word").write_text("FAKESECRET")
    return settings_of(tmp_path, WHOLE, {"NTFY_TOPIC": "FAKESECRET"})


def test_every_key_arrives(whole: Settings, tmp_path: Path) -> None:
    assert (whole.host, whole.interval, whole.privacy) == ("vps-1", timedelta(minutes=5), "masked")
    assert whole.state == tmp_path / "state"
    assert [(entry.type, entry.id) for entry in whole.sources][3:] == [("gemini-cli", "gemini-cli"), ("env", "keys")]
    assert whole.sources[4].options == {"vars": ("GROQ_API_KEY",)}
    assert all(entry.chosen and entry.trusted for entry in whole.sources)
    assert whole.sources[0].where == f"{tmp_path}/config.yaml:4"
    assert whole.policy.expect == ("openclaw/main/anthropic:default",)
    assert (whole.alerts.settle, whole.alerts.remind, whole.alerts.digest) == (timedelta(), (DAY, 2 * DAY), "weekly")
    assert isinstance(whole.alerts.quiet, QuietHours)
    assert (whole.alerts.quiet.start, whole.alerts.quiet.zone.key) == (time(22), "Europe/Stockholm")
    assert whole.probe == {"anthropic": Probing(timedelta(hours=1))}
    assert whole.history_keep == 400 * DAY
    assert whole.file == tmp_path / "config.yaml"
    assert whole.broken == {}


def test_lead_steps_are_sorted_longest_first_and_told_once(whole: Settings) -> None:
    assert whole.policy.lead == (7 * DAY, 3 * DAY, DAY)


def test_a_rule_leaves_what_it_does_not_say(whole: Settings) -> None:
    token, aws = whole.policy.rules
    assert (token.lead, token.lifetime, token.issued, token.watch) == (
        (30 * DAY, 14 * DAY),
        365 * DAY,
        date(2026, 3, 1),
        True,
    )
    assert (token.remedy, aws.remedy) == ("Ask Anna", "")
    assert (aws.match, aws.lead, aws.lifetime, aws.watch) == ({"source": "aws"}, None, None, False)


def test_secrets_come_from_variables_and_files_and_never_show(whole: Settings) -> None:
    phone, mail = whole.channels
    assert phone.url and mail.url and whole.web.password and whole.heartbeat and whole.history_url
    assert phone.url.reveal() == "ntfys://ntfy.sh/FAKESECRET"
    assert mail.url.reveal() == "mailto://x:FAKESECRET@example"
    assert whole.web.password.reveal() == "FAKESECRET"
    assert (phone.at_least, phone.match, mail.canary) == (Level.INFO, {"agent": "main"}, 7 * DAY)
    assert "FAKESECRET" not in repr(whole)


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "host:\nchannels:\nalerts:\npolicy: ~\nweb: null\n", "\ufeffhost:"]
)
def test_a_config_that_says_nothing_gives_the_defaults(text: str, tmp_path: Path) -> None:
    found, default = settings_of(tmp_path, text), Settings()
    for name in ("host", "state", "interval", "sources", "policy", "channels", "alerts", "web", "privacy", "probe"):
        assert getattr(found, name) == getattr(default, name)


def test_what_is_to_be_done_is_stated_by_an_entry_or_a_rule_and_shown(tmp_path: Path) -> None:
    entries = """\
sources:
  - {type: manual, id: vpn, expires: 2027-01-01, remedy: "Ask Anna."}
  - {type: exec, id: vault, command: [/bin/true], remedy: vault login}
  - {type: http, id: panel, url: "https://x.example", expires_at: end, remedy: "See the wiki."}
  - {type: env, id: keys, vars: [A_KEY], remedy: "Ask Ben."}
policy: {rules: [{match: {source: keys}, remedy: "Ask Cleo."}]}
"""
    found = settings_of(tmp_path, entries)
    stated = {"vpn": "Ask Anna.", "vault": "vault login", "panel": "See the wiki.", "keys": "Ask Ben."}
    assert found.policy.remedies == stated
    shown = effective(found)
    assert {one["id"]: one["remedy"] for one in shown["sources"]} == stated
    assert shown["policy"]["rules"] == [{"match": {"source": "keys"}, "watch": True, "remedy": "Ask Cleo."}]


def test_what_is_shared_is_written_once_and_merged_where_it_holds(tmp_path: Path) -> None:
    text = """\
x-shared: &shared {at_least: now, match: &bot {agent: main}}
x-anything: [1, {any: thing}]
channels:
  phone: {<<: *shared, url: "json://phone"}
  mail: {<<: *shared, url: "json://mail", at_least: info}
policy: {rules: [{match: *bot, watch: false}]}
"""
    found = settings_of(tmp_path, text)
    phone, mail = found.channels
    assert (phone.at_least, mail.at_least, phone.match) == (Level.NOW, Level.INFO, mail.match)
    assert found.policy.rules[0].match == {"agent": "main"}


def test_what_is_wrong_in_a_shared_place_is_said_where_it_was_written(tmp_path: Path) -> None:
    text = "x-shared: &shared\n  at_least: sooon\nchannels:\n  a:\n    <<: *shared\n    url: json://a\n"
    assert wrong(tmp_path, text) == ["2: channels.a.at_least: expected info, soon or now; did you mean soon?"]


WRONG = [
    (
        'policy: {rules: [{match: {}, remedy: "a\\nb"}]}',
        "1: policy.rules[0].remedy: expected what to do, as text on one line",
    ),
    (
        f"policy: {{rules: [{{match: {{}}, remedy: {'x' * 1025}}}]}}",
        "1: policy.rules[0].remedy: expected what to do, as text on one line",
    ),
    ("sources: [{type: codex, remedy: x}]", "1: sources[0].remedy: unknown key; expected home, id, path or type"),
    ("chanels: {}", "1: chanels: unknown key; did you mean channels?"),
    ("alerts:\n  remnd: [1d]", "2: alerts.remnd: unknown key; did you mean remind?"),
    ("host: a\nhost: b", "2: host: given twice, first on line 1; keep one"),
    ("interval: 5", '1: interval: expected a time span such as 90m, 8h, 14d or 1h30m, got "5"'),
    ("interval: 0s", "1: interval: expected a time span such as 90m, 8h, 14d or 1h30m, got zero"),
    ("interval: [5m]", "1: interval: expected a time span such as 90m, 8h, 14d or 1h30m, got a list"),
    ("policy: [7d]", "1: policy: expected a mapping such as {lead: [7d, 3d, 1d]}, got a list"),
    ("policy: {lead: [0d]}", "1: policy.lead[0]: expected a time span such as 90m, 8h, 14d or 1h30m, got zero"),
    ("policy: {lead: 7d}", '1: policy.lead: expected a list such as [7d, 3d, 1d], got "7d"'),
    ("policy: {rules: [{watch: false}]}", "1: policy.rules[0]: match is missing"),
    (
        "policy: {rules: [{match: {provder: x}}]}",
        "1: policy.rules[0].match.provder: unknown key; did you mean provider?",
    ),
    (
        "policy: {rules: [{match: {kind: oath}}]}",
        "1: policy.rules[0].match.kind: expected oauth, token, api_key, cert, session, exec or manual; did you mean oauth?",
    ),
    ("policy: {rules: [{match: {}, watch: no}]}", '1: policy.rules[0].watch: expected true or false, got "no"'),
    (
        "policy: {rules: [{match: {}, issued: 2026-13-01, lifetime: 1d}]}",
        '1: policy.rules[0].issued: not a valid date; expected YYYY-MM-DD, got "2026-13-01"',
    ),
    (
        "policy: {rules: [{match: {}, issued: 2026-03-01}]}",
        "1: policy.rules[0]: issued needs lifetime; add one such as lifetime: 365d",
    ),
    (
        "policy: {expect: [anthropic]}",
        "1: policy.expect[0]: expected the key of a login such as openclaw/main/anthropic:default",
    ),
    ("channels: {phone: {}}", "1: channels.phone: url or url_file is missing"),
    ("channels: {phone: {url: a, url_file: b}}", "1: channels.phone: expected either url or url_file, got both"),
    (
        "channels: {phone: {url: x, at_least: sooon}}",
        "1: channels.phone.at_least: expected info, soon or now; did you mean soon?",
    ),
    ("channels: {phone: {url: x, at_least: fine}}", "1: channels.phone.at_least: expected info, soon or now"),
    (
        "channels: {my phone: {url: x}}",
        "1: channels.(key): not a valid name; expected a name of letters, digits, '.', '_' and '-'",
    ),
    ("channels: {ntfy-2: {}}", "1: channels.ntfy-2: url or url_file is missing"),
    (
        "channels: {phone: x}",
        "1: channels.phone: expected a mapping such as {url_file: phone.url, at_least: soon}, got text",
    ),
    ("alerts: {quiet: {from: 22:00}}", "1: alerts.quiet: to is missing"),
    (
        "alerts: {quiet: {from: 24:00, to: 07:00}}",
        '1: alerts.quiet.from: expected a time of day such as 22:00, got "24:00"',
    ),
    (
        "alerts: {quiet: {from: 07:00, to: 7:00}}",
        "1: alerts.quiet: from and to are the same; expected two different times",
    ),
    (
        "alerts: {quiet: {from: 07:00, to: 8:00, timezone: Mars/X}}",
        "1: alerts.quiet.timezone: unknown time zone; expected a name such as Europe/Stockholm or UTC",
    ),
    (
        "alerts: {quiet: {from: 07:00, to: 8:00, timezone: ../../etc/passwd}}",
        "1: alerts.quiet.timezone: expected a time zone such as Europe/Stockholm",
    ),
    (
        "alerts: {quiet: {from: 07:00, to: 8:00, timezone: /etc/passwd}}",
        "1: alerts.quiet.timezone: unknown time zone; expected a name such as Europe/Stockholm or UTC",
    ),
    (
        "alerts: {remind: []}",
        "1: alerts.remind: expected a list with at least one span such as [1d, 2d, 7d], got an empty list",
    ),
    ("alerts: {digest: yearly}", "1: alerts.digest: expected daily or weekly"),
    ("sources: [openclow]", "1: sources[0]: unknown source; did you mean openclaw?"),
    (
        "sources: []",
        "1: sources: expected a list with at least one source such as [openclaw, codex], got an empty list",
    ),
    (
        "sources: [[openclaw]]",
        "1: sources[0]: expected a source such as codex, or a mapping such as {type: codex, id: work}",
    ),
    (
        "sources: [{id: x}]",
        "1: sources[0]: expected a source such as codex, or a mapping such as {type: codex, id: work}",
    ),
    (
        "sources: [openclaw, {type: openclaw}]",
        "1: sources[1]: two sources have the same id; give one another id, such as {type: …, id: …}",
    ),
    ("sources: [{type: openclaw, id: a/b}]", "1: sources[0].id: expected a name of letters, digits, '.', '_' and '-'"),
    ("sources: [{type: openclaw, hme: /x}]", "1: sources[0].hme: unknown key; did you mean home?"),
    ("sources: [{type: env, vars: [A B]}]", "1: sources[0].vars[0]: expected a variable name such as GROQ_API_KEY"),
    (
        "sources: [{type: env, vars: []}]",
        "1: sources[0].vars: expected a list with at least one variable name, got an empty list",
    ),
    (
        "sources: [{type: env, vars: X}]",
        "1: sources[0].vars: expected a list of variable names such as [GROQ_API_KEY], or a mapping such as {MY_KEY: groq}, got text",
    ),
    ("web: {listen: localhost}", "1: web.listen: expected an address and port such as 127.0.0.1:9797 or [::1]:9797"),
    ("web: {listen: 'localhost:70000'}", "1: web.listen: expected a port of at most 65535"),
    ("web: {password: a, password_file: b}", "1: web: expected either password or password_file, got both"),
    ("privacy: ful", "1: privacy: expected full or masked; did you mean full?"),
    (
        "probe: {a b: 1h}",
        "1: probe.(key): unknown key; expected anthropic, deepseek, github, google, groq, mistral, openai, openrouter, xai or zai",
    ),
    ("probe: {antropic: 1h}", "1: probe.antropic: unknown key; did you mean anthropic?"),
    ("probe: {anthropic: 59m}", "1: probe.anthropic: expected at least 1h: providers are asked at most hourly"),
    (
        "probe: {anthropic: {every: 1m}}",
        "1: probe.anthropic.every: expected at least 1h: providers are asked at most hourly",
    ),
    ("probe: {anthropic: {url: https://gw.example}}", "1: probe.anthropic: every is missing"),
    (
        "probe: {anthropic: {every: 1h, url: http://gw.example}}",
        "1: probe.anthropic.url: expected an address https://HOST[:PORT][/PATH] without user, query and fragment (http:// only for this machine)",
    ),
    (
        "probe: {anthropic: {every: 1h, url: 'https://a:b@gw.example'}}",
        "1: probe.anthropic.url: expected an address https://HOST[:PORT][/PATH] without user, query and fragment (http:// only for this machine)",
    ),
    ("history: {url: mysql://x}", "1: history.url: expected sqlite:///… or postgresql://…"),
    ("history: {url: '${NOT_SET}'}", "1: history.url: environment variable NOT_SET is not set"),
    ("host: ${NOT_SET}", "1: host: environment variable NOT_SET is not set"),
    ("host: 'a${'", "1: host: expected ${NAME}; write $${ for a literal ${"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG, ids=[text for text, _ in WRONG])
def test_what_is_wrong_is_said_with_its_place_and_what_would_be_right(text: str, problem: str, tmp_path: Path) -> None:
    found = wrong(tmp_path, text)
    assert len(found) == 1
    assert found[0] == problem


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "interval: 5\nchanels: {}\nweb:\n  listen: x\nprivacy: x\nhost: a\nhost: b\n"
    assert [line.split(":")[0] for line in wrong(tmp_path, text)] == ["1", "2", "4", "5", "7"]


def test_quiet_hours_without_a_zone_are_in_the_machines_own(tmp_path: Path) -> None:
    text = "alerts: {quiet: {from: 22:00, to: 07:00}}"
    for env, key in (({"TZ": "Europe/Lisbon"}, "Europe/Lisbon"), ({"TZ": ":Asia/Tokyo"}, "Asia/Tokyo")):
        quiet = settings_of(tmp_path, text, env).alerts.quiet
        assert quiet and quiet.zone.key == key
    assert settings_of(tmp_path, text, {"TZ": "Mars/X"}).alerts.quiet


@pytest.mark.parametrize(("mode", "trusted"), [(0o600, True), (0o644, True), (0o664, False), (0o646, False)])
def test_entries_are_trusted_only_from_a_file_that_nobody_else_can_write(
    mode: int, trusted: bool, tmp_path: Path
) -> None:
    from monitor.config.load import load
    from monitor.system.host import Host

    file = tmp_path / "c.yaml"
    file.write_text("sources: [env]")
    file.chmod(mode)
    assert load(Host(tmp_path, {}), file).sources[0].trusted is trusted
    assert load(Host(tmp_path, {}, uid=file.stat().st_uid + 1), file).sources[0].trusted is (
        trusted and file.stat().st_uid == 0
    )
