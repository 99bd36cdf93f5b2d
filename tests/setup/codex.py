"""A stand-in for the Codex program that does to its home what the real one does: the login that is there goes first."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.sources.tokens import jwt

END = 1_900_000_000


def login(refresh: str, **more: Any) -> str:
    """An auth.json."""
    tokens = {"id_token": jwt(exp=1), "access_token": jwt(exp=END), "refresh_token": refresh, **more}
    return json.dumps({"auth_mode": "chatgpt", "OPENAI_API_KEY": None, "tokens": tokens})


OLD = login("rt_FAKESECRET-old")
NEW = login("rt_FAKESECRET-new")
KEY = "codex/-/codex:chatgpt"

_PROGRAM = r"""#!{python} -I
import json, os, pathlib, sys, time
home = pathlib.Path(os.environ.get("CODEX_HOME") or pathlib.Path.home() / ".codex")
root = pathlib.Path({root!r})
stored, act = home / "auth.json", {act!r}
if stored.exists():
    (root / "revoked").write_text("yes")
    stored.unlink()
words = {{"argv": sys.argv[1:], "home": str(home), "mode": oct(home.stat().st_mode & 0o7777), "beside": os.listdir(home), "pid": os.getpid(), "parent": os.getppid()}}
(root / "started").write_text(json.dumps(words))
print("https://auth.openai.com/codex/device", "ABCD-12345", "waiting", sep="\n", flush=True)
if act == "hang":
    time.sleep(60)
elif act == "key":
    stored.write_text(json.dumps({{"auth_mode": "apikey", "OPENAI_API_KEY": sys.stdin.read().strip()}}))
elif act == "link":
    stored.symlink_to(root / "elsewhere.json")
elif act == "error":
    sys.exit(1)
elif act:
    stored.write_text(act)
"""


def codex(root: Path, act: str) -> None:
    """Puts the stand-in on `root`/bin. `act`: the new auth.json, or what goes wrong ("" makes none)."""
    path = root / "bin" / "codex"
    path.parent.mkdir(exist_ok=True)
    path.write_text(_PROGRAM.format(python=sys.executable, root=str(root), act=act))
    path.chmod(0o755)


def store(root: Path, text: str = OLD) -> Path:
    """A login that is there."""
    path = root / ".codex" / "auth.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def started(root: Path) -> dict[str, Any]:
    """With what the stand-in was started; nothing where it was not."""
    path = root / "started"
    return json.loads(path.read_text()) if path.exists() else {}
