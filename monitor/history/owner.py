"""Whom a history belongs to: one state folder and the home that it watches; anybody else is refused in words."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from shlex import quote
from typing import Final

from sqlalchemy import Connection

from alerts.store import Damaged
from monitor.history import known
from monitor.history.engine import URL, HistoryError, file_of, revision, shown
from monitor.system.state_dir import Owner, StateDir, StateError, owner_of, plain_owner

NAME: Final = "owner"
ADOPT: Final = "authwatch history adopt"

_PLAIN: Final = re.compile(r"[\w./~@+-]+")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class OtherWatcher(HistoryError):
    """The state folder or the history belongs to another watcher; says to whom, and what to do."""


def recorded_owner(db: Connection) -> Owner | None:
    """Whom the history says that it belongs to; None: nobody yet."""
    if revision(db) is None or (plain := known.get_meta(db, NAME)) is None:
        return None
    try:
        return owner_of(plain)
    except ValueError:
        raise Damaged("the owner of the history is none") from None


def following(ours: Owner | None, theirs: Owner | None, home: str, *, beside: bool) -> Owner | None:
    """Who owns both, given whom the state folder (`ours`) and the history (`theirs`) belong to; None: not this one.

    `beside`: the history is a file of the state folder, so its word counts where the folder's own is lost. Elsewhere
    a history that was checked more often than the folder knows is written by a copy of the folder. Pure.
    """
    if ours is not None and ours.home != home:
        return None
    if theirs is None:
        return ours or Owner("", home)
    if theirs.home != home or (ours is None and not beside) or (ours is not None and ours.id != theirs.id):
        return None
    if ours is not None and not beside and theirs.check_count > ours.check_count:
        return None
    return ours or theirs


def admit(db: Connection, url: URL, state: StateDir, home: str) -> Owner:
    """The owner of both, if that is us or nobody yet; raises OtherWatcher. Writes nothing."""
    try:
        ours = state.owner()
    except StateError as error:
        raise HistoryError(str(error)) from None
    theirs, beside = recorded_owner(db), is_beside(url, state)
    found = following(ours, theirs, home, beside=beside)
    if found is not None:
        return found
    if state.makeshift:
        raise HistoryError(f"the state folder cannot be used, so the history {shown(url)} is not changed")
    if ours is not None and ours.home != home:
        raise OtherWatcher(other_home(state, ours, home))
    raise OtherWatcher(_other_history(url, state, theirs or Owner("", home), ours, home))


def claim(db: Connection, url: URL, state: StateDir, home: str) -> None:
    """Makes state folder and history belong to us, in the caller's transaction; raises OtherWatcher where they are not
    ours.

    The folder is written first: a crash leaves the history behind it, never ahead.
    """
    found = admit(db, url, state, home)
    beside = is_beside(url, state)
    if state.makeshift and not beside:
        raise HistoryError(f"the state folder cannot be used, so the history {shown(url)} is not changed")
    new = found._replace(id=found.id or os.urandom(16).hex(), check_count=found.check_count + (not beside))
    try:
        if state.owner() != new:
            state.claim(new)
    except StateError as error:
        if not found.id:
            raise HistoryError(str(error)) from None
        new = found  # the folder is full or read-only: it must not fall behind
    if recorded_owner(db) != new:
        known.put_meta(db, NAME, plain_owner(new))


def adopt(db: Connection, url: URL, state: StateDir, home: str) -> Owner | None:
    """Makes both belong to this state folder and home whoever had them; returns the history's owner before."""
    ours = state.owner()
    try:
        theirs = recorded_owner(db)
    except Damaged:
        theirs = None
    counts = (one.check_count for one in (ours, theirs) if one is not None)
    id = ours.id if ours else os.urandom(16).hex()
    new = Owner(id, home, max(counts, default=0) + (not is_beside(url, state)))
    state.claim(new)
    known.put_meta(db, NAME, plain_owner(new))
    return theirs


def is_beside(url: URL, state: StateDir) -> bool:
    """Whether the history is a file of the state folder."""
    path = file_of(url)
    return path is not None and os.path.realpath(path.parent) == os.path.realpath(state.folder)


def other_home(state: StateDir, owner: Owner, home: str) -> str:
    """What to say where the state folder belongs to another home."""
    return (
        f"{shown_path(home)} is not checked: the state folder {shown_path(str(state.folder))} belongs to the authwatch "
        f"that watches {shown_path(owner.home)}.\n"
        f"To watch both, add this to `sources` in the config: {_entry(home)}\n"
        f"To show its logins once: authwatch status --home {quote(home)}\n"
        "To run a second authwatch, give it a config with its own `state:`.\n"
        f"If the home was moved: {ADOPT}"
    )


def unclaimed(home: str) -> str:
    """What to say where another home is checked with a state folder that is nobody's."""
    return (
        f"{shown_path(home)} is not your own home, so this check records nothing and notifies nobody.\n"
        f"To watch it too, add this to `sources` in the config: {_entry(home)}\n"
        f"To watch only this home, with this state folder: {ADOPT} --home {quote(home)}"
    )


def shown_path(path: str) -> str:
    """A path for people: as it is where it is plain, else quoted with its odd characters escaped."""
    return path if _PLAIN.fullmatch(path) else json.dumps(path)


def _entry(home: str) -> str:
    name = Path(home).name
    return f"{{type: openclaw, id: {name if _NAME.fullmatch(name) else 'other'}, home: {shown_path(home)}}}"


def _other_history(url: URL, state: StateDir, theirs: Owner, ours: Owner | None, home: str) -> str:
    if ours is not None and (ours.id, ours.home) == (theirs.id, theirs.home):
        whose = "was last written by a copy of this state folder, or the folder was restored to an earlier state"
    else:
        other = "another state folder" if theirs.home == home else "another authwatch"
        whose = f"belongs to {other} (it watches {shown_path(theirs.home)})"
    own = (
        "its own database or schema: history.url: postgresql+psycopg://…/DATABASE?options=-csearch_path%3DSCHEMA"
        if file_of(url) is None
        else "its own file: set another history.url, or none (the file is then in the state folder)"
    )
    return (
        f"the history {shown(url)} {whose}. Two installations with one history would mix up their logins.\n"
        f"Give this one (state folder {shown_path(str(state.folder))}) {own}\n"
        f"If the other one is gone, or this one replaces it: {ADOPT}"
    )
