"""`python -m tests.snapshots [PAGE …]` writes the pages and the picture of README, all of them unless some are named."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.snapshots import picture
from tests.snapshots.scenes import PAGES, written

FOLDER = Path(__file__).parent


def main() -> None:
    """Writes them."""
    if not sys.argv[1:]:
        picture.FILE.write_text(picture.picture(), "utf-8")
    for name in sys.argv[1:] or PAGES:
        (FOLDER / f"{name}.txt").write_text(written(name), "utf-8")


if __name__ == "__main__":
    main()
