"""Writes down what the real OpenClaw says of every shape: `python -m tests.truth.record` (see tests/openclaw/real.py);
with words, of those shapes whose names have one of them.

Only what the table needs is kept: the exit code, each login's provider, kind and minutes left, and the number of keys.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.openclaw import real
from tests.truth.answers import RECORDED, furnished, name_of
from tests.truth.in_openclaw import SHAPES
from tests.truth.shape import Shape


def asked(shape: Shape, folder: Path) -> dict[str, Any]:
    """The answer of the release that owns the store."""
    now = datetime.now(UTC)
    home = furnished(shape, folder, now).path
    code, _ = real.openclaw(shape.release, home, "models", "status", "--check")
    _, said = real.openclaw(shape.release, furnished(shape, folder / "again", now).path, "models", "status", "--json")
    try:
        auth = json.loads(said)["auth"]
    except (ValueError, KeyError):  # it refused, in words or as JSON
        auth = {"oauth": {"profiles": []}, "providers": []}
    logins = [
        [one["provider"], one["type"], _minutes(one.get("expiresAt"), now)]
        for one in auth["oauth"]["profiles"]
        if one["type"] in ("oauth", "token")
    ]
    keys = max((one["profiles"]["apiKey"] for one in auth["providers"] if one["provider"] == "anthropic"), default=0)
    return {"code": code, "profiles": logins, "keys": keys}


def _minutes(ends: float | None, now: datetime) -> int | None:
    return None if ends is None else round((ends / 1000 - now.timestamp()) / 60)


def main() -> int:
    """Asks for every shape whose release is installed; the others keep what was recorded before."""
    kept = json.loads(RECORDED.read_text("utf-8")) if RECORDED.exists() else {}
    wanted = sys.argv[1:]
    for shape in SHAPES:
        if wanted and not any(word in name_of(shape) for word in wanted):
            continue
        if real.folder(shape.release) is None:
            print(f"{name_of(shape)}: {shape.release} is not installed", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as folder:
            kept[name_of(shape)] = asked(shape, Path(folder) / "home")
        print(f"{name_of(shape)}: {kept[name_of(shape)]}", flush=True)
    names = [name_of(shape) for shape in SHAPES]
    lines = [f" {json.dumps(name)}: {json.dumps(kept[name])}" for name in names if name in kept]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
