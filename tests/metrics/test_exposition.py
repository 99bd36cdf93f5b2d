"""What a body says, read back with the parsers of prometheus_client and promtool."""

import shutil
import subprocess
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics import parser as om_parser
from prometheus_client.parser import text_string_to_metric_families

from alerts.model import Condition, Level
from monitor.check.gate import restamp
from monitor.metrics.definitions import FAMILIES, Facts
from monitor.metrics.exposition import body, openmetrics
from monitor.model import Need, Problem, ProviderView, State, Trouble
from tests.metrics.worlds import DAY, FACTS, NOW, WORLD, judgement, verdict

ME = {"source": "openclaw", "agent": "main", "provider": "anthropic", "profile": "anthropic:me@example.org"}


def read_text(text):
    return [s for family in text_string_to_metric_families(text) for s in family.samples]


def read_openmetrics(text):
    families = om_parser.text_string_to_metric_families(openmetrics(text.encode()).decode() + "# EOF\n")
    return [s for family in families for s in family.samples]


READERS = pytest.mark.parametrize("read", [read_text, read_openmetrics])


def value(samples, name, **labels):
    """The one value of the series that has these labels; None when there is none."""
    found = [s.value for s in samples if s.name == f"authwatch_{name}" and labels.items() <= s.labels.items()]
    assert len(found) <= 1, found
    return found[0] if found else None


@READERS
def test_moments_are_unix_seconds_to_the_millisecond(read):
    """Moments are unix seconds to the millisecond."""
    samples = read(body(WORLD, FACTS))
    deadline = value(samples, "profile_deadline_timestamp_seconds", **ME)
    assert deadline == round((NOW + 30 * DAY).timestamp(), 3)
    access = value(samples, "profile_access_expiry_timestamp_seconds", **ME)
    assert access == round((NOW + timedelta(hours=8)).timestamp(), 3)
    assert value(samples, "profile_login_expiry_timestamp_seconds", **ME) == deadline
    assert value(samples, "profile_last_rotation_timestamp_seconds", **ME) == round((NOW - DAY).timestamp(), 3)


@READERS
def test_state_and_need_are_one_hot_over_their_closed_lists(read):
    """State and need are one-hot over their closed lists."""
    samples = read(body(WORLD, FACTS))
    gone = {**ME, "profile": "anthropic:gone"}
    states = {s: value(samples, "profile_state", **gone, state=s) for s in State}
    assert states == {s: float(s is State.MISSING) for s in State}
    needs = {n: value(samples, "profile_needs_human", **gone, needs_human=n) for n in Need}
    assert needs == {n: float(n is Need.NOW) for n in Need}


@READERS
def test_a_held_key_keeps_its_moments_and_is_otherwise_unknown(read):
    """A held key keeps its moments and is otherwise unknown."""
    samples = read(body(WORLD, FACTS))
    held = {**ME, "profile": "anthropic:held"}
    assert value(samples, "profile_deadline_timestamp_seconds", **held)
    assert value(samples, "profile_state", **held, state="unknown") == 1
    assert value(samples, "profile_state", **held, state="ok") == 0
    assert value(samples, "profile_needs_human", **held, needs_human="unknown") == 1


@READERS
def test_a_source_is_up_only_without_a_problem_and_after_a_success(read):
    """A source is up only without a problem and after a success."""
    samples = read(body(WORLD, FACTS))
    assert {s: value(samples, "source_up", source=s) for s in FACTS.sources} == {
        "openclaw": 1,
        "codex": 0,
        "env": 0,
    }
    problems = {p: value(samples, "source_problems", source="codex", problem=p) for p in Problem}
    assert problems == {p: float(p is Problem.PARSE) for p in Problem}
    frozen = value(samples, "source_last_success_timestamp_seconds", source="codex")
    assert frozen == round((NOW - DAY).timestamp(), 3)
    assert value(samples, "source_last_success_timestamp_seconds", source="env") is None


