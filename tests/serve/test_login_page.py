"""The page of one login: from what a check left, for whoever may read the front page."""

import json
import re
from urllib.parse import unquote

import pytest

from monitor.check.page_data import LOGINS, PLACES
from monitor.config.settings import DAY, Secret, WebSettings
from monitor.model import Kind, Lineup, Rung, Standing, Use
from monitor.serve.page.view import PageInput, render, render_login, render_unknown
from monitor.serve.page.words import link
from tests.serve.scene import NOW, claw, lay, left, lineup
from tests.serve.test_page import HOSTILE, LATER, Text

KEY = "openclaw/main/anthropic:default"


def drawn(key=KEY, mood="now", more=(), change=lambda *documents: None):
    status, overview, evidence = left(mood, more)
    change(status, overview, evidence)
    return render_login(key, PageInput(status, overview, NOW, False), evidence, "vps-1", LATER)


def test_it_says_what_to_do_why_and_what_was():
    """It says what to do, when it expired, what it was before and by which rule it is judged, on the reader's clock."""
    found = Text(drawn())
    for words in (
        "last checked 15:05 CET (2 min ago)",
        "anthropic:default (OpenClaw, agent main)",
        "fix: openclaw models auth login --provider anthropic --profile-id anthropic:default",
        "access expired 3 h ago (Sun 22 Nov, 12:05 CET)",
        "What serves anthropic for agent main",
        "expired, was expiring soon",
        "expiring soon, was ok",
        "Rule 6 applies: ",
        "From ~/.openclaw/agents/main/agent/auth-profiles.json",
        "renews itself no",
        "authwatch explain openclaw/main/anthropic:default",
    ):
        assert words in found, words
    assert not found.open
    assert "UTC" not in re.sub(r"<[^>]*>", "", drawn())


def test_the_history_is_its_own_and_newest_first():
    """The history is its own, the newest first, with the day of each change."""
    text = drawn("codex/-/codex:chatgpt")
    assert text.index("ok, was rejected") < text.index("rejected, was ok")
    assert "Thu 5 Nov 2026, 15:05 CET" in text
    assert "No changes in the last 45 days." in drawn("openclaw/main/openrouter:default")


def test_the_places_of_a_program_are_shown_in_their_order():
    """The places from which a program takes a login are shown in their order, each with what stands in it."""
    rungs = (
        Rung("ANTHROPIC_API_KEY", "", Standing.EMPTY),
        Rung("apiKeyHelper in settings.json", "", Standing.PASSED, "not a program here"),
        Rung("auth-profiles.json", "openclaw/main/xai:a", Standing.SERVES),
        Rung("models.json", "openclaw/main/xai:b", Standing.BEHIND),
    )
    more = [
        claw("main", "xai", "a", Kind.API_KEY),
        claw("main", "xai", "b", Kind.API_KEY, use=Use(in_use=False)),
        Lineup("openclaw", "main", "xai", ("openclaw/main/xai:a",), ladder=rungs),
    ]
    text = drawn("openclaw/main/xai:b", more=more)
    places = text[text.index("What serves") : text.index('id="history"')]
    found = Text(f"<ol>{places[places.index('<li') : places.index('</ol>')]}</ol>")
    words = " ".join("".join(found.words).split())
    expected = (
        "ANTHROPIC_API_KEY empty",
        "apiKeyHelper in settings.json not a program here",
        "ok auth-profiles.json · xai:a serves; no expiry date",
        "models.json · xai:b this login not in use: a place above it serves",
    )
    assert [words.find(one) for one in expected] == sorted(words.find(one) for one in expected)
    assert all(one in words for one in expected), words
    assert 'href="../../../login/openclaw/main/xai:a"' in places


def test_the_front_page_links_to_every_login(server, tmp_path):
    """Every login on the front page has a link that leads to its page, and that page leads back."""
    keys = ["main/xai", "we?ird#k%ey", "é ü", "a//b", "..x"]
    more = [claw(name, "xai", name, Kind.TOKEN, access=-DAY) for name in keys]
    lay(tmp_path, "now", more)
    client = server(clock=lambda: LATER)
    front = client.ask("/")[2]
    links = set(re.findall(r'href="(login/[^"]*)"', front))
    status = json.loads((tmp_path / "status.json").read_text())
    assert {unquote(one.removeprefix("login/")) for one in links} == {one["key"] for one in status["profiles"]}
    for one in links:
        code, headers, text = client.ask(f"/{one}")
        assert (code, headers["Content-Type"]) == (200, "text/html; charset=utf-8"), one
        depth = "../" * (unquote(one).count("/"))
        assert f'<a href="{depth}">All logins</a>' in text
        assert f'<link rel="stylesheet" href="{depth}page.css">' in text


