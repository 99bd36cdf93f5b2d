"""The page says what the table says, and what nobody asked for is not even imported."""

from __future__ import annotations

from pathlib import Path

from tests.cli.test_imports import loaded
from tests.command import configure
from tests.openclaw_home import openclaw
from tests.polling import pause
from tests.probes.page import BEGIN, END, PAGE, table
from tests.probes.stand import Stand

NETWORK = {
    "http.client",
    "urllib.request",
    "monitor.system.http_get",
    "monitor.probes.ask",
    "monitor.probes.anthropic",
}
OURS = {"monitor.check.probe", "monitor.system.key_offer", "monitor.cli.probe"}


def key(secret: str) -> dict[str, str]:
    return {"type": "api_key", "provider": "anthropic", "key": f"sk-ant-api03-FAKESECRET-{secret}"}


def test_the_table_of_the_page_is_the_table_of_the_code() -> None:
    """The table of the page is the table of the code."""
    written = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    assert written == table(), "python -m tests.probes.page"


def test_who_asks_nobody_loads_nothing_of_it(tmp_path: Path) -> None:
    """Without `probe:` no command loads a module of the probes but the table, which the config's schema needs."""
    configure(tmp_path, "sources: [openclaw]\n")
    openclaw(tmp_path, {"anthropic:default": key("1")})
    for words in (("check",), ("status",), ("history",), ("models", "status")):
        assert not (NETWORK | OURS) & loaded(tmp_path, *words), words


def test_a_check_in_which_nobody_is_due_loads_nothing_of_the_network(tmp_path: Path, provider: Stand) -> None:
    """A full look between two questions loads nothing of the network."""
    configure(tmp_path, f"sources: [openclaw]\nprobe: {{anthropic: {{every: 1h, url: '{provider.url}'}}}}\n")
    openclaw(tmp_path, {"anthropic:default": key("1")})
    assert loaded(tmp_path, "check") >= NETWORK
    pause(0.1)
    openclaw(tmp_path, {"anthropic:default": key("1"), "anthropic:other": {**key("2"), "provider": "acme"}})
    found = loaded(tmp_path, "check")
    assert "monitor.check.probe" in found, "it looked fully"
    assert not NETWORK & found
    assert len(provider.asked) == 1
