"""The table of every config key: what the loader checks, and what `authwatch config schema`, `config show --all` and
docs/config.md say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from monitor.config import fields as f
from monitor.config.errors import nearest
from monitor.config.settings import DEFAULT_SOURCES
from monitor.config.shapes import Either, Keyed, KeyTable, Listing, ReadContext, Shape, TableKey
from monitor.config.yaml_nodes import Items, MappingNode, Node, Text
from monitor.probes import PROBES
from monitor.sources import SOURCES, SourceType, guest

VARIABLES: Final = Listing("a list of variable names such as [GROQ_API_KEY]", f.VARIABLE)
_VARS: Final = Either(
    "a list of variable names such as [GROQ_API_KEY], or a mapping such as {MY_KEY: groq}",
    items=Listing("a list with at least one variable name", f.VARIABLE, least=1),
    table=Keyed("a mapping such as {MY_KEY: groq}", f.VARIABLE, f.PROVIDER, least=1),
)

#: The shapes that a source type may declare for its own keys.
OPTIONS: Final[Mapping[str, Shape]] = {
    "text": f.TEXT,
    "remedy": f.REMEDY,
    "provider": f.PROVIDER,
    "path": f.PATH,
    "file": f.FILE,
    "span": f.POSITIVE,
    "day": f.DAY,
    "when": f.WHEN,
    "names": VARIABLES,
    "bool": f.BOOL,
    "vars": _VARS,
    "command": Listing("a program and its arguments such as [/usr/local/bin/expiry, --json]", f.TEXT, least=1),
    "secret": f.SECRET,
}

_REMEDY: Final = "The fix to show instead of authwatch's own, such as a command or whom to ask."
_PATHS: Final = "Absolute, ~/…, or relative to the config file."

#: What the own keys of a source mean: (meaning, example, default, what holds without it), by name.
SOURCE_KEYS: Final[Mapping[str, tuple[str, Any, Any, str]]] = {
    "home": ("The home folder whose logins to check.", "/home/bot", None, "your own"),
    "path": (
        f"The file to check; for a program, instead of the usual one. {_PATHS}",
        "~/bot/auth.json",
        None,
        "the usual place",
    ),
    "vars": (
        "The environment variables that hold keys; as a mapping, each with its provider.",
        ["GROQ_API_KEY"],
        None,
        "the variables of known providers",
    ),
    "command": (
        "The program to run, with its arguments. It prints a Kubernetes ExecCredential, the answer of an AWS "
        'credential_process, or {"expires_at": …}.',
        ["/usr/local/bin/expiry", "--json"],
        None,
        "",
    ),
    "url": ("The address to fetch; it must answer in JSON.", "https://panel.example.org/api/token", None, ""),
    "expires_at": ("Where the answer holds the expiry date.", "token.expires_at", None, ""),
    "header_file": (
        "A file with one HTTP header to send, such as an Authorization header.",
        "panel.header",
        None,
        "none",
    ),
    "env": ("More environment variables that the program may see.", ["VAULT_ADDR"], None, "none"),
    "timeout": ("How long it may take.", "10s", "10s", ""),
    "interval": ("How often to ask again.", "1h", None, "5m for a program, 1h for an address"),
    "expires": ("When the credential expires: a date (from 00:00 UTC) or a moment.", "2027-01-31", None, ""),
    "note": ("A note to show beside it.", "Rotated by Ben", None, "none"),
    "provider": ("Which provider to show for it.", "github", "custom", ""),
    "remedy": (_REMEDY, "vault login", None, "the command that authwatch knows"),
}


class _Anything:
    """The keys of a guest source, which only the guest understands: texts, lists and dicts."""

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        if isinstance(node, Items):
            return tuple(self.read(item, path, site) for item in node.items)
        if isinstance(node, MappingNode):
            return {key.text: self.read(value, path, site) for key, value in node.entries}
        return f.TEXT.read(node, path, site)

    def schema(self) -> dict[str, Any]:
        return {"description": "a key of a source from another package"}


class SourceShape:
    """An entry of `sources`: a name, or a table with `type` and that type's own keys."""

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        if isinstance(node, Text):  # a name is short for {type: name}
            node = MappingNode(((Text("type", node.line), node),), node.line)
        entries = node.entries if isinstance(node, MappingNode) else ()
        kind = next((value for key, value in entries if key.text == "type"), None)
        if not isinstance(kind, Text):
            site.report.add(
                node.line, path, "expected a source such as codex, or a mapping such as {type: codex, id: work}"
            )
            return None
        record = _entry_record(kind.text, tuple(key.text for key, _ in entries))
        if record is None:
            hint = nearest(kind.text, {*SOURCES, *DEFAULT_SOURCES})
            site.report.add(kind.line, path, f"unknown source; {hint}")
            return None
        return record.read(node, path, site)

    def schema(self) -> dict[str, Any]:
        return {
            "description": "a source: its type, or a mapping with type and that type's own keys",
            "anyOf": [
                {"enum": sorted({*SOURCES, *DEFAULT_SOURCES})},
                f.NAME.schema(),
                {"type": "object", "required": ["type"], "allOf": [*map(_when, SOURCES)]},
            ],
        }


