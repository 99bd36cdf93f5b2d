"""Turns a stored profile into an observation: what it proves, how it is used, how a person renews it."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from alerts.timefmt import date
from monitor.model import Credential, Evidence, Kind, Observation, Secret, Use
from monitor.openclaw.auth_profiles import Fence, Profile, lifetime
from monitor.openclaw.env import VARIABLES, is_oauth
from monitor.openclaw.inheritance import View
from monitor.openclaw.installation import Installation
from monitor.openclaw.order import unfit
from monitor.openclaw.releases import BY_CODE, LOGINS, MAX_MS, SECONDS_BELOW, Generation, auth_id
from monitor.openclaw.usage import EXEMPT, Usage
from monitor.system.host import Host

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENTS: Final = 253_402_300_799_000  # the end of the year 9999 in ms, the last that Python can hold

_VERBS: Final = {Kind.OAUTH: "login", Kind.TOKEN: "paste-token", Kind.API_KEY: "paste-api-key"}

_AUTH: Final = frozenset(("auth", "auth_permanent", "session_expired"))  # reasons of `failureCounts`

_UNUSABLE: Final = {
    "invalid_expires": "OpenClaw does not use it: its expiry date is invalid",
    "setup_inactive": "saved by a setup that was not finished; OpenClaw does not use it",
    "malformed_api_key": "OpenClaw does not use it: a command was pasted instead of a key",
    "unresolved_ref": "OpenClaw keeps its tokens in an encrypted file",
}


class ProfileContext:
    """What an observation is made from."""

    __slots__ = ("_shown", "found", "host", "source", "view")

    def __init__(self, host: Host, source: str, found: Installation, view: View) -> None:
        self.host, self.source, self.found, self.view = host, source, found, view
        self._shown: dict[Path, str] = {}

    def shown(self, store: Path) -> str:
        """A store as people write it: many profiles lie in one."""
        if store not in self._shown:
            self._shown[store] = self.host.show(store)
        return self._shown[store]


def observation(
    reading: ProfileContext,
    one: Profile,
    in_use: bool | None,
    rank: int | None,
    pinned_by: str | None = None,
    why_not: str = "",
) -> Observation:
    """What a look found of one stored profile. `pinned_by`: the sessions that are bound to it, in words; `why_not`: why
    OpenClaw never tries it."""
    usage = reading.view.usage.get(one.id, Usage())
    evidence, notes = _evidence(reading, one, usage)
    pending = one.fence is Fence.PENDING
    identity = _identity(reading, one)
    who = Credential(reading.source, one.agent, one.provider, one.id, one.kind)
    if not one.fence:
        secret = one.access if one.kind is Kind.OAUTH else identity if one.ref else one.secret
        reading.host.offer(who, secret.reveal() if secret else "", reading.found.base_url(one.provider))
    return Observation(
        who,
        evidence,
        access_expires_at=None if pending or one.fence else moment(one.expires),
        refreshable=bool(one.refresh) and one.fence is not Fence.FAILED if one.kind is Kind.OAUTH else None,
        fingerprint=reading.host.fingerprint(identity.reveal()) if identity and not one.fence else None,
        use=_use(reading, one, usage, in_use, rank, pinned_by)._replace(why_not=why_not),
        store=reading.shown(one.store),
        lifetime=lifetime(identity.reveal()) if identity and one.kind is Kind.TOKEN else None,
        notes=(*notes, *_clock_notes(one)),
        relogin=relogin(one, reading.found, reading.source),
        host_path=str(one.store),
    )


def moment(ms: float | None) -> datetime | None:
    """A moment from ms, cut to whole ms; None for what is no usable moment."""
    if not ms or ms <= 0 or ms > min(MAX_MS, _MOMENTS):
        return None
    return _EPOCH + timedelta(milliseconds=int(ms))


def _evidence(reading: ProfileContext, one: Profile, usage: Usage) -> tuple[Evidence, tuple[str, ...]]:
    """The first that holds, by the house's truth table."""
    if one.fence is Fence.FAILED:
        return Evidence.REFUSED, ("OpenClaw's last refresh failed and the tokens are gone",)
    if one.fence is Fence.PENDING:
        return Evidence.PRESENT, ("OpenClaw is refreshing it right now",)
    if _rejected(reading, one, usage):
        return Evidence.REFUSED, ("the provider rejected it permanently (auth_permanent)",)
    if one.ref is not None:
        return _referred(reading, one)
    if one.oauth_ref and not one.access and not one.refresh:
        return Evidence.HIDDEN, (_UNUSABLE["unresolved_ref"],)
    if _blank(one):
        return Evidence.BLANKED, ()
    reason = _unusable(one, reading.found.generation)
    return (Evidence.UNUSABLE, (_UNUSABLE[reason],)) if reason else (Evidence.PRESENT, ())


