"""The names of the commands that `stub.py` stands in for."""

from __future__ import annotations

import re
from pathlib import Path


def known() -> set[str]:
    """Read as `fake-termux` reads them."""
    text = Path(__file__).with_name("stub.py").read_text("utf-8")
    return set(re.findall(r"^    \"([a-z-]*)\": \(", text, re.MULTILINE))
