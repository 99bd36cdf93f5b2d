"""A Codex login renewed without harm to the one that is there: `codex login` in an empty CODEX_HOME, its file moved in.

The first act of `codex login` is to revoke and delete the login of its CODEX_HOME, even where there is no network
(0.171.0; openai/codex #27674, #46430). In an empty one there is none; the login that is there stays, byte for byte,
until the new one is complete, was checked, and takes its place in one step.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from monitor.model import Evidence, Observation, Problem, SourceEntry
from monitor.openclaw.write.replace_file import WriteRefused, target
from monitor.setup.login_process import LoginImpossible, run_apart
from monitor.sources import codex
from monitor.sources.codex import keeps_in, settings
from monitor.system.files import why as reason
from monitor.system.host import Host, Unreadable

PREFIX: Final = ".authwatch-login-"
#: Seconds; the code that Codex shows is good for 15 minutes.
LIMIT: Final = 20 * 60.0
#: What an organisation asks of a login; Codex throws away one that is not so.
_ASKED: Final = ("forced_login_method", "forced_chatgpt_workspace_id")
_FLAGS: Final = {mode.profile: mode.flag for mode in codex.MODES.values()}


def arguments(host: Host, store: Path, profile: str) -> tuple[str, ...]:
    """What `codex` is called with to make the login of a profile that belongs into `store`, an auth.json.

    Raises LoginImpossible where Codex keeps it elsewhere, or `config.toml`, which lies beside it, cannot be read.
    """
    path = store.with_name("config.toml")
    flag = _FLAGS.get(profile, codex.DEVICE)
    try:
        asked = settings(host, path)
    except Unreadable as error:
        raise LoginImpossible(f"{host.show(path)}: {error.detail}; Codex cannot start until this is fixed") from None
    place = keeps_in(asked)
    if place == "ephemeral":
        raise LoginImpossible(f"Codex keeps its login only in memory (cli_auth_credentials_store in {host.show(path)})")
    if place == "keyring" or (place == "auto" and not store.exists()):
        raise LoginImpossible(
            f"Codex keeps its login in the keyring (cli_auth_credentials_store in {host.show(path)}), where authwatch\n"
            f"cannot save a new one. To log in yourself, run: codex login {flag}\n"
            "It first logs you out, even if you then cancel it."
        )
    words = ['cli_auth_credentials_store="file"']
    words += [f"{name}={json.dumps(asked[name], ensure_ascii=False)}" for name in _ASKED if _plain(asked.get(name))]
    return ("login", flag, *(part for word in words for part in ("-c", word)))


def takes_secret(words: Sequence[str]) -> bool:
    """Whether the login is a key or token that somebody has, to be given on stdin."""
    return codex.DEVICE not in words


def writable(store: Path) -> Path:
    """The file behind any links that the new login replaces; raises LoginImpossible where that cannot be done."""
    try:
        real = target(store)
    except WriteRefused as error:
        raise LoginImpossible(str(error)) from None
    if real.exists() and real.stat().st_dev != real.parent.stat().st_dev:
        raise LoginImpossible(f"{real} is a mount of its own, so it cannot be replaced; mount its folder instead")
    return real


def log_in(host: Host, store: Path, argv: Sequence[str], environ: Mapping[str, str], secret: bytes | None) -> None:
    """Runs `argv`, a Codex, and puts its new login into `store`. Raises LoginImpossible, or whatever interrupts it,
    with the store as it was, and OSError where the program cannot be started. Nothing of it is left in either case."""
    real = writable(store)
    with _empty_home(real.parent) as (home, lock):
        try:
            code = run_apart(argv, {**environ, "CODEX_HOME": str(home)}, secret, LIMIT, (lock,))
        except subprocess.TimeoutExpired:
            raise LoginImpossible(
                f"Codex was stopped after {LIMIT / 60:.0f} min without a login; {host.show(store)} is unchanged"
            ) from None
        if code:
            raise LoginImpossible(f"Codex did not log in (exit code {code}); {host.show(store)} is unchanged")
        made = home / "auth.json"
        _check(host, made, store)
        try:
            _move(made, real)
        except OSError as error:
            raise LoginImpossible(f"cannot replace {real} ({reason(error)}); it is unchanged") from None


def _plain(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


@contextmanager
def _empty_home(folder: Path) -> Iterator[tuple[Path, int]]:
    """A new private folder, on the file system of the login, and its lock. Those of killed runs are swept: whoever
    still uses one, the program that was started in it included, holds its lock."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in folder.glob(f"{PREFIX}*"):
            _sweep(old)
        home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
        lock = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise LoginImpossible(f"cannot create a folder in {folder} ({reason(error)})") from None
    try:
        with suppress(OSError):  # some file systems have no locks
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield home, lock
    finally:
        shutil.rmtree(home, ignore_errors=True)
        os.close(lock)


def _sweep(old: Path) -> None:
    try:
        lock = os.open(old, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock).st_uid == os.geteuid():
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return
    finally:
        os.close(lock)


def _check(host: Host, made: Path, store: Path) -> None:
    """Raises LoginImpossible for what is no login, as the source of Codex reads it."""
    found = next(iter(codex.observe(host, SourceEntry("codex", "codex", {"path": str(made)}))), None)
    if not isinstance(found, Observation) or found.problem or found.evidence is not Evidence.PRESENT:
        why = found.problem if isinstance(found, Observation) and found.problem else Problem.EMPTY
        raise LoginImpossible(
            f"Codex exited with code 0, but its new login cannot be read ({why}); {host.show(store)} is unchanged"
        )


def _move(made: Path, real: Path) -> None:
    handle = os.open(made, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "the new login is not a regular file")
        os.fchmod(handle, 0o600)
        os.fsync(handle)
    finally:
        os.close(handle)
    made.replace(real)
    folder = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some file systems cannot sync a folder
            os.fsync(folder)
    finally:
        os.close(folder)