def _blank(one: Profile) -> bool:
    return not (one.access or one.refresh) if one.kind is Kind.OAUTH else not one.secret


def _unusable(one: Profile, generation: Generation) -> str | None:
    reason = unfit(one, None, generation)
    if reason in _UNUSABLE:
        return reason
    if one.kind is Kind.OAUTH and one.expires is not None and (one.expires == 0 or one.expires > MAX_MS):
        return "invalid_expires"
    return None


def _referred(reading: ProfileContext, one: Profile) -> tuple[Evidence, tuple[str, ...]]:
    ref = one.ref
    if ref is not None and ref.source == "env":
        if reading.found.environment.get(ref.id):
            return Evidence.PRESENT, (f"the secret is in the variable {ref.id}",)
        return Evidence.HIDDEN, (f"the secret is in the variable {ref.id}, which is not set here",)
    return Evidence.HIDDEN, (f"the secret is behind a reference ({ref}), which authwatch does not resolve",)


def _identity(reading: ProfileContext, one: Profile) -> Secret | None:
    if one.ref is None:
        return one.identity
    found = reading.found.environment.get(one.ref.id) if one.ref.source == "env" else None
    return Secret(found) if found else None


def _applies(reading: ProfileContext, one: Profile, until: float | None) -> bool:
    """Whether a window was still open when its store was last written: since then nothing was tried."""
    stamps = [reading.host.touches.get(f"{path}{end}") for path in _written(reading, one) for end in ("", "-wal")]
    last = max((stamp[3] / 1e6 for stamp in stamps if stamp), default=0.0)
    return until is not None and until > last


def _written(reading: ProfileContext, one: Profile) -> list[str]:
    own = reading.found.stores.get(one.agent)
    beside = [str(own.path)] if own else []
    return [str(one.store), str(one.store.with_name("auth-state.json")), *beside]


def _rejected(reading: ProfileContext, one: Profile, usage: Usage) -> bool:
    if usage.disabled_reason == "auth_permanent" and _applies(reading, one, usage.disabled_until):
        return True
    return usage.cooldown_reason == "auth_permanent" and _applies(reading, one, usage.cooldown_until)


def _use(
    reading: ProfileContext, one: Profile, usage: Usage, in_use: bool | None, rank: int | None, pinned_by: str | None
) -> Use:
    broke = usage.disabled_reason == "billing" and _applies(reading, one, usage.disabled_until)
    broke = broke or (usage.cooldown_reason == "billing" and _applies(reading, one, usage.cooldown_until))
    exempt = one.provider in EXEMPT
    return Use(
        in_use=in_use,
        rank=rank,
        unusable_until=None if exempt else moment(usage.until),
        disabled_reason=usage.disabled_reason or usage.cooldown_reason,
        out_of_credit=broke and not exempt,
        last_used_at=moment(max(filter(None, (usage.last_used, _tried(usage))), default=None)),
        pinned_by=pinned_by,
    )


