"""The table of every config key: what the loader checks and what `authwatch config schema` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from monitor.config import fields as f
from monitor.config.errors import nearest
from monitor.config.settings import DEFAULT_SOURCES
from monitor.config.shapes import Either, Keyed, KeyTable, Listing, ReadContext, Shape
from monitor.config.yaml_nodes import Items, MappingNode, Node, Text
from monitor.probes import PROBES
from monitor.sources import SOURCES, SourceType, guest

_VARS: Final = Either(
    "names of variables, or a mapping of names to providers",
    items=Listing(f.VARIABLE, least=1),
    table=Keyed("variables and their providers", f.VARIABLE_PATTERN, f.PROVIDER, least=1),
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
    "names": Listing(f.VARIABLE),
    "bool": f.BOOL,
    "vars": _VARS,
    "command": Listing(f.TEXT, least=1),
    "secret": f.SECRET,
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
        return {}


class _Entry:
    """An entry of `sources`: a name, or a table with `type` and that type's own keys."""

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        if isinstance(node, Text):  # a name is short for {type: name}
            node = MappingNode(((Text("type", node.line), node),), node.line)
        entries = node.entries if isinstance(node, MappingNode) else ()
        kind = next((value for key, value in entries if key.text == "type"), None)
        if not isinstance(kind, Text):
            site.report.add(node.line, path, "no source, write a name or a mapping with type")
            return None
        record = _entry_record(kind.text, tuple(key.text for key, _ in entries))
        if record is None:
            hint = nearest(kind.text, {*SOURCES, *DEFAULT_SOURCES})
            site.report.add(kind.line, path, f"there is no such source, {hint}")
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
    return KeyTable(known.words, {**dict.fromkeys(keys, _Anything()), **known.fields}, known.need)


def _record(row: SourceType) -> KeyTable:
    own = {name: OPTIONS[shape] for name, shape in row.options.items()}
    need = (("type",), *((name,) for name in row.needs))
    return KeyTable("a source", {"type": f.NAME, "id": f.NAME, **own}, need)


def _when(kind: str) -> dict[str, Any]:
    is_it = {"properties": {"type": {"const": kind}}, "required": ["type"]}
    return {"if": is_it, "then": _record(SOURCES[kind]).schema()}


_MATCH: Final = KeyTable(
    "labels to match: source, agent, provider, profile, kind",
    {"source": f.SOURCE, "agent": f.TEXT, "provider": f.PROVIDER, "profile": f.TEXT, "kind": f.KIND},
)
_RULE: Final = KeyTable(
    "a policy for what match covers; the first rule that matches wins",
    {
        "match": _MATCH,
        "lead": Listing(f.POSITIVE),
        "lifetime": f.POSITIVE,
        "issued": f.DAY,
        "watch": f.BOOL,
        "remedy": f.REMEDY,
    },
    need=(("match",),),
)
_POLICY: Final = KeyTable(
    "when to speak up, and what must be there",
    {"lead": Listing(f.POSITIVE), "rules": Listing(_RULE), "expect": Listing(f.KEY)},
)
_CHANNEL: Final = KeyTable(
    "whom to tell: an Apprise URL or termux://, from which level on, and about what",
    {"url": f.SECRET, "url_file": f.SECRET_FILE, "at_least": f.AT_LEAST, "match": _MATCH, "canary": f.POSITIVE},
    need=(("url", "url_file"),),
)
_QUIET: Final = KeyTable(
    "hours in which only news at level now gets through",
    {"from": f.CLOCK, "to": f.CLOCK, "timezone": f.ZONE},
    need=(("from",), ("to",)),
)
_ALERTS: Final = KeyTable(
    "how alerts settle, repeat and keep quiet",
    {
        "settle": f.SPAN,
        "deadline": f.POSITIVE,
        "remind": Listing(f.POSITIVE, least=1),
        "digest": f.DIGEST,
        "quiet": _QUIET,
    },
)
_PROBE: Final = Either(
    f"{f.HOURLY.words}, or a mapping with every, oauth and url",
    text=f.HOURLY,
    table=KeyTable(
        "how often to ask, whether with OAuth access tokens too, and where",
        {"every": f.HOURLY, "oauth": f.BOOL, "url": f.ASKED},
        need=(("every",),),
    ),
)

CONFIG: Final = KeyTable(
    "the configuration of authwatch",
    {
        "state": f.PATH,
        "host": f.TEXT,
        "host_ssh": f.SSH_HOST,
        "timezone": f.ZONE,
        "interval": f.POSITIVE,
        "sources": Listing(_Entry(), least=1),
        "policy": _POLICY,
        "channels": Keyed("channels by label", f.NAME_PATTERN, _CHANNEL),
        "alerts": _ALERTS,
        "heartbeat": KeyTable(
            "an address to ping after every finished check",
            {"url": f.SECRET, "url_file": f.SECRET_FILE},
            clash=(("url", "url_file"),),
        ),
        "history": KeyTable(
            "where the history lies and how long it is kept",
            {"url": f.SECRET, "url_file": f.SECRET_FILE, "keep": f.POSITIVE},
            clash=(("url", "url_file"),),
        ),
        "web": KeyTable(
            "where serve listens, where people open its page, and the password it asks for",
            {"listen": f.LISTEN_AT, "url": f.PAGE_URL, "password": f.SECRET, "password_file": f.SECRET_FILE},
            clash=(("password", "password_file"),),
        ),
        "privacy": f.PRIVACY,
        "probe": KeyTable("providers that are asked whether their logins are good", dict.fromkeys(PROBES, _PROBE)),
    },
)


def json_schema() -> dict[str, Any]:
    """The config file as JSON Schema (draft 2020-12), for editors."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "authwatch"}
    return {**head, **CONFIG.schema()}