@pytest.mark.parametrize(
    "key", ["nobody", "openclaw/main/anthropic:defaul", "", "x" * 3000, "<script>", "%00", "a/../b"]
)
def test_an_unknown_key_is_not_found_in_plain_words(server, tmp_path, key):
    """An unknown key is 404 in plain words, with a link back, also before the first check."""
    lay(tmp_path)
    client = server(clock=lambda: LATER)
    code, headers, text = client.ask(f"/login/{key}")
    assert (code, "Unknown login" in text, "All logins</a>" in text) == (404, True, True)
    assert "<script>" not in text
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    for name in ("status.json", "page.json", "logins.json"):
        (tmp_path / name).unlink()
    assert "The first check has not finished yet" in client.ask(f"/login/{key}")[2]


def test_it_is_guarded_like_the_front_page(server, tmp_path):
    """It wants the password, our own name and GET, as the front page does, and carries the same headers."""
    lay(tmp_path)
    guarded, client = server(WebSettings("127.0.0.1:0", Secret("planted-secret"))), server()
    for path in (f"/login/{KEY}", "/login/nobody"):
        assert guarded.ask(path)[0] == 401
        assert client.ask(path, Host="evil.example")[0] == 421
        assert client.ask(path, "POST")[0] == 405
        strict = {name: text for name, text in client.ask("/")[1].items() if name not in ("Content-Length", "Date")}
        found = {name: text for name, text in client.ask(path)[1].items() if name not in ("Content-Length", "Date")}
        assert found == strict


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_login_is_text(text):
    """A hostile login is text on its page and on the one that does not know it."""
    evil = claw("main", "xai", text, Kind.TOKEN, access=-DAY, notes=(text,))
    key = evil.credential.key
    for page in (drawn(key, more=[evil]), render_unknown(key, PageInput({}, {}, None, False), text, LATER)):
        found = Text(page.encode("utf-8", "replace").decode())
        assert not found.open
        assert all(tag not in ("script", "img") for tag, _ in found.tags)
        for _, attributes in found.tags:
            assert not {"style", "onclick", "onload"} & set(attributes)
            assert not attributes.get("href", "").startswith(("http", "javascript", "//"))


@pytest.mark.parametrize(
    "rubbish", ["", "null", "[]", "{", '{"logins": 7}', json.dumps({"logins": {KEY: {"facts": 7}}})]
)
def test_evidence_that_no_check_left_is_no_error(server, tmp_path, rubbish):
    """Evidence that no check left is no error: the rest of the page is there."""
    lay(tmp_path)
    (tmp_path / "logins.json").write_text(rubbish)
    assert server(clock=lambda: LATER).ask(f"/login/{KEY}")[0] == 200


def test_without_evidence_it_says_where_to_ask():
    """Without evidence it shows what the status has, and the command that tells the rest."""
    found = Text(drawn(change=lambda _, __, evidence: evidence["logins"].clear()))
    assert "The last check kept no evidence for this login." in found
    assert "authwatch explain openclaw/main/anthropic:default" in found
    assert "fix: openclaw models auth login" in found


def test_a_large_home_bloats_neither_page():
    """Of a large home the evidence is bounded, whoever needs somebody first, and the front page does not read it."""
    names = [f"p{at:04}" for at in range(LOGINS + 100)]
    crowd = [claw("main", "xai", name, Kind.TOKEN, access=40 * DAY) for name in names]
    crowd += [claw("main", "xai", "zz-last", Kind.TOKEN, access=-DAY), lineup("main", "xai", *names, "zz-last")]
    status, overview, evidence = left("calm", crowd)
    assert len(evidence["logins"]) == LOGINS
    last = evidence["logins"]["openclaw/main/xai:zz-last"]
    (places,) = last["lineups"]
    assert len(places["places"]) == PLACES + 1
    assert places["more"] == LOGINS + 100 - PLACES
    page = render_login("openclaw/main/xai:zz-last", PageInput(status, overview, NOW, False), evidence, "x", NOW)
    assert len(page) < 20_000
    assert len(json.dumps(evidence)) < 4_000 * LOGINS


def test_an_ordinary_front_page_is_small():
    """An ordinary front page has at most 60 KB, the page of a login less."""
    status, overview, _ = left("now")
    assert len(render(PageInput(status, overview, NOW, False), "vps-1", LATER).encode()) < 60_000
    assert len(drawn().encode()) < 20_000


def test_a_page_is_made_anew_when_a_check_left_something_else(server, tmp_path):
    """A page is made anew when a check left something else."""
    lay(tmp_path, "calm")
    client = server(clock=lambda: LATER)
    assert "No action needed." in client.ask(f"/{link(KEY)}")[2]
    lay(tmp_path, "now")
    assert "NOW" in client.ask(f"/{link(KEY)}")[2]
