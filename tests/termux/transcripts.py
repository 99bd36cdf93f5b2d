"""What the pages show of a phone: each command run on the fake one (`python -m tests.termux.transcripts` renews them).

A scene without a command shows the notification that came."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field

from tests.command import ROOT
from tests.openclaw_home import HOUR
from tests.termux.handset import HOME, PREFIX, REPORT, SSH, phone
from tests.termux.test_whole import MORE, files

PAGE = ROOT / "docs/termux.md"
SETUP = f"export PYTHONPATH={ROOT}; chmod 600 .config/authwatch/config.yaml 2>/dev/null; "
_BLOCK = r"(<!-- phone {name} -->\n```(?:console|text)\n)(.*?)(```)"


@dataclass(frozen=True)
class Scene:
    """A command as people type it, what happened before, and what lies on the phone."""

    command: str
    before: str = "true"
    there: dict[str, str] = field(default_factory=dict)


HERE = files(-HOUR)
THERE = {"bin/ssh": SSH, "answer": REPORT.replace("$(reboot)", "default"), "code": "1"}
SCENES = {
    "here": Scene("authwatch install termux", there=HERE),
    "there": Scene("sh termux/install.sh --ssh admin@vps-1", there=THERE),
    "shown": Scene("", "sh termux/install.sh --ssh admin@vps-1", THERE),
    "uninstall": Scene("authwatch uninstall termux", "authwatch install termux", HERE),
}


def said(scene: Scene) -> str:
    """The command and what it says, places as people write them."""
    seen = phone(f"{SETUP}({scene.before}) >/dev/null 2>&1; {scene.command or 'true'}", files=scene.there, more=MORE)
    if not scene.command:
        (shown,) = seen.of("termux-notification")
        given = dict(zip(shown[::2], shown[1::2], strict=True))
        return f"{given['--title']}\n\n{given['--content']}\n\n[{given['--button1']}]  [{given['--button2']}]\n"
    text = seen.out.replace(HOME, "~").replace(PREFIX, "$PREFIX").strip()
    return f"$ {scene.command}\n{text}\n"


def shown(page: str, name: str) -> str:
    """The same as the page has it."""
    found = re.search(_BLOCK.format(name=name), page, re.DOTALL)
    return found[2] if found else ""


def main() -> None:
    """Renews the page."""
    page = PAGE.read_text("utf-8")
    for name, scene in SCENES.items():
        text = said(scene)
        page = re.sub(
            _BLOCK.format(name=name), lambda found, text=text: found[1] + text + found[3], page, flags=re.DOTALL
        )
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