@READERS
def test_flags_channels_providers_and_the_check_itself(read):
    """Flags, channels, providers and the check itself."""
    samples = read(body(WORLD, FACTS))
    gone = {**ME, "profile": "anthropic:gone"}
    assert value(samples, "profile_acknowledged", **gone) == 1
    assert value(samples, "profile_silenced", **gone) == 0
    assert value(samples, "profile_silenced", profile="anthropic:held") == 1
    assert value(samples, "profile_ignored", **gone) == 0
    assert value(samples, "channel_pending", channel="phone") == 2
    assert value(samples, "channel_pending", channel="mail") == 0
    assert value(samples, "channel_last_success_timestamp_seconds", channel="mail") is None
    canary = value(samples, "canary_last_delivery_timestamp_seconds", channel="phone")
    assert canary == round((NOW - 2 * DAY).timestamp(), 3)
    assert value(samples, "provider_profiles", provider="anthropic") == 3
    assert value(samples, "provider_usable_profiles", provider="anthropic") == 1
    assert value(samples, "check_duration_seconds") == 0.25
    assert value(samples, "check_last_success_timestamp_seconds") == round(NOW.timestamp(), 3)
    assert value(samples, "build_info") == 1


def test_every_name_has_help_and_type_even_without_a_series():
    """Every name has HELP and TYPE even without a series."""
    text = body(judgement(), Facts())
    for name in FAMILIES:
        assert f"# HELP {name} " in text
        assert f"# TYPE {name} gauge\n" in text


def test_sources_are_there_before_the_first_look():
    """Sources are there before the first look."""
    samples = read_text(body(judgement(), Facts(sources={"openclaw": None})))
    assert value(samples, "source_up", source="openclaw") == 0
    assert value(samples, "source_problems", source="openclaw", problem="parse") == 0


def test_a_trouble_of_an_unlisted_source_shows_too():
    """A trouble of an unlisted source shows too."""
    world = judgement(troubles=[Trouble("vault", Problem.TIMEOUT, "-", "")] * 2)
    samples = read_text(body(world, Facts()))
    assert value(samples, "source_problems", source="vault", problem="timeout") == 2
    assert value(samples, "source_up", source="vault") == 0


HOSTILE = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    ['"', "\\", "\n", "\\n", 'a"} 1\n# EOF\n', "\u2028\x85\r\x0b\x0c", "\ud800", "{", "# HELP x"]
)


@READERS
@given(profile=HOSTILE, agent=HOSTILE)
def test_any_text_survives_as_a_label_value(read, profile, agent):
    """Any text survives as a label value."""
    seen = verdict(profile)
    credential = seen.seen.credential._replace(agent=agent)
    world = judgement(
        seen._replace(seen=seen.seen._replace(credential=credential)),
        providers=[ProviderView("openclaw", agent, "anthropic", 1, 1, None, True, Need.NO)],
    )
    samples = read(body(world, FACTS))
    (info,) = [s for s in samples if s.name == "authwatch_profile_info"]
    assert info.labels["profile"] == profile.encode("utf-8", "replace").decode()
    assert info.labels["agent"] == agent.encode("utf-8", "replace").decode()


def test_a_mask_hides_every_profile_id_and_never_doubles_a_series():
    """A mask hides every profile id and never doubles a series."""
    text = body(WORLD, FACTS, lambda profile: "anthropic:…")
    assert "example.org" not in text
    infos = [s.labels["profile"] for s in read_text(text) if s.name == "authwatch_profile_info"]
    assert infos == ["anthropic:…", "anthropic:… (2)", "anthropic:… (3)"]


def test_the_gate_can_move_the_success_within_the_file(tmp_path):
    """The gate can move the success within the file; what was not read again keeps its own."""
    later = NOW + timedelta(minutes=5)
    path = tmp_path / "metrics.prom"
    path.write_text(body(WORLD, FACTS))
    restamp(str(path), later.timestamp())
    sources = {**FACTS.sources, "openclaw": later}
    assert path.read_text() == body(WORLD, FACTS._replace(succeeded_at=later, sources=sources))


def test_promtool_finds_nothing_to_complain_about():
    """Promtool finds nothing to complain about."""
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed (Debian: prometheus)")
    text = body(WORLD, FACTS)
    done = subprocess.run(["promtool", "check", "metrics"], check=False, input=text, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_findings_that_mask_alike_are_one_series():
    """Findings that mask alike are one series, each level for itself: a double one would end the whole scrape."""
    labels = {"source": "openclaw", "agent": "main", "provider": "anthropic"}
    found = [
        Condition(f"openclaw/main/anthropic:{who}/copies", level, labels)
        for who, level in (("a@x", Level.SOON), ("b@x", Level.SOON), ("c@x", Level.NOW))
    ]
    samples = read_text(body(judgement(), Facts(findings=tuple(found)), lambda profile: "anthropic:…"))
    shown = [(s.labels["key"], s.labels["level"]) for s in samples if s.name == "authwatch_finding"]
    assert shown == [("openclaw/main/anthropic:…/copies", "soon"), ("openclaw/main/anthropic:…/copies", "now")]
