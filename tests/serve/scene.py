"""A made-up fleet for the page: what real checks over it would leave, by way of the real judge."""

import json
import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.memory import Memory, Rules
from alerts.model import Alert, Channel, Level, NotificationState
from monitor.check import page_data
from monitor.check.status import document
from monitor.config.settings import DAY, Settings
from monitor.judge.conditions import conditions
from monitor.judge.judge import judge
from monitor.metrics.definitions import ChannelFacts
from monitor.model import (
    Credential,
    Evidence,
    Kind,
    Lineup,
    Need,
    Observation,
    Problem,
    State,
    Transition,
    Trouble,
    Use,
)

NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZONE = ZoneInfo("Europe/Stockholm")
SETTINGS = Settings(host="vps-1", timezone=ZONE)
PHONE, MAIL = Channel("phone"), Channel("mail", Level.NOW)


def login(source, agent, provider, profile, kind=Kind.OAUTH, **more):
    """One observation; `access`, `login` are spans from now."""
    for name, field in (("access", "access_expires_at"), ("login", "login_expires_at")):
        if name in more:
            more[field] = NOW + more.pop(name)
    more.setdefault("refreshable", kind is Kind.OAUTH)
    return Observation(Credential(source, agent, provider, profile, kind), fingerprint="f" * 32, **more)


def claw(agent, provider, name, kind=Kind.OAUTH, **more):
    store = f"~/.openclaw/agents/{agent}/agent/auth-profiles.json"
    do = f"openclaw models auth login --provider {provider} --profile-id {provider}:{name}"
    return login("openclaw", agent, provider, f"{provider}:{name}", kind, store=store, relogin=do, **more)


def lineup(agent, provider, *names, spare=()):
    keys = tuple(f"openclaw/{agent}/{provider}:{name}" for name in names)
    return Lineup("openclaw", agent, provider, keys, tuple(spare))


def fleet(mood):
    """What the sources find: `calm`, `soon`, `now` or `blind`."""
    ends = {"calm": 21 * DAY, "soon": 2 * DAY + 3 * HOUR, "now": -3 * HOUR, "blind": 21 * DAY}[mood]
    yield claw("main", "anthropic", "default", Kind.TOKEN, access=ends)
    yield lineup("main", "anthropic", "default")
    yield claw("main", "openai", "work", access=5 * HOUR, login=38 * DAY)
    yield claw("main", "openai", "personal", access=-2 * DAY, evidence=Evidence.PRESENT, use=Use(rank=1))
    yield lineup("main", "openai", "work", "personal", spare=["OPENAI_API_KEY"])
    yield claw("main", "openrouter", "default", Kind.API_KEY)
    yield lineup("main", "openrouter", "default")
    yield claw("lab", "anthropic", "lab", Kind.TOKEN, access=150 * DAY)
    yield lineup("lab", "anthropic", "lab")
    yield claw("lab", "google", "default", access=40 * timedelta(minutes=1))
    yield lineup("lab", "google", "default")
    yield login(
        "claude-code",
        "-",
        "anthropic",
        "claude-code:default",
        access=6 * HOUR,
        login=26 * DAY,
        relogin="claude auth login",
        store="~/.claude/.credentials.json",
    )
    yield login(
        "codex",
        "-",
        "openai",
        "codex:chatgpt",
        access=9 * DAY,
        relogin="authwatch relogin codex/-/codex:chatgpt",
        store="~/.codex/auth.json",
    )
    yield login("env", "-", "groq", "GROQ_API_KEY", Kind.API_KEY, from_file=False)
    if mood == "blind":
        yield Trouble(
            "openclaw", Problem.PARSE, "~/.openclaw/agents/ops/agent/auth-profiles.json", "not JSON: line 1, column 55"
        )


