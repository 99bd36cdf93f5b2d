"""Made-up credentials, looks and memories for the tests of the judge, and strategies that draw many of them."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from monitor.judge.judge import judge
from monitor.model import (
    Credential,
    Evidence,
    Kind,
    Need,
    Observation,
    Policy,
    PolicyRule,
    Problem,
    Remembered,
    State,
    Use,
)

NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STORE = "/home/me/.openclaw/store"
POLICY = Policy()


def login(
    profile="anthropic:work", *, source="openclaw", agent="main", kind=Kind.OAUTH, evidence=Evidence.PRESENT, **more
):
    """An observation; `anthropic:work` has provider `anthropic`."""
    credential = Credential(source, agent, profile.partition(":")[0], profile, kind)
    more = {"store": "~/.openclaw/store", "host_path": STORE, "fingerprint": f"fp-{profile}", **more}
    return Observation(credential, evidence, **more)


def oauth(profile="anthropic:work", access=6 * HOUR, end=20 * DAY, **more):
    """A refreshable login: access and login end this long after NOW."""
    more = {"refreshable": True, **more}
    return login(profile, access_expires_at=at(access), login_expires_at=at(end), **more)


def token(profile="anthropic:work", access=30 * DAY, **more):
    """A credential that nothing renews."""
    return login(profile, kind=Kind.TOKEN, access_expires_at=at(access), refreshable=False, **more)


def at(span):
    return None if span is None else NOW + span


def memory(seen, **more):
    facts = {"state": State.OK, "needs_human": Need.NO, "deadline": None, "first_seen_at": NOW - 9 * DAY, **more}
    facts = {"last_seen_at": NOW - HOUR, "fingerprint_since": facts["first_seen_at"], **facts}
    return Remembered(seen, **facts)


def known(*observations, **more):
    return {seen.credential.key: memory(seen, **more) for seen in observations}


def looked_at(*findings, before=(), policy=POLICY, now=NOW, looked=(STORE,)):
    """The judgement of a look at STORE; `before` are observations or a mapping that the history holds."""
    past = before if isinstance(before, dict) else known(*before)
    return judge(findings, past, policy, now, looked)


def only(judgement):
    (verdict,) = judgement.verdicts
    return verdict


def ruled(**rule):
    return Policy(rules=(PolicyRule(match={}, **rule),))


spans = st.one_of(
    st.none(),
    st.timedeltas(min_value=-40 * DAY, max_value=400 * DAY),
    st.sampled_from([timedelta(0), -HOUR, HOUR, DAY, 3 * DAY, 7 * DAY, 7 * DAY + HOUR]),
)
moments = spans.map(at)
uses = st.builds(
    Use()._replace,  # `builds` would make up the fields of a NamedTuple that are not given
    in_use=st.sampled_from([None, True, False]),
    unusable_until=moments,
    out_of_credit=st.booleans(),
    last_used_at=moments,
)
observations = st.builds(
    Observation._replace,
    st.sampled_from([login(), login("openai:me@example.org"), login(kind=Kind.API_KEY, source="codex", agent="-")]),
    evidence=st.one_of(st.just(Evidence.PRESENT), st.sampled_from(Evidence)),
    access_expires_at=moments,
    login_expires_at=moments,
    refreshable=st.sampled_from([None, True, False]),
    fingerprint=st.sampled_from([None, "one", "two"]),
    use=uses,
    problem=st.one_of(st.none(), st.sampled_from(Problem)),
    lifetime=st.one_of(st.none(), st.timedeltas(min_value=HOUR, max_value=400 * DAY)),
    host_path=st.sampled_from(["", STORE, "/elsewhere"]),
    from_file=st.booleans(),
    notes=st.sampled_from([(), ("a note",)]),
)
memories = st.builds(
    memory,
    observations,
    deadline=moments,
    first_seen_at=st.timedeltas(min_value=-300 * DAY, max_value=timedelta(0)).map(at),
    overused_at=st.one_of(st.none(), st.timedeltas(min_value=-2 * DAY, max_value=timedelta(0)).map(at)),
    rotated_at=st.one_of(st.none(), st.timedeltas(min_value=-300 * DAY, max_value=timedelta(0)).map(at)),
    proven=st.booleans(),
    comparable=st.booleans(),
    ignored=st.booleans(),
)
rules = st.builds(
    PolicyRule,
    match=st.sampled_from([{}, {"provider": "anthropic"}, {"kind": "api_key"}, {"source": "codex"}]),
    lead=st.one_of(st.none(), st.lists(st.timedeltas(min_value=HOUR, max_value=60 * DAY), max_size=3).map(tuple)),
    lifetime=st.one_of(st.none(), st.timedeltas(min_value=HOUR, max_value=400 * DAY)),
    issued=st.one_of(st.none(), st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 11, 22))),
    watch=st.booleans(),
)
policies = st.builds(Policy()._replace, rules=st.lists(rules, max_size=2).map(tuple))
