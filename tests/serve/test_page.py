"""What the page says."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.settings import DAY
from monitor.model import Evidence, Kind, Use
from monitor.serve.page import axis
from monitor.serve.page.headline import headline
from monitor.serve.page.rows import groups
from monitor.serve.page.view import PageInput, render
from monitor.serve.page.words import ReaderClock, Remedy
from tests.serve.scene import NOW, ZONE, claw, documents, lay, lineup

LATER = NOW + timedelta(minutes=2)
CLOCK = ReaderClock(NOW, ZONE)


class Text(HTMLParser):
    """The text of a page, and the tags it is made of; `open` must be empty at the end."""

    VOID = ("meta", "link", "br", "path", "rect", "circle", "line")

    def __init__(self, page):
        super().__init__()
        self.words, self.tags, self.open = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def __contains__(self, text):
        return text in " ".join("".join(self.words).split())


def page(mood="now", more=(), late=False, now=LATER):
    status, overview = documents(mood, more)
    return Text(render(PageInput(status, overview, NOW, late), "vps-1", now))


@pytest.mark.parametrize(
    ("mood", "sentence", "command"),
    [
        ("calm", "No action needed until Sun 13 Dec", None),
        ("soon", "anthropic:default (OpenClaw, agent main) needs you by Tue 24 Nov", "openclaw models auth login"),
        ("now", "anthropic:default (OpenClaw, agent main) needs you now", "openclaw models auth login"),
        ("blind", "~/.openclaw/agents/ops/agent/auth-profiles.json could not be read", "authwatch doctor"),
    ],
)
def test_the_first_sentence_is_the_one_that_matters(mood, sentence, command):
    """The first sentence is the one that matters, with the command to copy."""
    found = headline(documents(mood)[0], (), CLOCK)
    assert found.sentence == sentence
    assert [step.remedy.command.startswith(command) for step in found.steps] == ([True] if command else [])
    assert sentence in page(mood)


@pytest.mark.parametrize(
    ("left", "need", "sentence"),
    [
        (timedelta(hours=2), "soon", "needs you by 17:05 today"),
        (timedelta(minutes=1), "soon", "needs you by 15:06 today"),
        (timedelta(hours=8, minutes=54), "soon", "needs you by 23:59 today"),
        (timedelta(hours=8, minutes=55), "soon", "needs you by 00:00 tomorrow"),
        (timedelta(hours=30), "soon", "needs you by 21:05 tomorrow"),
        (timedelta(hours=34), "soon", "needs you by Tue 24 Nov"),
        (timedelta(days=60), "soon", "needs you by Thu 21 Jan 2027"),
        (timedelta(), "soon", "needs you soon"),
        (-timedelta(hours=3), "soon", "needs you soon"),  # another login stands in for it
        (None, "soon", "needs you soon"),
        (-timedelta(hours=3), "now", "needs you now"),
        (timedelta(hours=3), "now", "needs you now"),
        (timedelta(hours=3), "no", "No action needed until 18:05 today"),
        (timedelta(hours=20), "no", "No action needed until 11:05 tomorrow"),
        (timedelta(days=3), "no", "No action needed until Wed 25 Nov"),
        (-timedelta(hours=3), "no", "(OpenClaw, agent main) expired since the last check"),
    ],
)
def test_a_headline_names_a_day_that_makes_sense(left, need, sentence):
    """A headline names the day or hour of a deadline on the reader's clock, and none for what is behind."""
    status = documents("soon")[0]
    one = next(one for one in status["profiles"] if one["key"] == "openclaw/main/anthropic:default")
    at = (NOW + left).isoformat() if left is not None else None
    only = {**status, "profiles": [{**one, "needs_human": need, "deadline": at}], "findings": []}
    assert headline(only, (), CLOCK).sentence.endswith(sentence)


def test_what_is_only_expected_is_told_as_an_estimate():
    """A log-in that past ones let expect is told with its spread, and the headline promises no day after it."""
    status, overview = documents("calm")
    estimate = {"key": "codex/-/codex:chatgpt", "name": "x", "spread": 2 * 86400, "logins": 4}
    for days, words, sentence in (
        (9, "next log-in about Tue 1 Dec, give or take 2 days", "No action needed now"),
        (-2, "a log-in was expected about Fri 20 Nov, give or take 2 days", "No action needed now"),
        (90, "next log-in about Sat 20 Feb 2027, give or take 2 days", "No action needed until Sun 13 Dec"),
    ):
        overview["estimates"] = [{**estimate, "at": (NOW + days * DAY).isoformat()}]
        found = Text(render(PageInput(status, overview, NOW, False), "vps-1", NOW))
        assert words in found
        assert sentence in found


