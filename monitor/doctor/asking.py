"""Asks a program of the machine a harmless question: in a bare environment, for a short time, without a terminal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from monitor.doctor.model import Subject
from monitor.system.process import output_of

#: What a program needs to start and to find the user's session; none of it is a secret.
_KEPT: Final = (
    *("HOME", "PATH", "PREFIX", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD", "USER", "LOGNAME"),
    *("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "NVM_DIR", "VOLTA_HOME", "ASDF_DATA_DIR", "MISE_DATA_DIR"),
)


def ask(subject: Subject, *argv: str, patience: float) -> str:
    """What the program writes to stdout; `patience` in seconds. Raises Unreadable (exec_failed, timeout, too_large)."""
    environ = {name: subject.environ[name] for name in _KEPT if subject.environ.get(name)}
    bus = Path(f"/run/user/{os.getuid()}")
    if bus.is_dir():  # `su` and `sudo` lose the way to the user's session
        environ.setdefault("XDG_RUNTIME_DIR", str(bus))
    # A look leaves nothing behind, not even what Node keeps of its own accord.
    environ |= {"LC_ALL": "C.UTF-8", "NO_COLOR": "1", "NODE_DISABLE_COMPILE_CACHE": "1", "SYSTEMD_PAGER": ""}
    return output_of(argv, environ, patience).decode("utf-8", "replace")
