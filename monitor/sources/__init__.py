"""The sources: a table of types, each imported only when configured, and the guard around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.model import Finding, Lineup, Observation, Problem, SourceEntry, Trouble
from monitor.system.host import Host, Unreadable, printable

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Observe = Callable[[Host, SourceEntry], Iterator[Finding]]
After = Callable[[Host, SourceEntry, list[Finding]], list[Finding]]

GUESTS: Final = "authwatch.sources"

#: So long may the key of a login be, together with its provider.
LONGEST_NAME: Final = 8192
#: How long all sources together may take, in seconds, and how long before it what can tell the time gives up.
TOGETHER: Final = 20.0
MOMENT: Final = 0.5

#: How long the answer of a program or a guest is believed: no file shows that it changed.
REFRESH: Final = timedelta(minutes=5)


class SourceType(NamedTuple):
    """A row of the table: the module that has `observe`, and its own config keys with the name of their shape
    (see `monitor.config.schema.OPTIONS`). `runs` marks a type that starts programs its entry names. `refresh` is how
    long its answer is believed where no file shows a change; an entry's option `interval` wins over it. `marks` are the
    places (`~/…`, or `$VAR/…`, or a bare `$VAR`) of which one is there where the program is logged in: what is looked
    at before the module of a type that nobody listed is even imported."""

    module: str
    options: Mapping[str, str] = MappingProxyType({})
    needs: tuple[str, ...] = ()
    runs: bool = False
    refresh: timedelta | None = None
    marks: tuple[str, ...] = ()


_LOGIN: Final = {"home": "path", "path": "path"}
_REMEDY: Final = {"remedy": "remedy"}
_FILE: Final = {"path": "path", "provider": "provider", **_REMEDY}

SOURCES: Final[Mapping[str, SourceType]] = {
    "openclaw": SourceType("monitor.sources.openclaw", {"home": "path"}),
    "claude-code": SourceType("monitor.sources.claude_code", _LOGIN),
    "codex": SourceType("monitor.sources.codex", _LOGIN),
    "gemini-cli": SourceType("monitor.sources.gemini_cli", _LOGIN),
    "env": SourceType("monitor.sources.env", {"vars": "vars", **_REMEDY}),
    "opencode": SourceType(
        "monitor.sources.opencode",
        _LOGIN,
        marks=("~/.local/share/opencode/auth.json", "$XDG_DATA_HOME/opencode/auth.json", "$OPENCODE_AUTH_CONTENT"),
    ),
    "github-copilot": SourceType(
        "monitor.sources.github_copilot",
        _LOGIN,
        marks=("~/.config/github-copilot", "$XDG_CONFIG_HOME/github-copilot"),
    ),
    "gh": SourceType(
        "monitor.sources.gh",
        _LOGIN,
        marks=("~/.config/gh/hosts.yml", "$XDG_CONFIG_HOME/gh/hosts.yml", "$GH_CONFIG_DIR/hosts.yml"),
    ),
    "qwen-code": SourceType(
        "monitor.sources.qwen_code", _LOGIN, marks=("~/.qwen/oauth_creds.json", "$QWEN_HOME/oauth_creds.json")
    ),
    "kimi": SourceType(
        "monitor.sources.kimi",
        _LOGIN,
        marks=(
            "~/.kimi-code/credentials",
            "$KIMI_CODE_HOME/credentials",
            "~/.kimi/credentials",
            "$KIMI_SHARE_DIR/credentials",
        ),
    ),
    "hermes": SourceType(
        "monitor.sources.hermes", _LOGIN, marks=("~/.hermes/auth.json", "$HERMES_HOME/auth.json", "$HERMES_HOME")
    ),
    "gcloud": SourceType(
        "monitor.sources.gcloud",
        _LOGIN,
        marks=(
            "~/.config/gcloud/application_default_credentials.json",
            "$CLOUDSDK_CONFIG/application_default_credentials.json",
            "$GOOGLE_APPLICATION_CREDENTIALS",
        ),
    ),
    "aws": SourceType(
        "monitor.sources.aws",
        _LOGIN,
        marks=(
            "~/.aws/credentials",
            "$AWS_SHARED_CREDENTIALS_FILE",
            "~/.aws/sso/cache",
            "~/.aws/login/cache",
            "$AWS_LOGIN_CACHE_DIRECTORY",
        ),
    ),
    "azure": SourceType(
        "monitor.sources.azure",
        _LOGIN,
        marks=(
            "~/.azure/msal_token_cache.json",
            "$AZURE_CONFIG_DIR/msal_token_cache.json",
            "~/.azure/msal_token_cache.bin",
            "$AZURE_CONFIG_DIR/msal_token_cache.bin",
        ),
    ),
    "huggingface": SourceType(
        "monitor.sources.huggingface",
        _LOGIN,
        marks=(
            "~/.cache/huggingface/token",
            "~/.cache/huggingface/stored_tokens",
            "$XDG_CACHE_HOME/huggingface/token",
            "$HF_HOME/token",
            "$HF_HOME/stored_tokens",
            "$HF_TOKEN_PATH",
            "$HF_TOKEN",
            "$HUGGING_FACE_HUB_TOKEN",
        ),
    ),
    "wrangler": SourceType(
        "monitor.sources.wrangler",
        _LOGIN,
        marks=(
            "~/.config/.wrangler/config",
            "$XDG_CONFIG_HOME/.wrangler/config",
            "~/.wrangler/config",
            "~/Library/Preferences/.wrangler/config",
        ),
    ),
    "picoclaw": SourceType(
        "monitor.sources.picoclaw", _LOGIN, marks=("~/.picoclaw/auth.json", "$PICOCLAW_HOME/auth.json")
    ),
    "zeroclaw": SourceType(
        "monitor.sources.zeroclaw",
        _LOGIN,
        marks=("~/.zeroclaw/auth-profiles.json", "$ZEROCLAW_CONFIG_DIR/auth-profiles.json"),
    ),
    "npm": SourceType("monitor.sources.npm", _LOGIN, marks=("~/.npmrc", "$NPM_CONFIG_USERCONFIG")),
    "cursor": SourceType(
        "monitor.sources.cursor",
        _LOGIN,
        marks=(
            "~/.config/Cursor/User/globalStorage/state.vscdb",
            "$XDG_CONFIG_HOME/Cursor/User/globalStorage/state.vscdb",
            "~/Library/Application Support/Cursor/User/globalStorage/state.vscdb",
            "~/.config/cursor/auth.json",
            "$XDG_CONFIG_HOME/cursor/auth.json",
            "~/.cursor/auth.json",
            "$CURSOR_AUTH_TOKEN",
            "$CURSOR_API_KEY",
        ),
    ),
    "copilot-cli": SourceType(
        "monitor.sources.copilot_cli",
        _LOGIN,
        marks=("~/.copilot/config.json", "$COPILOT_HOME/config.json", "$COPILOT_GITHUB_TOKEN"),
    ),
    "grok": SourceType("monitor.sources.grok", _LOGIN, marks=("~/.grok/auth.json", "$GROK_HOME/auth.json")),
    "pi": SourceType("monitor.sources.pi", _LOGIN, marks=("~/.pi/agent/auth.json", "$PI_CODING_AGENT_DIR/auth.json")),
    "exec": SourceType(
        "monitor.sources.exec",
        {
            "command": "command",
            "provider": "provider",
            "env": "names",
            "timeout": "span",
            "interval": "span",
            **_REMEDY,
        },
        needs=("command",),
        runs=True,
        refresh=REFRESH,
    ),
    "jwt_file": SourceType("monitor.sources.jwt_file", _FILE, needs=("path",)),
    "x509_file": SourceType("monitor.sources.x509_file", _FILE, needs=("path",)),
    "http": SourceType(
        "monitor.sources.http",
        {
            "url": "secret",
            "expires_at": "text",
            "header_file": "file",
            "provider": "provider",
            "timeout": "span",
            "interval": "span",
            **_REMEDY,
        },
        needs=("url", "expires_at"),
        refresh=timedelta(hours=1),
    ),
    "manual": SourceType(
        "monitor.sources.manual",
        {"expires": "when", "provider": "provider", "note": "text", **_REMEDY},
        needs=("expires",),
    ),
}


#: The types that are looked for although nobody listed them; what they find is shown and alarms nobody.
UNLISTED: Final = frozenset(kind for kind, row in SOURCES.items() if row.marks)


def beside(host: Host, kinds: Iterable[str]) -> Iterator[SourceEntry]:
    """An entry for each type of which something is there: its marks are looked at, nothing is imported."""
    for kind in sorted(kinds):
        try:
            if any(_marked(host, mark) for mark in SOURCES[kind].marks):
                yield SourceEntry(kind, kind, chosen=False)
        except Unreadable:  # nobody asked for it
            continue


def _marked(host: Host, mark: str) -> bool:
    if not mark.startswith("$"):
        return host.exists(host.path(mark))
    name, slash, rest = mark[1:].partition("/")
    value = host.env(name)
    return bool(value) and (not slash or host.exists(host.path(value or "") / rest))


def observe_all(
    host: Host, entries: Iterable[SourceEntry], after: After | None = None, limit: float = TOGETHER
) -> list[Finding]:
    """What all entries find within `limit` seconds; never raises. One that fails or takes too long keeps what it found
    before and adds one `Trouble`. `after` makes more of what an entry found, in the same time."""
    from monitor.system.timeout import in_turn

    looks = [_Look(host, entry, after, limit) for entry in entries]
    found: list[Finding] = []
    for one, done in zip(looks, in_turn([one.run for one in looks], min(limit, host.left())), strict=True):
        found += one.done(host) if done else one.left_behind(host, limit)
    return found


class _Look:
    """One entry being looked at, through a window of its own: left behind when it hangs, it changes nothing more."""

    def __init__(self, host: Host, entry: SourceEntry, after: After | None, limit: float) -> None:
        self._entry, self._after = entry, after
        self._found: list[Finding] = []
        self._host = host.alone()
        self._host.offered_keys = host.offered_keys and host.offered_keys.empty()
        # What has a limit of its own, as a program has, says so in its own words a moment before.
        self._host.ends = min(host.ends, monotonic() + limit) - MOMENT

    def run(self) -> None:
        for finding in observe(self._host, self._entry):
            self._found.append(finding)  # it counts even if the next never comes
        if self._after:
            try:
                self._found = self._after(self._host, self._entry, self._found)
            except Unreadable:  # it was a hint
                return

    def done(self, host: Host) -> list[Finding]:
        host.take(self._host)
        return self._found

    def left_behind(self, host: Host, limit: float) -> list[Finding]:
        entry, found = self._entry, [*self._found]
        host.believe_for(timedelta())
        if entry.chosen or entry.type not in UNLISTED:
            found.append(Trouble(entry.id, Problem.TIMEOUT, entry.where, f"no answer within {limit:g} s"))
        return found


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """What one entry finds, behind the guard. A default type that has no module yet is silent."""
    if entry.type not in SOURCES and not entry.chosen:
        return
    host.spent.clear()
    try:
        for finding in _find(entry)(host, entry):
            if not isinstance(finding, Observation | Lineup | Trouble):
                raise TypeError
            yield _named(_short(finding))
    except Unreadable as error:
        shown = host.show(error.path)
        yield Trouble(entry.id, error.problem, shown, error.detail, host_path=str(error.path))
    except Exception as error:  # noqa: BLE001  one source must not silence the others
        yield Trouble(entry.id, Problem.CRASHED, entry.where, place_of(error))


def _short(finding: Finding) -> Finding:
    """The finding; a trouble where its name is so long that it can only be meant to hurt: it would be in every label,
    line and message."""
    if isinstance(finding, Observation):
        length = len(finding.credential.key) + len(finding.credential.provider)
        if length > LONGEST_NAME:
            detail = f"a name of {length} characters, at most {LONGEST_NAME} are shown"
            return Trouble(finding.credential.source, Problem.TOO_LARGE, finding.store, detail, finding.host_path)
    if isinstance(finding, Lineup) and any(len(key) > LONGEST_NAME for key in (finding.provider, *finding.keys)):
        short = tuple(key for key in finding.keys if len(key) <= LONGEST_NAME)
        return finding._replace(provider=finding.provider[:LONGEST_NAME], keys=short)
    return finding


def _named(finding: Finding) -> Finding:
    """The finding with names that every output and the history can carry."""
    if isinstance(finding, Trouble):
        return finding if finding.store.isascii() else finding._replace(store=printable(finding.store))
    if isinstance(finding, Lineup):
        if finding.provider.isascii() and all(key.isascii() for key in finding.keys):
            return finding
        keys = tuple(map(printable, finding.keys))
        return finding._replace(provider=printable(finding.provider), keys=keys)
    who = finding.credential
    if who.key.isascii() and who.provider.isascii() and finding.store.isascii():
        return finding
    who = who._replace(agent=printable(who.agent), provider=printable(who.provider), profile=printable(who.profile))
    return finding._replace(credential=who, store=printable(finding.store))


def believed_for(entries: Iterable[SourceEntry]) -> timedelta | None:
    """How long after a look its answer may stand although no file changed; None where files show every change."""
    spans = []
    for entry in entries:
        row = SOURCES.get(entry.type)
        if row and row.refresh:
            spans.append(entry.options.get("interval", row.refresh))
        elif row is None and entry.chosen:  # a guest
            spans.append(REFRESH)
    return min(spans, default=None)


def guest(kind: str) -> EntryPoint | None:
    """The entry point of an installed guest source, not yet loaded; None where there is none."""
    from importlib.metadata import entry_points

    return next(iter(entry_points(group=GUESTS, name=kind)), None)


def _find(entry: SourceEntry) -> Observe:
    row = SOURCES.get(entry.type)
    if row is not None:
        found: Observe = import_module(row.module).observe
        return found
    from monitor.sources import guests

    return guests.observe


def place_of(error: BaseException) -> str:
    """Kind and line of a crash; never its message, which may hold what was read."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    last = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{last}"