def changes(mood):
    """What happened in the last month."""
    past = [
        ("openclaw/main/openai:personal", 26, State.OK, State.EXPIRED),
        ("openclaw/main/openai:personal", 25.6, State.EXPIRED, State.OK),
        ("openclaw/main/openai:personal", 2, State.OK, State.EXPIRED),
        ("claude-code/-/claude-code:default", 9, State.OK, State.EXPIRING),
        ("claude-code/-/claude-code:default", 4, State.EXPIRING, State.OK),
        ("codex/-/codex:chatgpt", 17, State.OK, State.REFUSED),
        ("codex/-/codex:chatgpt", 16.4, State.REFUSED, State.OK),
        ("openclaw/lab/google:default", 21, None, State.OK),
        ("openclaw/lab/google:default", 12, State.OK, State.UNKNOWN),
        ("openclaw/lab/google:default", 11.2, State.UNKNOWN, State.OK),
        ("openclaw/lab/anthropic:lab", 14, State.OK, State.EXPIRING),
        ("openclaw/lab/anthropic:lab", 8, State.EXPIRING, State.OK),
    ]
    if mood in ("soon", "now"):
        past.append(("openclaw/main/anthropic:default", 7 if mood == "now" else 4.9, State.OK, State.EXPIRING))
    if mood == "now":
        past.append(("openclaw/main/anthropic:default", 0.13, State.EXPIRING, State.EXPIRED))
    past.sort(key=lambda one: -one[1])
    needs = {State.EXPIRED: Need.NOW, State.REFUSED: Need.NOW, State.EXPIRING: Need.SOON, State.UNKNOWN: Need.UNKNOWN}
    idle = "openclaw/main/openai:personal"
    return [
        Transition(key, NOW - ago * DAY, before, after, Need.NO if key == idle else needs.get(after, Need.NO))
        for key, ago, before, after in past
    ]


def documents(mood="now", more=(), privacy="full"):
    """The status document and the overview."""
    return left(mood, more, privacy)[:2]


def left(mood="now", more=(), privacy="full", known=None):
    """The status document, the overview, the evidence; `known` is the history by key."""
    settings = SETTINGS._replace(privacy=privacy)
    judgement = judge([*fleet(mood), *more], known or {}, settings.policy, NOW)
    alerts, told = {}, {}
    for one in conditions(judgement, host="vps-1", privacy="full", now=NOW):
        if one.level is not Level.FINE:
            since = NOW - 3 * HOUR
            alerts[one.key] = Alert(
                one.key,
                one.level,
                since,
                since,
                one.labels,
                one.step,
                doubt=one.doubt,
                summary=one.summary,
                remedy=one.remedy,
            )
            for channel in (PHONE, MAIL):
                if one.level.rank >= channel.at_least.rank:
                    told[channel.label, one.key] = NotificationState(
                        channel.label, one.key, one.level, since, since, one.step
                    )

    def look(at, _):
        later = judge([*fleet(mood), *more], {}, settings.policy, at)
        return conditions(later, host="vps-1", privacy="full", now=at), later.until

    facts = (ChannelFacts("phone", NOW - 3 * HOUR), ChannelFacts("mail", NOW - 12 * DAY))
    memory = page_data.AlertFacts(
        Memory(alerts, told),
        (PHONE, MAIL),
        Rules(timedelta(minutes=10), (DAY, 2 * DAY, 7 * DAY)),
        facts,
        look,
    )
    return (
        document(judgement, at=NOW, host="vps-1", timezone=str(ZONE)),
        page_data.overview(judgement, memory, changes(mood), settings, NOW),
        page_data.evidence(judgement, known or {}, settings, NOW),
    )


def lay(folder, mood="now", more=()):
    """Leaves both where a check would, and a checkpoint of that moment."""
    status, over, evidence = left(mood, more)
    folder.mkdir(exist_ok=True)
    (folder / "status.json").write_text(json.dumps(status))
    (folder / "page.json").write_text(json.dumps(over))
    (folder / "logins.json").write_text(json.dumps(evidence))
    (folder / "checkpoint").touch()
    os.utime(folder / "checkpoint", (NOW.timestamp(), NOW.timestamp()))
