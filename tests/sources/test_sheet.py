"""The page of the sources is that of the table."""

from monitor.sources import SOURCES
from tests.sources.homes import HOMES
from tests.sources.sheet import PAGE, page


def test_the_page_is_written_from_the_table() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.sources.sheet"


def test_every_source_is_on_the_page_and_has_a_home() -> None:
    text = PAGE.read_text("utf-8")
    for kind in SOURCES:
        assert f"\n## {kind}\n" in text
        assert (HOMES / kind / "home.json").exists()
