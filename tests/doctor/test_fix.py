"""`--fix`: what is safe is mended and a second look proves it; nothing of others, nothing elsewhere, no content."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from monitor.doctor.fix import mend
from monitor.doctor.model import Fix, FixStep, Health, Result
from tests.command import Done, authwatch, configure, state
from tests.doctor.subjects import subject
from tests.openclaw_home import openclaw, put, token

MODES = {
    ".openclaw": (0o755, 0o700),
    ".openclaw/agents/main/agent": (0o777, 0o755),
    ".openclaw/agents/main/agent/auth-profiles.json": (0o644, 0o600),
    ".openclaw/.env": (0o666, 0o600),
    ".config/authwatch/config.yaml": (0o644, 0o600),
    ".config/authwatch/mail.url": (0o640, 0o600),
    ".local/state/authwatch": (0o755, 0o700),
    ".local/state/authwatch/key": (0o644, 0o600),
}


def lax(home: Path) -> dict[str, bytes]:
    """A home where everything that can be mended is wrong; returns every content."""
    openclaw(home, {"anthropic:a": token()})
    (home / ".openclaw" / ".env").write_text("GROQ_API_KEY=FAKESECRET\n")
    configure(home, "channels:\n  a: {url: 'print://'}\n  b: {url_file: mail.url}\n")
    (home / ".config/authwatch/mail.url").write_text("print://\n")
    state(home).mkdir(parents=True)
    (state(home) / "key").write_bytes(b"k" * 32)
    left = state(home) / ".key.4711"
    left.write_bytes(b"half")
    left.chmod(0o600)
    os.utime(left, (time.time() - 7200,) * 2)
    for path, (mode, _) in MODES.items():
        (home / path).chmod(mode)
    return contents(home)


def contents(home: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file() and ".key." not in path.name}


def fixed(done: Done) -> dict[str, bool]:
    return {one["said"]: one["fixed"] for one in done.json["fixes"]}


def test_all_that_is_safe_is_mended_and_found_so(tmp_path):
    before = lax(tmp_path)
    assert sum(one["fixable"] for one in authwatch(tmp_path, "doctor", "--json").json["results"]) == len(MODES) + 1
    done = authwatch(tmp_path, "doctor", "--fix", "--json")
    assert len(fixed(done)) == len(MODES) + 1
    assert all(fixed(done).values())
    assert not any(one["fixable"] for one in done.json["results"])
    for path, (_, mode) in MODES.items():
        assert oct((tmp_path / path).stat().st_mode & 0o7777) == oct(mode), path
    assert not (state(tmp_path) / ".key.4711").exists()
    assert contents(tmp_path) == before
    again = authwatch(tmp_path, "doctor", "--fix", "--json")
    assert (again.code, again.json["fixes"]) == (done.code, [])


def test_the_state_folder_is_made_for_us_only(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    done = authwatch(tmp_path, "doctor", "--fix")
    assert "fixed: ~/.local/state/authwatch created, for you only" in done.out
    assert state(tmp_path).stat().st_mode & 0o777 == 0o700


def test_without_fix_nothing_is_mended(tmp_path):
    before = lax(tmp_path)
    modes = {path: (tmp_path / path).stat().st_mode for path in MODES}
    for words in (("doctor",), ("doctor", "--json")):
        authwatch(tmp_path, *words)
    assert contents(tmp_path) == before
    assert {path: (tmp_path / path).stat().st_mode for path in MODES} == modes
    assert (state(tmp_path) / ".key.4711").exists()


def test_a_link_inside_of_the_home_is_followed_and_one_that_leads_out_is_not(tmp_path):
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    path = openclaw(home, {"anthropic:a": token()})
    for target, mended in ((home / "synced.json", True), (outside / "synced.json", False)):
        put(target, path.read_text())
        target.chmod(0o644)
        path.unlink()
        path.symlink_to(target)
        done = authwatch(home, "doctor", "--fix", "--json")
        about = {said: well for said, well in fixed(done).items() if "synced.json" in said}
        assert list(about.values()) == [mended], about
        assert (target.stat().st_mode & 0o777 == 0o600) is mended
        if not mended:
            assert "outside your home" in next(iter(about))
            assert any("auth-profiles.json has mode 0644" in one["what"] for one in done.json["results"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_is_left_alone(tmp_path):
    path = openclaw(tmp_path, {"anthropic:a": token()})
    path.chmod(0o644)
    os.chown(path, 65534, 65534)
    done = authwatch(tmp_path, "doctor", "--fix", "--json")
    assert path.stat().st_mode & 0o777 == 0o644
    assert not any("auth-profiles.json" in said for said in fixed(done))
    assert done.code in (1, 2)
    (tried,) = mend([Result("x", Health.WARNING, "x", fix=Fix(FixStep.NARROW, path))], subject(tmp_path))
    assert (tried.tried, "belongs to uid 65534" in tried.said) == (False, True)


@pytest.mark.parametrize("name", ["key", "history.sqlite", ".key.txt", ".bashrc"])
def test_nothing_but_what_a_broken_check_leaves_is_ever_removed(tmp_path, name):
    state(tmp_path).mkdir(parents=True)
    path = state(tmp_path) / name
    path.touch()
    (tried,) = mend([Result("x", Health.WARNING, "x", fix=Fix(FixStep.REMOVE, path))], subject(tmp_path))
    assert (tried.tried, path.exists()) == (False, True)


def test_a_leftover_that_is_a_link_is_not_removed(tmp_path):
    state(tmp_path).mkdir(parents=True)
    path = state(tmp_path) / ".key.1"
    path.symlink_to(tmp_path / "precious")
    (tmp_path / "precious").touch()
    (tried,) = mend([Result("x", Health.WARNING, "x", fix=Fix(FixStep.REMOVE, path))], subject(tmp_path))
    assert (tried.tried, path.is_symlink(), (tmp_path / "precious").exists()) == (False, True, True)


def test_a_mend_that_did_not_hold_is_called_so(tmp_path):
    """A file system that takes a mode and forgets it: the words of people follow the second look."""
    from monitor.cli.doctor import text
    from monitor.doctor.fix import Done as Tried

    fix = Fix(FixStep.NARROW, tmp_path / "x")
    result = Result("store modes", Health.WARNING, "x has mode 0644", "others can read it", "chmod 600 -- x", fix)
    shown = text(
        [result],
        [Tried(fix, "x: mode changed from 0644 to 0600", tried=True)],
        {fix},
        subject(tmp_path),
        80,
        color=False,
    )
    assert "not fixed: x: mode changed from 0644 to 0600; it is still there" in shown


def test_where_nothing_can_be_mended_that_is_said(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    authwatch(tmp_path, "doctor", "--fix")
    done = authwatch(tmp_path, "doctor", "--fix")
    assert "None of these can be fixed automatically; nothing was changed." in done.out
