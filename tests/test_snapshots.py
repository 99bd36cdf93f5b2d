"""What a person reads of every command is what tests/snapshots has: `python -m tests.snapshots` renews it."""

from __future__ import annotations

import re

import pytest

from tests.snapshots.__main__ import FOLDER
from tests.snapshots.picture import COLORS, FILE, picture
from tests.snapshots.scenes import PAGES, written


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_is_said(name: str) -> None:
    kept, now = (FOLDER / f"{name}.txt").read_text("utf-8"), written(name)
    if name == "help":  # each Python breaks its lines in its own way
        kept, now = " ".join(kept.split()), " ".join(now.split())
    assert kept == now, "`python -m tests.snapshots` writes it anew"


def test_there_is_no_page_of_what_is_not_run() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(PAGES)


def test_the_picture_of_readme_is_what_a_terminal_shows() -> None:
    assert FILE.read_text("utf-8") == picture(), "`python -m tests.snapshots` draws it anew"


def test_the_picture_fits_every_page() -> None:
    """Light and dark, of text, small, and with nothing from elsewhere."""
    text = FILE.read_text("utf-8")
    assert len(text.encode()) <= 20_000
    assert "prefers-color-scheme: dark" in text
    assert "openclaw models auth paste-token" in text
    assert not re.search(r"<(script|image|foreignObject|a)\b|href|url\(|@import", text)
    assert [
        name for name, tones in COLORS.items() if name != "page" and min(map(_contrast, *_with_page(tones))) < 4.5
    ] == []


def _with_page(tones: tuple[str, str]) -> tuple[tuple[str, str], tuple[str, str]]:
    return tones, COLORS["page"]


def _contrast(one: str, other: str) -> float:
    """Source: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