def test_one_vocabulary_of_states():
    """Every status on the page is one of NOW, SOON, ?, ok and –, and what is not in use says so."""
    unused = claw("main", "groq", "spare", Kind.API_KEY, use=Use(in_use=False))
    for mood in ("calm", "soon", "now", "blind"):
        status, overview = documents(mood, [unused])
        drawn = render(PageInput(status, overview, NOW, False), "vps-1", NOW)
        badges = re.findall(r'class="badge[^"]*">(?:<span aria-hidden="true">)?([^<]*)<', drawn)
        assert badges
        assert set(badges) <= {"NOW", "SOON", "?", "ok", "–"}
    (row,) = (
        row
        for one in groups(status, {}, CLOCK)
        for row in one.rows
        if row.provider == "groq" and row.logins[0].profile == "groq:spare"
    )
    assert (row.status, row.when, row.logins[0].status) == ("–", "not in use", "–")


def test_several_that_need_somebody_are_counted_and_each_has_its_command():
    """Several that need somebody are counted, and each has its command, what is known already last."""
    more = [claw(f"a{at}", "xai", "default", Kind.TOKEN, access=-DAY) for at in range(6)]
    lines = [lineup(f"a{at}", "xai", "default") for at in range(6)]
    status = documents("now", [*more, *lines])[0]
    status["profiles"] = [{**one, "acknowledged": one["agent"] == "main"} for one in status["profiles"]]
    found = headline(status, (), CLOCK)
    assert found.sentence == "xai:default (OpenClaw, agent a0) and 6 more need you now"
    assert (len(found.steps), found.more) == (4, 3)


def test_an_ignored_login_needs_nobody():
    """An ignored login needs nobody."""
    status = documents("now")[0]
    status["profiles"] = [{**one, "ignored": one["needs_human"] == "now"} for one in status["profiles"]]
    assert headline(status, (), CLOCK).sentence == "No action needed until Fri 18 Dec"


def test_a_home_without_logins_says_so():
    """A home without logins says so; one whose logins never end names no day."""
    empty = {"profiles": [], "providers": [], "problems": [], "findings": []}
    assert headline(empty, (), CLOCK).sentence == "No logins found"
    status = documents("calm")[0]
    endless = [{**one, "deadline": None} for one in status["profiles"]]
    assert headline({**status, "profiles": endless}, (), CLOCK).sentence == "No action needed"


def test_before_the_first_look_and_without_recent_ones_nothing_is_claimed():
    """Before the first look, and when the last is too long ago, nothing is claimed."""
    assert "The first check has not finished yet" in Text(render(PageInput({}, {}, None, False), "vps-1", NOW))
    late = page("calm", late=True, now=NOW + timedelta(hours=3))
    assert "No check since 15:05 CET (3 h ago)" in late
    assert "As far as known: No action needed until Sun 13 Dec." in late


def test_every_provider_of_every_agent_has_a_row():
    """Every provider of every agent has a row, with who is next; programs without agents share a group."""
    found = groups(documents("now")[0], {}, CLOCK)
    assert [(one.program, one.agent, [row.provider for row in one.rows]) for one in found] == [
        ("OpenClaw", "main", ["anthropic", "openai", "openrouter"]),
        ("OpenClaw", "lab", ["anthropic", "google"]),
        ("", "", ["anthropic", "openai", "groq"]),
    ]
    first, second, third = found[0].rows
    assert (first.status, first.when, first.exact, first.usable) == (
        "NOW",
        "expired 3 h ago",
        "Sun 22 Nov, 12:05 CET",
        0,
    )
    assert (second.when, second.next, second.usable, second.total) == ("expires in 38 days", "openai:work", 3, 3)
    assert (third.when, third.marks) == ("no expiry date", ())


def test_open_alerts_say_who_was_told_and_what_comes_next():
    """Open alerts say who was told and what comes next."""
    found = page("now")
    assert "notified mail 3 h ago (Sun 22 Nov, 12:05 CET), phone 3 h ago (Sun 22 Nov, 12:05 CET)" in found
    assert "in 21 h (Mon 23 Nov, 12:05 CET), reminder" in found
    assert "next message on phone: in 27 h (Mon 23 Nov, 18:05 CET)" in page("soon")  # the next lead step
    assert "last delivery Tue 10 Nov 2026, 15:05 CET" in found


@pytest.mark.parametrize(
    ("told", "undelivered", "words"),
    [
        ({}, [], "ago) · nobody was notified"),
        ({}, ["mail"], "ago) · not yet delivered to mail"),
        (
            {"phone": (NOW - 3 * DAY).isoformat()},
            ["mail"],
            "notified phone 3 days ago (Thu 19 Nov, 15:05 CET); not yet delivered to mail",
        ),
    ],
)
def test_an_alert_says_whom_it_has_not_reached_yet(told, undelivered, words):
    """An alert says in whole words whom it has not reached yet, or that it reached nobody."""
    status, overview = documents("now")
    overview["alerts"] = [{**one, "told": told, "undelivered": undelivered} for one in overview["alerts"]]
    assert words in Text(render(PageInput(status, overview, NOW, False), "vps-1", LATER))


