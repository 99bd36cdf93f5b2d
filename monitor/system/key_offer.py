"""What a look may keep of a secret: the access token or key of a login whose provider is about to be asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from monitor.model import Credential, Secret


class OfferedKey(NamedTuple):
    """One secret and where its own program sends it, "" for the provider's own place."""

    secret: Secret
    at: str


class OfferedKeys:
    """The secrets of one look, by credential key; only `monitor.probes` opens it, and nothing shows what is in it.

    It takes what sources offer for the providers that are wanted: keys and access tokens, never refresh tokens, which
    are worth more than an answer. It lives as long as the check.
    """

    __slots__ = ("_kept", "_wanted")

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = frozenset(wanted)
        self._kept: dict[str, OfferedKey] = {}

    def keep(self, who: Credential, secret: str, at: str) -> None:
        """Keeps a secret, if its provider is wanted. `at`: the address that its own program sends it to, "" for the
        provider's own."""
        if who.provider in self._wanted and _sendable(secret.strip()):
            self._kept[who.key] = OfferedKey(Secret(secret.strip()), at)

    def empty(self) -> OfferedKeys:
        """Another one that takes the same and has nothing yet."""
        return OfferedKeys(self._wanted)

    def take(self, other: OfferedKeys) -> None:
        """Keeps what another one kept."""
        self._kept.update(other._kept)

    def held(self) -> Mapping[str, OfferedKey]:
        """What was kept, by credential key."""
        return dict(self._kept)

    def __repr__(self) -> str:
        return "Vault(…)"


def _sendable(secret: str) -> bool:
    """Whether it can stand in a header; a library would quote one that cannot in its error."""
    return 0 < len(secret) <= 16 * 1024 and secret.isascii() and secret.isprintable() and " " not in secret
