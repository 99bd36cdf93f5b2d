"""The probes: one harmless GET that shows whether a provider still takes a key or token, and what it says of its end.

None calls a model, none sends a refresh token, none is asked more often than hourly. The table is light; a provider's
module and everything of the network are imported only in a check that asks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from monitor.model import Kind


class ProbeType(NamedTuple):
    """A row of the table: the module with `headers` and `told`, where it asks (`url` is where the provider is, `path`
    what is asked there), the labels `provider` of the logins that it is for, and what it tells beside valid or not.

    Only secrets of `kinds` that begin like one of `begins` and not like `never` are sent (nothing given: any): others
    are for another place, where they may be good. What begins like one of `keys` a person made for programs, whatever
    its kind; what begins like one of `tokens` is of a log-in, though it was saved as a key.
    """

    module: str
    url: str
    path: str
    providers: tuple[str, ...]
    tells: str = ""
    kinds: tuple[Kind, ...] = ()
    begins: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()

    def fits(self, kind: Kind, secret: str) -> bool:
        """Whether the probe is made for such a secret."""
        begins = not self.begins or secret.startswith(self.begins)
        return (not self.kinds or kind in self.kinds) and begins and not any(map(secret.startswith, self.never))

    def is_key(self, kind: Kind, secret: str) -> bool:
        """Whether it is an API key, and not the access token of a log-in, which is sent only where somebody said so."""
        return not secret.startswith(self.tokens) and (kind is Kind.API_KEY or secret.startswith(self.keys))


_KEYS: Final = (Kind.API_KEY,)

PROBES: Final[Mapping[str, ProbeType]] = {
    "anthropic": ProbeType(
        "monitor.probes.anthropic",
        "https://api.anthropic.com",
        "/v1/models?limit=1",
        ("anthropic",),
        "a subscription's token that is for Claude Code only",
        never=("sk-ant-admin",),  # an administrator's key lists no models
        tokens=("sk-ant-oat",),
    ),
    "openai": ProbeType("monitor.probes.model_list", "https://api.openai.com", "/v1/models", ("openai",), kinds=_KEYS),
    "openrouter": ProbeType(
        "monitor.probes.openrouter",
        "https://openrouter.ai",
        "/api/v1/key",
        ("openrouter",),
        "the key's expiry date, and what is left of its limit",
    ),
    "google": ProbeType(
        "monitor.probes.google",
        "https://generativelanguage.googleapis.com",
        "/v1beta/models?pageSize=1",
        ("google",),
        "a key that was blocked because it was found in public",
        kinds=_KEYS,
    ),
    "groq": ProbeType("monitor.probes.model_list", "https://api.groq.com", "/openai/v1/models", ("groq",), kinds=_KEYS),
    "mistral": ProbeType(
        "monitor.probes.model_list", "https://api.mistral.ai", "/v1/models", ("mistral",), kinds=_KEYS
    ),
    "xai": ProbeType(
        "monitor.probes.xai",
        "https://api.x.ai",
        "/v1/api-key",
        ("xai",),
        "a key or a team that is blocked",
        kinds=_KEYS,
    ),
    "deepseek": ProbeType(
        "monitor.probes.deepseek",
        "https://api.deepseek.com",
        "/user/balance",
        ("deepseek",),
        "the balance",
        kinds=_KEYS,
    ),
    "zai": ProbeType(
        "monitor.probes.zai",
        "https://api.z.ai",
        "/api/monitor/usage/quota/limit",
        ("zai", "zai-coding-plan"),
        "how much of the coding plan is used",
        kinds=_KEYS,
    ),
    "github": ProbeType(
        "monitor.probes.github",
        "https://api.github.com",
        "/rate_limit",
        ("github", "github-copilot"),
        "the token's expiry date",
        begins=("ghp_", "gho_", "ghu_", "ghs_", "github_pat_"),  # not what Copilot makes of one
        keys=("ghp_", "github_pat_"),
        tokens=("gho_", "ghu_", "ghs_"),
    ),
}


def providers_of(names: Iterable[str]) -> frozenset[str]:
    """The labels `provider` of the logins that the probes of these names are for."""
    return frozenset(provider for name in names if name in PROBES for provider in PROBES[name].providers)


def probe_of(provider: str) -> str | None:
    """The name of the probe for logins with this label `provider`; None where nobody knows how to ask."""
    return next((name for name, row in PROBES.items() if provider in row.providers), None)
