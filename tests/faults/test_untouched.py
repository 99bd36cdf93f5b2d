"""A sample of what `.ci/soak untouched` runs with 200 checks each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT
from tests.faults.untouched import LOOKERS, stores

#: In a process of its own: it forks for each check, which no thread of another test may see.
SAMPLE = """
import sys
from tests.faults.untouched import plain, preload, watched
preload()
for result in [watched(kind, sys.argv[1], 4, 2) for kind in sys.argv[2:]] + [plain(sys.argv[1], 2)]:
    print(result)
    assert not result.amiss, result
    assert result.checks, result
"""


@pytest.mark.parametrize("looker", LOOKERS)
def test_nothing_is_touched_by(looker: str) -> None:
    if os.geteuid() != 0 and looker != "owner":
        pytest.skip("only root can become another user")
    command = [sys.executable, "-c", SAMPLE, looker, *stores()]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_witness_sees_a_touch(tmp_path: Path) -> None:
    """The watch over the tree can fail."""
    from tests.faults.writer import Witness

    (tmp_path / "store").write_text("a")
    witness = Witness(tmp_path)
    witness.check()
    assert witness.differences == []
    for touch in ((tmp_path / "store-shm").touch, lambda: shutil.copystat(__file__, tmp_path / "store")):
        witness.note()
        touch()
        witness.check()
    assert len(witness.differences) == 2
