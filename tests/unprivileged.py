"""Runs a check in a child without root's power to read everything; as any other user it just runs it."""

from __future__ import annotations

import ctypes
import os
import traceback
from collections.abc import Callable


def unprivileged(check: Callable[[], None]) -> None:
    """Runs `check` with file modes in force; its failure is the caller's. Source: capset(2)."""
    if os.geteuid() != 0:
        check()
        return
    child = os.fork()
    if child == 0:
        code = 1
        try:
            header = (ctypes.c_uint32 * 2)(0x20080522, 0)
            none = (ctypes.c_uint32 * 6)()
            if ctypes.CDLL(None, use_errno=True).capset(header, none) == 0:
                check()
                code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