def _entry_record(kind: str, keys: tuple[str, ...]) -> KeyTable | None:
    """What an entry of this type may hold; None for a type that nobody provides."""
    if kind in SOURCES or kind in DEFAULT_SOURCES:
        return _record(SOURCES.get(kind, SourceType("")))
    if not f.NAME.matches(kind) or guest(kind) is None:
        return None
    known = _record(SourceType(""))
    others = {name: TableKey(_Anything(), "A key of a source from another package.", "") for name in keys}
    return KeyTable(known.words, {**others, **known.fields}, known.need)


_TYPE: Final = TableKey(f.NAME, "Which program or kind of credential to check; see docs/sources.md.", "codex")
_ID: Final = TableKey(
    f.NAME,
    "A name for this entry: the first part of its keys. Two entries of one type need two ids.",
    "codex-bob",
    None,
    "the type",
)


def _record(row: SourceType) -> KeyTable:
    own = {name: TableKey(OPTIONS[shape], *SOURCE_KEYS[name]) for name, shape in row.options.items()}
    need = (("type",), *((name,) for name in row.needs))
    return KeyTable("a source such as {type: codex, id: work}", {"type": _TYPE, "id": _ID, **own}, need)


#: What entries of `sources` may hold, each type's own keys in one.
SOURCE: Final = KeyTable(
    "a source such as {type: codex, id: work}",
    {name: key for row in SOURCES.values() for name, key in _record(row).fields.items()},
    need=(("type",),),
)


def _when(kind: str) -> dict[str, Any]:
    is_it = {"properties": {"type": {"const": kind}}, "required": ["type"]}
    return {"if": is_it, "then": _record(SOURCES[kind]).schema()}


_LEADS: Final = Listing("a list such as [7d, 3d, 1d]", f.POSITIVE)
_LEAD: Final = "How long before a login expires you are told, once for each step."

