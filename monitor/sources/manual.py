"""A date that you keep yourself, for a credential that no program can read."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.model import Credential, Finding, Kind, Observation, SourceEntry
from monitor.sources.store_files import CUSTOM
from monitor.sources.timestamps import moment
from monitor.system.host import Host


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation with the date of the option `expires` (a day counts from its first moment, UTC) and its `note`.

    Another date counts as another credential, so that moving it ends the alarm at once.
    """
    if "expires" not in entry.options:
        return
    note = entry.options.get("note")
    yield Observation(
        Credential(entry.id, "-", entry.options.get("provider", CUSTOM), entry.id, Kind.MANUAL),
        access_expires_at=moment(entry.options["expires"]),
        refreshable=False,
        fingerprint=host.fingerprint(entry.options["expires"]),
        store=entry.where or "the config",
        from_file=False,
        notes=(note,) if note else (),
    )