def _tried(usage: Usage) -> float | None:
    """When the login was last tried in vain; other failures (rate limits, networks) say nothing of it."""
    return usage.last_failure if usage.failures & _AUTH else None


def _clock_notes(one: Profile) -> tuple[str, ...]:
    if one.fence or not one.expires or one.expires >= SECONDS_BELOW:
        return ()
    meant = moment(one.expires * 1000)
    when = f" ({date(meant)})" if meant else ""
    return (f"its expiry date is in seconds{when}; OpenClaw reads milliseconds and treats it as long expired",)


def openclaw(source: str) -> list[str]:
    """The words that start the program of a source: of a profile, with its name."""
    profile = source.partition("@")[2]
    return ["openclaw", "--profile", profile] if profile else ["openclaw"]


def relogin(one: Profile, found: Installation, source: str) -> str:
    """The command that renews this profile, with flags that the release in charge has; "" where there is none."""
    if one.kind is Kind.API_KEY and one.ref is not None:
        return ""
    return _command(found, source, one.kind, one.agent, one.provider, one.id)


def _command(found: Installation, source: str, kind: Kind, agent: str, provider: str, profile: str = "") -> str:
    if kind is Kind.API_KEY and found.generation is Generation.JSON:
        return ""  # to 2026.5 keys were pasted in `openclaw onboard` only
    newest, words = found.generation is Generation.SHARED, [*openclaw(source), "models", "auth"]
    whose = ["--agent", agent] if agent != found.config.default_agent(found.generation) else []
    if not newest:
        words += whose  # to 2026.7 the flag belongs to `auth`
    words += [_VERBS[kind], "--provider", provider]
    if profile and not (kind is Kind.OAUTH and found.generation is Generation.JSON):
        words += ["--profile-id", profile]
    return " ".join((*found.moved, shlex.join(words + whose if newest else words)))


def setup_token_for(place: str) -> str:
    """How the setup-token in a place that no command of OpenClaw's writes is renewed."""
    return f"Run `claude setup-token` on any machine with a browser, then put the token into {place}."


def first_login(found: Installation, agent: str, provider: str, env_file: str, source: str) -> tuple[str, str]:
    """How a provider that has nothing gets its first credential: the command, "" where only words help, and the step as
    a sentence that says where its browser is."""
    kind = _kind(found, provider)
    command = _command(found, source, kind, agent, provider)
    if kind is Kind.TOKEN and provider == "anthropic":
        return command, f"Run `claude setup-token` on any machine with a browser, then `{command}` on this machine."
    if kind is Kind.TOKEN:
        return command, f"Run `{command}` on this machine and paste a token for {provider}."
    if kind is Kind.OAUTH:
        where = "on any machine" if provider in BY_CODE else "on this machine"
        return command, f"Run `{command}` on this machine and log in with a browser {where}."
    names = [name for name in VARIABLES.get(auth_id(provider), ()) if not is_oauth(name)]
    line = f"put `{names[0]}=…` into {env_file}" if names else ""
    key = f"a key for {provider}, created in a browser on any machine"
    if command:
        return command, f"Run `{command}` on this machine and paste {key}{f', or {line}' if line else ''}."
    place = line or f"set models.providers.{provider}.apiKey in openclaw.json"
    return "", f"{place[0].upper()}{place[1:]}: {key}."


def _kind(found: Installation, provider: str) -> Kind:
    """What the config declares for a provider, where it declares one kind, else what the provider's own way is."""
    declared = found.config.names(found.generation).profiles.values()
    modes = {mode for whose, mode in declared if auth_id(whose) == auth_id(provider)}
    if len(modes) == 1 and (mode := modes.pop()) in _VERBS and (mode != Kind.OAUTH or provider != "anthropic"):
        return Kind(mode)
    if provider == "anthropic":
        return Kind.TOKEN
    return Kind.OAUTH if provider in LOGINS else Kind.API_KEY