MATCH: Final = KeyTable(
    "a mapping such as {provider: anthropic}",
    {
        "source": TableKey(f.SOURCE, "The id of the source.", "openclaw", None, "any"),
        "agent": TableKey(f.TEXT, "The agent.", "main", None, "any"),
        "provider": TableKey(f.PROVIDER, "The provider.", "anthropic", None, "any"),
        "profile": TableKey(f.TEXT, "The profile, as `authwatch status` shows it.", "anthropic:default", None, "any"),
        "kind": TableKey(f.KIND, f"The kind of login: {f.KIND.words}.", "token", None, "any"),
    },
)
_RULE: Final = KeyTable(
    "a rule such as {match: {provider: anthropic}, lead: [14d]}",
    {
        "match": TableKey(
            MATCH,
            "Which logins: those that have all of these labels; {} means all of them.",
            {"provider": "anthropic", "kind": "token"},
        ),
        "lead": TableKey(_LEADS, _LEAD, ["30d", "14d"], None, "policy.lead"),
        "lifetime": TableKey(
            f.POSITIVE, "How long such a login lasts, where no file says when it expires.", "365d", None, "unknown"
        ),
        "issued": TableKey(
            f.DAY,
            "The day from which lifetime counts.",
            "2026-03-01",
            None,
            "the day on which authwatch first saw the login",
        ),
        "watch": TableKey(f.BOOL, "false: show these logins, but never alert.", False, True),
        "remedy": TableKey(f.REMEDY, _REMEDY, "Ask Anna", None, "the command that authwatch knows"),
    },
    need=(("match",),),
)
_POLICY: Final = KeyTable(
    "a mapping such as {lead: [7d, 3d, 1d]}",
    {
        "lead": TableKey(_LEADS, _LEAD, ["14d", "3d", "1d"], ["7d", "3d", "1d"]),
        "rules": TableKey(
            Listing("a list of rules such as [{match: {provider: aws}, watch: false}]", _RULE),
            "Exceptions for some logins. The first rule that matches a login applies to it.",
            [{"match": {"provider": "anthropic", "kind": "token"}, "lead": ["30d", "14d"], "lifetime": "365d"}],
            None,
            "no exceptions",
        ),
        "expect": TableKey(
            Listing("a list of keys such as [openclaw/main/anthropic:default]", f.KEY),
            "Logins that must exist: you are alerted if one is missing. `authwatch status --json` shows the keys.",
            ["openclaw/main/anthropic:default"],
            None,
            "none",
        ),
    },
)
_CHANNEL: Final = KeyTable(
    "a mapping such as {url_file: phone.url, at_least: soon}",
    {
        "url": TableKey(
            f.SECRET,
            "Where to send: an Apprise URL, or termux:// for the phone that runs authwatch.",
            "ntfys://ntfy.sh/${NTFY_TOPIC}",
        ),
        "url_file": TableKey(f.SECRET_FILE, "A file that holds the URL (mode 0600), instead of url.", "mail.url"),
        "at_least": TableKey(f.AT_LEAST, "The lowest level that is sent: info, soon or now.", "now", "soon"),
        "match": TableKey(
            MATCH, "Send only what concerns logins with all of these labels.", {"agent": "main"}, None, "all logins"
        ),
        "canary": TableKey(
            f.POSITIVE,
            "Send a harmless message this often, so that you notice when the channel fails.",
            "7d",
            None,
            "no such message",
        ),
    },
    need=(("url", "url_file"),),
)
_QUIET: Final = KeyTable(
    'a mapping such as {from: "22:00", to: "07:00"}',
    {
        "from": TableKey(f.CLOCK, "When quiet hours begin.", "22:00"),
        "to": TableKey(f.CLOCK, "When they end; may be on the next day.", "07:00"),
        "timezone": TableKey(
            f.ZONE, "The time zone of both.", "Europe/Stockholm", None, "timezone above, else the machine's"
        ),
    },
    need=(("from",), ("to",)),
)
_ALERTS: Final = KeyTable(
    "a mapping such as {settle: 10m}",
    {
        "settle": TableKey(
            f.SPAN,
            "How long an improvement or a read error must last before you hear of it; bad news is never delayed.",
            "30m",
            "10m",
        ),
        "deadline": TableKey(f.POSITIVE, "How long a check may take to send all its messages.", "30s", "1m"),
        "remind": TableKey(
            Listing("a list with at least one span such as [1d, 2d, 7d]", f.POSITIVE, least=1),
            "When to remind you of what still needs you now; the last interval repeats.",
            ["12h", "1d"],
            ["1d", "2d", "7d"],
        ),
        "digest": TableKey(
            f.DIGEST,
            "daily or weekly: send every channel a summary with the next 30 days.",
            "weekly",
            None,
            "no summary",
        ),
        "quiet": TableKey(
            _QUIET,
            "Quiet hours: only what needs you now is sent; the rest waits until they end.",
            {"from": "22:00", "to": "07:00"},
            None,
            "no quiet hours",
        ),
    },
)
_OFTEN: Final = "Ask this provider whether its logins are good, this often (at least 1h)."
_PROBE: Final = Either(
    "a time span of at least 1h, such as 24h, or a mapping such as {every: 24h, oauth: true}",
    text=f.HOURLY,
    table=KeyTable(
        "a mapping such as {every: 24h, oauth: true}",
        {
            "every": TableKey(f.HOURLY, "How often to ask.", "24h"),
            "oauth": TableKey(
                f.BOOL, "true: ask with the access tokens of OAuth logins too, not only with keys.", True, False
            ),
            "url": TableKey(
                f.ASKED,
                "Where to ask, such as a gateway of your own. This file must not be writable by others.",
                "https://gateway.example.org",
                None,
                "the provider",
            ),
        },
        need=(("every",),),
    ),
)