def test_what_is_on_the_page_is_whole_and_asks_nobody_else():
    """The page is whole and asks nobody else: no script, no inline style, no address but our own."""
    for mood in ("calm", "soon", "now", "blind"):
        found = page(mood)
        assert not found.open
        for tag, attributes in found.tags:
            assert tag != "script"
            assert not {"style", "onclick", "onload"} & set(attributes)
            for name in ("href", "src"):
                assert "//" not in attributes.get(name, "")


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "\u202eevil",
    "a\nb",
    "&amp;",
    "\ud800",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_id_is_text(text):
    """A hostile id is text, wherever it shows."""
    evil = claw("main", "xai", text, Kind.TOKEN, access=-DAY, notes=(text,))
    status, overview = documents("now", [evil])
    drawn = render(PageInput(status, overview, NOW, False), text, LATER).encode("utf-8", "replace").decode()
    found = Text(drawn)
    assert not found.open
    assert all(tag not in ("script", "img") for tag, _ in found.tags)
    assert "49" not in re.findall(r"<h1>.*?</h1>", drawn)[0]


@pytest.mark.parametrize("rubbish", ["", "null", "[]", "{", '{"profiles": 7}', '{"profiles": [{}], "problems": []}'])
def test_documents_that_no_check_left_are_no_error(server, tmp_path, rubbish):
    """Documents that no check left are no error, and claim nothing."""
    lay(tmp_path)
    (tmp_path / "status.json").write_text(rubbish)
    (tmp_path / "page.json").write_text(rubbish)
    client = server(clock=lambda: LATER)
    status, _, text = client.ask("/")
    assert (status, "The first check has not finished yet" in text) == (200, True)
    assert client.ask("/calendar.ics")[0] == 200


def test_the_page_is_served_with_its_style_and_icon(server, tmp_path):
    """The page is served with its style and icon, and made anew when a check left something else."""
    lay(tmp_path, "calm")
    client = server(clock=lambda: LATER)
    status, headers, text = client.ask("/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "script-src" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "No action needed until" in text
    assert client.ask("/page.css")[1]["Content-Type"] == "text/css; charset=utf-8"
    assert client.ask("/icon.svg")[1]["Content-Type"] == "image/svg+xml"
    lay(tmp_path, "now")
    assert "needs you now" in client.ask("/")[2]


def test_the_page_needs_no_database_in_the_daemon(tmp_path):
    """The page needs no database in the daemon: it shows what the checks left."""
    import subprocess
    import sys

    lay(tmp_path)
    code = (
        "import sys, json\nfrom pathlib import Path\nfrom datetime import UTC, datetime\n"
        "from monitor.serve.page.view import PageInput, render\nfrom monitor.serve import daemon\nfrom monitor.check import outputs\n"
        "p = Path(sys.argv[1])\n"
        "render(PageInput(outputs.document(p / 'status.json'), outputs.document(p / 'page.json'), None, False), 'x', datetime.now(UTC))\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "jinja2" in loaded
    assert not {"sqlalchemy", "apprise", "yaml", "rich"} & loaded


SPANS = st.timedeltas(timedelta(seconds=1), timedelta(days=100_000))


@given(SPANS, SPANS)
def test_later_is_never_further_left(one, other):
    """Later is never further left, and nothing leaves the axis."""
    low, high = sorted((one, other))
    assert axis.START <= axis.ahead(low) <= axis.ahead(high) <= axis.END
    assert axis.ahead(-low) < axis.START


@given(
    st.lists(st.tuples(st.floats(0.01, 60), st.sampled_from(["ok", "expired", "unknown"])), max_size=8), st.booleans()
)
def test_the_stretches_of_a_login_follow_one_another(changes, known):
    """The stretches of a login follow one another without a gap or an overlap, up to now."""
    past = []
    for ago, state in sorted(changes, reverse=True):
        before = past[-1]["after"] if past else ("ok" if known else None)
        at = (NOW - ago * DAY).isoformat()
        past.append({"at": at, "before": before, "after": state, "needs_human": "no"})
    found = axis.stretches(past, ("ok", "no"), NOW, 30 * DAY)
    assert found[-1].x + found[-1].width >= 99.9
    for one, following in pairwise(found):
        assert abs(following.x - one.x - one.width) < 0.5
    if known:
        assert found[0].x == 0


@pytest.mark.parametrize(
    ("text", "command", "words"),
    [
        ("claude auth login", "claude auth login", ""),
        (
            "authwatch relogin codex\n(if it is gone on purpose: authwatch forget x)",
            "authwatch relogin codex",
            "(if it is gone on purpose: authwatch forget x)",
        ),
        ("Put a valid key in its place.", "", "Put a valid key in its place."),
        (
            "Renew it. (if it is gone on purpose: authwatch forget x)",
            "",
            "Renew it. (if it is gone on purpose: authwatch forget x)",
        ),
        ("Log in again. Or take it out.", "", "Log in again. Or take it out."),
        ("", "", ""),
    ],
)
def test_only_a_command_is_offered_for_copying(text, command, words):
    """Only a command is offered for copying."""
    found = Remedy(text)
    assert (found.command, found.words) == (command, words)


def test_a_login_that_is_missing_as_a_whole_is_named_by_its_provider():
    """A login that is missing as a whole is named by its provider."""
    gone = claw("main", "xai", "-", Kind.TOKEN, evidence=Evidence.ABSENT)
    assert headline(documents("calm", [gone])[0], (), CLOCK).sentence == "xai (OpenClaw, agent main) needs you now"
