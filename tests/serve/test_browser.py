"""The page in a real browser: fast, quiet, of one origin, and readable for everybody."""

import shutil

import pytest

from monitor.config.settings import DAY
from monitor.model import Kind
from tests.serve.scene import NOW, claw, lay, lineup

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra: browser)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed (extra: browser)")

CHROMIUM = shutil.which("chromium")
SIZES = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844},
    "small": {"width": 320, "height": 568},
}
LOGIN = "login/openclaw/main/anthropic:default"


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium."""
    if not CHROMIUM:
        pytest.skip("chromium is not installed (Debian: chromium)")
    with playwright.sync_playwright() as run:
        made = run.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def visit(browser, server, tmp_path):
    """Opens the page of a mood; what it asked for and complained of is kept on it."""
    opened = []

    def go(mood="now", size="desktop", scheme="light", more=(), scripts=True, path="", **settings):
        lay(tmp_path, mood, more)
        client = server(clock=lambda: NOW)
        context = browser.new_context(
            viewport=SIZES[size], color_scheme=scheme, java_script_enabled=scripts, **settings
        )
        opened.append(context)
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("requestfailed", lambda request: page.complaints.append(request.url))
        page.origin = f"http://{client.address}/"
        page.goto(page.origin + path, wait_until="load")
        return page

    yield go
    for context in opened:
        context.close()


def many(count=500):
    """So many logins, over agents and providers, some of which end soon."""
    for at in range(count):
        agent, provider = f"agent{at % 20}", f"provider{at % 50}"
        yield claw(agent, provider, f"p{at}", Kind.TOKEN, access=(at % 90 + 1) * DAY)
    for at in range(min(count, 100)):
        agent, provider = f"agent{at % 20}", f"provider{at % 50}"
        names = [f"p{other}" for other in range(at, count, 100)]
        yield lineup(agent, provider, *names)


def test_five_hundred_logins_are_there_within_a_second(visit):
    """Five hundred logins are there within a second of the navigation's start, made by the daemon and drawn.

    Other tests share the machine: one of several tries has to make it, each made anew.
    """
    took = []
    while not took or (min(took) >= 1000 and len(took) < 8):
        page = visit("now", more=list(many()))
        assert page.locator(".logins li").count() >= 500
        took.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
    assert 0 < min(took) < 1000, took


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("mood", "path"),
    [("calm", ""), ("soon", ""), ("now", ""), ("blind", ""), ("calm", LOGIN), ("now", LOGIN), ("now", "login/nobody")],
)
def test_the_page_is_quiet_and_readable_for_everybody(visit, mood, path, size, scheme):
    """Each page is quiet and readable for everybody, in light and dark, on a desk, on a phone and on a small one."""
    page = visit(mood, size, scheme, path=path)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]][:2]) for one in found] == []
    assert [one for one in page.complaints if "404" not in one] == []
    assert all(url.startswith(page.origin) for url in page.asked)
    assert len(page.asked) <= 3  # the page, its style and its icon
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]


def test_the_page_works_without_a_script(visit):
    """The page works without a script: logins unfold, one click selects the command."""
    page = visit("now", scripts=False)
    login = page.locator(".logins").first
    assert not login.is_visible()
    page.locator("summary").first.click()
    assert login.is_visible()
    assert page.locator("h1").inner_text() == "anthropic:default (OpenClaw, agent main) needs you now"
    assert page.locator(".headline .command").inner_text().startswith("openclaw models auth login")


def test_one_click_selects_the_command_as_it_must_be_typed(visit):
    """One click selects the command as it must be typed."""
    page = visit("now")
    page.locator(".headline .command").click()
    selected = page.evaluate("getSelection().toString()")
    assert selected == "openclaw models auth login --provider anthropic --profile-id anthropic:default"


def test_a_row_leads_to_the_page_of_its_login_and_back(visit):
    """A row leads to the page of its login, without a script, and that page leads back."""
    page = visit("now", scripts=False)
    page.locator(".headline a").first.click()
    assert page.url == page.origin + LOGIN
    assert page.locator("h1").inner_text() == "anthropic:default (OpenClaw, agent main)"
    assert page.locator(".headline .command").inner_text().startswith("openclaw models auth login")
    page.locator(".back a").click()
    assert page.url == page.origin
    assert page.complaints == []


@pytest.mark.parametrize("path", ["", LOGIN])
def test_nothing_moves(visit, path):
    """Nothing moves, least of all for those who asked for that."""
    page = visit("now", path=path, reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
    durations = "[...document.querySelectorAll('*')].map(one => getComputedStyle(one).transitionDuration)"
    assert set(page.evaluate(durations)) <= {"0s"}
    assert "prefers-reduced-motion" in page.request.get(f"{page.origin}page.css").text()


def test_dark_is_dark(visit):
    """Dark is dark."""
    paper = "getComputedStyle(document.body).backgroundColor"
    assert visit("now", scheme="light").evaluate(paper) == "rgb(250, 248, 243)"
    assert visit("now", scheme="dark").evaluate(paper) == "rgb(19, 22, 24)"
