"""A phone without a phone: stand-ins for Termux:API's notification commands that check options and record calls.

`phone = make_phone(folder)`; put `phone.bin` on PATH. Options are those of termux-api-package's scripts, which take
them by getopt(1) and end with status 1 for an unknown one. `phone.answer(...)` makes later calls fail or hang.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STUB = """#!{python} -S
import getopt, json, sys, time
from pathlib import Path
folder, me = Path({folder!r}), Path(sys.argv[0]).name
try:
    options, others = getopt.gnu_getopt(sys.argv[1:], *{options!r}[me])
except getopt.GetoptError:
    options, others, wrong = [], [], 1
else:
    wrong = len(others) != (me == "termux-notification-remove")
names = {{name.lstrip("-"): value for name, value in options}}
answers = json.loads((folder / "answers.json").read_text())
answer = answers.pop(0) if len(answers) > 1 else answers[0]
(folder / "answers.json").write_text(json.dumps(answers or [answer]))
with open(folder / "calls", "a") as log:
    log.write(json.dumps({{"command": me, "options": names, "others": others, "wrong": bool(wrong)}}) + "\\n")
if me == "termux-notification" and "content" not in names:
    time.sleep(3)  # reads standard input for so long
if answer == "hang":
    time.sleep(1000)
sys.exit(wrong or answer)
"""
NOTIFY = (
    "action= alert-once button1= button1-action= button2= button2-action= button3= button3-action= content= channel= "
    "group= help id= icon= image-path= led-color= led-on= led-off= on-delete= ongoing priority= sound title= type= "
    "vibrate="
)
OPTIONS: dict[str, tuple[str, list[str]]] = {
    "termux-notification": ("hc:i:t:", NOTIFY.split()),
    "termux-notification-remove": ("h", []),
}


@dataclass(frozen=True)
class Phone:
    """The stand-ins in `bin` and what they recorded."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def calls(self) -> list[dict[str, Any]]:
        log = self.folder / "calls"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    @property
    def shown(self) -> dict[str, dict[str, str]]:
        """What the phone shows now, by id."""
        shown: dict[str, dict[str, str]] = {}
        for call in self.calls:
            if call["wrong"]:
                continue
            if call["command"] == "termux-notification":
                shown[call["options"]["id"]] = call["options"]
            else:
                shown.pop(call["others"][0], None)
        return shown

    def answer(self, *answers: int | str) -> None:
        """An exit code, or "hang", for each call in turn; the last one again and again."""
        (self.folder / "answers.json").write_text(json.dumps(answers))


def make_phone(folder: Path) -> Phone:
    """A phone whose commands lie in `folder/bin`."""
    phone = Phone(folder)
    phone.bin.mkdir(parents=True)
    phone.answer(0)
    for name in OPTIONS:
        stub = phone.bin / name
        stub.write_text(STUB.format(python=sys.executable, folder=str(folder), options=OPTIONS))
        stub.chmod(0o755)
    return phone
