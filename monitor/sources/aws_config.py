"""What AWS's config file says of each profile: where its credentials come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from monitor.sources.ini import sections
from monitor.sources.store_files import StorePlace
from monitor.system.host import Unreadable

DEFAULT: Final = "default"
#: What makes a profile take another one's credentials, or a token file's, before anything of its own.
_ROLES: Final = ("role_arn", "web_identity_token_file")
_SIGN_ON: Final = ("sso_role_name", "sso_account_id")

Pairs = Mapping[str, str]


class AwsConfig(NamedTuple):
    """The profiles of the config file, and its sections for single sign-on; `unread` where it cannot be read."""

    profiles: Mapping[str, Pairs]
    sessions: Mapping[str, Pairs]
    unread: Unreadable | None = None

    def start_url(self, profile: str) -> str:
        """Where a profile signs on; "" where it does not."""
        pairs = self.profiles.get(profile, {})
        return pairs.get("sso_start_url") or self.sessions.get(pairs.get("sso_session", ""), {}).get(
            "sso_start_url", ""
        )

    def signs_on(self, profile: str) -> bool:
        """Whether a profile's credentials come from single sign-on."""
        return any(self.profiles.get(profile, {}).get(name) for name in _SIGN_ON)

    def takes_role(self, profile: str) -> bool:
        """Whether a profile's credentials come from a role, with what another place holds."""
        return any(self.profiles.get(profile, {}).get(name) for name in _ROLES)

    def of_url(self, url: str) -> str:
        """The first profile that signs on there, "" for none."""
        return next((name for name in self.profiles if url and self.start_url(name) == url), "")

    def of_session(self, session: str) -> str:
        """The first profile of that `login_session`, "" for none."""
        return next((name for name, pairs in self.profiles.items() if pairs.get("login_session") == session), "")


def read_config(place: StorePlace) -> AwsConfig:
    """The config file of an entry; without anything where there is none."""
    try:
        stored = sections(place.host, place.folder("AWS_CONFIG_FILE", "~/.aws/config")) or {}
    except Unreadable as error:
        return AwsConfig({}, {}, error)
    profiles: dict[str, Pairs] = {}
    sessions: dict[str, Pairs] = {}
    for section, pairs in stored.items():
        kind, _, rest = section.partition(" ")
        name = rest.strip().strip("\"'")
        if section == DEFAULT or (kind == "profile" and name):
            profiles.setdefault(name or DEFAULT, pairs)
        elif kind == "sso-session":
            sessions.setdefault(name, pairs)
    return AwsConfig(profiles, sessions)
