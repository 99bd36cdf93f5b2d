"""The variables an OpenClaw would see: the process, then `.env` of the state folder, then the config's `env`."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.dataclass import dataclass, field
from monitor.host import Host
from monitor.openclaw.envkeys import VARIABLES
from monitor.openclaw.releases import Generation, auth_id


@dataclass(frozen=True, slots=True)
class Environment:
    """`process` is False when another user's home is read: our own variables say nothing about it."""

    host: Host
    process: bool = True
    dotenv: Mapping[str, str] = field(default_factory=dict, repr=False)
    config: Mapping[str, str] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> str | None:
        """The value that counts, None where it is unset or blank."""
        outer = self.host.env(name) if self.process else None
        for value in (outer, self.dotenv.get(name), self.config.get(name)):
            if value and value.strip():
                return value.strip()
        return None

    def key_of(self, provider: str, generation: Generation) -> str | None:
        """The name of the variable that serves the provider, None if none is set."""
        names = VARIABLES.get(auth_id(provider), ())
        if provider == "github-copilot" and generation is not Generation.JSON:
            names = names[:1]  # GH_TOKEN and GITHUB_TOKEN stopped counting after 2026.5.7
        for name in names:
            if name == "AWS_ACCESS_KEY_ID" and not self.get("AWS_SECRET_ACCESS_KEY"):
                continue
            if self.get(name):
                return name
        return None