CONFIG: Final = KeyTable(
    "a mapping such as host: vps-1",
    {
        "host": TableKey(f.TEXT, "What messages call this machine.", "vps-1", None, "its hostname"),
        "host_ssh": TableKey(
            f.SSH_HOST,
            "What you type after ssh to get to this machine. Fixes are then shown with it, ready to copy elsewhere.",
            "me@vps-1.example.org",
            None,
            "fixes name the machine only",
        ),
        "timezone": TableKey(
            f.ZONE,
            "Your time zone, for every time that is shown or sent. JSON and metrics stay in UTC.",
            "Europe/Stockholm",
            None,
            "the machine's time zone",
        ),
        "interval": TableKey(f.POSITIVE, "How often `authwatch serve` and installed timers check.", "15m", "5m"),
        "state": TableKey(
            f.PATH,
            f"The folder for the history, the metrics and the last result. {_PATHS}",
            "~/authwatch",
            None,
            "~/.local/state/authwatch",
        ),
        "privacy": TableKey(f.PRIVACY, "masked: no mail addresses in messages, labels and metrics.", "masked", "full"),
        "sources": TableKey(
            Listing("a list with at least one source such as [openclaw, codex]", SourceShape(), least=1),
            "Which programs' logins to check, and no others. Without this key, what other programs have is shown, but "
            "never alerts.",
            ["openclaw", {"type": "codex", "id": "codex-bob", "home": "/home/bob"}],
            list(DEFAULT_SOURCES),
        ),
        "policy": TableKey(_POLICY, "When you are told, and which logins must exist.", {"lead": ["7d", "3d", "1d"]}),
        "channels": TableKey(
            Keyed("a mapping such as {phone: {url_file: phone.url}}", f.NAME, _CHANNEL),
            "Where to send alerts, each channel under a name of your choice.",
            {
                "phone": {"url": "ntfys://ntfy.sh/${NTFY_TOPIC}", "at_least": "soon"},
                "mail": {"url_file": "mail.url", "at_least": "now"},
            },
            None,
            "nothing is sent",
        ),
        "alerts": TableKey(
            _ALERTS,
            "How alerts settle, repeat and keep quiet.",
            {"digest": "weekly", "quiet": {"from": "22:00", "to": "07:00"}},
        ),
        "heartbeat": TableKey(
            KeyTable(
                "a mapping such as {url_file: heartbeat.url}",
                {
                    "url": TableKey(
                        f.SECRET, "The address to fetch after every finished check.", "https://hc-ping.com/YOUR-UUID"
                    ),
                    "url_file": TableKey(
                        f.SECRET_FILE, "A file that holds the address (mode 0600), instead of url.", "heartbeat.url"
                    ),
                },
                clash=(("url", "url_file"),),
            ),
            "A dead man's switch such as Healthchecks.io: it alerts you when authwatch itself stops.",
            {"url": "https://hc-ping.com/YOUR-UUID"},
            None,
            "no heartbeat",
        ),
        "history": TableKey(
            KeyTable(
                "a mapping such as {keep: 400d}",
                {
                    "url": TableKey(
                        f.SECRET,
                        "The database: sqlite:///… or postgresql://…",
                        "postgresql://authwatch@db.example.org/authwatch",
                        None,
                        "an SQLite file in the state folder",
                    ),
                    "url_file": TableKey(
                        f.SECRET_FILE, "A file that holds the address (mode 0600), instead of url.", "history.url"
                    ),
                    "keep": TableKey(f.POSITIVE, "How long to keep what happened.", "90d", "400d"),
                },
                clash=(("url", "url_file"),),
            ),
            "Where the history is kept, and how long.",
            {"keep": "90d"},
        ),
        "web": TableKey(
            KeyTable(
                "a mapping such as {listen: 127.0.0.1:9797}",
                {
                    "listen": TableKey(
                        f.LISTEN_AT,
                        "The address and port of the page. Any but this machine's own needs a password.",
                        "0.0.0.0:9797",
                        "127.0.0.1:9797",
                    ),
                    "url": TableKey(
                        f.PAGE_URL,
                        "The address at which you open the page, for links in messages.",
                        "https://vps-1.example.org/authwatch",
                        None,
                        "no links",
                    ),
                    "password": TableKey(
                        f.SECRET, "The password of the page.", "${AUTHWATCH_PASSWORD}", None, "no password"
                    ),
                    "password_file": TableKey(
                        f.SECRET_FILE,
                        "A file that holds the password (mode 0600), instead of password.",
                        "web.password",
                    ),
                },
                clash=(("password", "password_file"),),
            ),
            "The page, the metrics and the API of `authwatch serve`.",
            {"listen": "127.0.0.1:9797", "url": "https://vps-1.example.org/authwatch"},
        ),
        "probe": TableKey(
            KeyTable(
                "a mapping such as {anthropic: 24h}",
                {name: TableKey(_PROBE, _OFTEN, "24h", None, "never asked") for name in PROBES},
            ),
            "Providers to ask whether their logins are good, with one harmless request; see docs/probes.md.",
            {"anthropic": "24h", "github": {"every": "24h", "oauth": True}},
            None,
            "no provider is asked",
        ),
    },
    free="x-",
)


def json_schema() -> dict[str, Any]:
    """The config file as JSON Schema (draft 2020-12), for editors."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "authwatch"}
    return {**head, **CONFIG.schema()}
