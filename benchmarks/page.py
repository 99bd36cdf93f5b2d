"""What the pages weigh and how readable they are, in a real Chromium: the table of docs/benchmarks.md.

    python benchmarks/page.py [--write] [--pictures]

Each page is drawn at 320, 390 and 1280 px, in light and dark, with every row open (that of 509 logins at 390 px). The lowest contrast is the least
that axe found for any text (WCAG AA wants 4.5), axe counts what it objects to in all of them. `--pictures` draws
docs/images anew.
"""

from __future__ import annotations

import gzip
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from axe_playwright_python.sync_playwright import Axe  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from monitor.check.outputs import StateFolders  # noqa: E402
from monitor.config.settings import Settings, WebSettings  # noqa: E402
from monitor.serve.daemon_metrics import Counters  # noqa: E402
from monitor.serve.live_settings import LiveSettings, Loaded  # noqa: E402
from monitor.serve.server import Server  # noqa: E402
from monitor.serve.wsgi import App, fault  # noqa: E402
from tests.serve.scene import NOW, lay  # noqa: E402
from tests.serve.test_browser import many  # noqa: E402

BENCHMARKS = ROOT / "docs/benchmarks.md"
IMAGES = ROOT / "docs/images"
LOGIN = "login/openclaw/main/anthropic:default"
HEAD = (
    "| page | KB | KB as sent | requests | DOM nodes | axe violations | lowest contrast | sideways scroll |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
#: (file, page, width, height, scheme)
PICTURES = (
    ("page-light.png", "", 1100, 1180, "light"),
    ("page-phone-dark.png", "", 390, 1060, "dark"),
    ("login-light.png", LOGIN, 1100, 1180, "light"),
)


class Home(NamedTuple):
    """What is watched, and the pages that are looked at."""

    title: str
    crowd: int
    path: str
    widths: tuple[int, ...] = (320, 390, 1280)
    schemes: tuple[str, ...] = ("light", "dark")


HOMES = (
    Home("front page, 9 logins", 0, ""),
    Home("page of one login", 0, LOGIN),
    Home("front page, 509 logins", 500, "", (390,), ("light",)),
    Home("page of one login of 509", 500, LOGIN, (390,), ("light",)),
)


def main() -> None:
    with sync_playwright() as run:
        browser = run.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        text = HEAD + "".join(row(browser, home) for home in HOMES)
        if "--pictures" in sys.argv:
            pictures(browser)
        browser.close()
    print(text)
    if "--write" in sys.argv:
        document = BENCHMARKS.read_text("utf-8")
        BENCHMARKS.write_text(
            re.sub(r"\| page \| KB \|.*?\n(?=\n)", lambda _: text, document, count=1, flags=re.DOTALL), "utf-8"
        )


def row(browser: Browser, home: Home) -> str:
    violations, contrasts, scrolled = 0, [], 0
    with tempfile.TemporaryDirectory(prefix="authwatch-page-") as folder:
        origin = served(Path(folder), home.crowd)
        for width in home.widths:
            for scheme in home.schemes:
                context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
                page = context.new_page()
                asked: list[str] = []
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                body = page.goto(origin + home.path, wait_until="load").body()
                page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
                found = Axe().run(page, options={"resultTypes": ["passes", "violations"]}).response
                violations += len(found["violations"])
                contrasts += ratios(found)
                scrolled = max(scrolled, page.evaluate("document.documentElement.scrollWidth") - width)
                nodes = page.evaluate("document.querySelectorAll('*').length")
                context.close()
    size, sent = len(body) / 1000, len(gzip.compress(body, 6)) / 1000
    return (
        f"| {home.title} | {size:.0f} | {sent:.0f} | {len(asked)} | {nodes:,} | {violations} | {min(contrasts):.2f} "
        f"| {'none' if scrolled <= 0 else f'{scrolled} px'} |\n"
    )


def ratios(found: dict[str, Any]) -> Iterator[float]:
    """The contrast of every text that axe could judge."""
    for rule in (*found["passes"], *found["violations"]):
        if rule["id"] == "color-contrast":
            for node in rule["nodes"]:
                yield from (each["data"]["contrastRatio"] for each in node["any"] if each["data"].get("contrastRatio"))


def served(folder: Path, crowd: int) -> str:
    lay(folder, "now", list(many(crowd)) if crowd else ())
    current = LiveSettings(lambda: Loaded(Settings(host="vps-1", web=WebSettings("127.0.0.1:0"))))
    place = StateFolders(folder, folder)
    app = App(current, place, Counters([]), lambda _: fault(HTTPStatus.SERVICE_UNAVAILABLE, ""), lambda: NOW)
    server = Server(app, "127.0.0.1", 0)
    threading.Thread(target=server.run, daemon=True).start()
    return f"http://{server.address}/"


def pictures(browser: Browser) -> None:
    with tempfile.TemporaryDirectory(prefix="authwatch-page-") as folder:
        origin = served(Path(folder), 0)
        for name, path, width, height, scheme in PICTURES:
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            page = context.new_page()
            page.goto(origin + path, wait_until="load")
            page.screenshot(path=IMAGES / name)
            context.close()


if __name__ == "__main__":
    main()
