"""The page of all config keys, made from their table: `python -m tests.config.reference > docs/config.md`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from monitor.config.annotated import flow, inner
from monitor.config.schema import CONFIG, MATCH, SOURCE
from monitor.config.shapes import Either, Keyed, KeyTable, Listing, Shape, TableKey
from monitor.sources import SOURCES

HEAD: Final = """\
# The config file

`~/.config/authwatch/config.yaml`, in YAML. Every key is optional; without a file the defaults apply.

```sh
authwatch config check             # is it valid?
authwatch config show              # the settings in force, secrets hidden
authwatch config show --all        # every key with its meaning and default, as a config file
```

Another file: `--config FILE`, or the variable `AUTHWATCH_CONFIG`. In a systemd unit, `config.yaml` in `CONFIGURATION_DIRECTORY`
comes first; where `XDG_CONFIG_HOME` is set, it takes the place of `~/.config`. `authwatch serve` reads a changed file by itself.

- **Time spans** are `10s`, `90m`, `8h`, `14d`, `2w` or `1h30m`.
- **Secrets** need not be in the file: `${NAME}` is replaced by that environment variable (`$${` is a literal `${`), and `url_file` and
  `password_file` name a file that holds the secret. A secret that is missing stops only what needs it, and is reported.
- **Paths** are absolute, `~/…`, or relative to the config file. A `_file` key may also name a systemd credential.
- **Anchors, aliases and merge keys** (`&x`, `*x`, `<<: *x`) work as in other YAML files. Top-level keys that begin with `x-` are ignored,
  so they can hold what is shared:

```yaml
x-phone: &phone {at_least: now, match: {agent: main}}
channels:
  anna: {<<: *phone, url: "ntfys://ntfy.sh/${NTFY_TOPIC}"}
  ben: {<<: *phone, url_file: mail.url}
```

An error names the file, the line, the key, what was expected and what was found:

```text
config.yaml:4: policy.lead: expected a list such as [7d, 3d, 1d], got "7d"
```

For completion and checks in an editor: `authwatch config schema > authwatch.schema.json`.
"""

COLUMNS: Final = ("| key | meaning | default | example |", "|---|---|---|---|")


def page() -> Iterator[str]:
    """The lines of the page."""
    yield HEAD
    yield "## General\n"
    single = {name: key for name, key in CONFIG.fields.items() if inner(key.shape) is None}
    yield from _block({name: key.example for name, key in single.items()})
    yield from COLUMNS
    yield from _rows(KeyTable("", single), "")
    for name, key in CONFIG.fields.items():
        if name not in single:
            yield from _section(name, key)
    yield "\n## match\n"
    yield "Labels of logins, in `policy.rules` and `channels`. A login matches if it has all of those that are given.\n"
    yield from COLUMNS
    yield from _rows(MATCH, "")


def _section(name: str, key: TableKey) -> Iterator[str]:
    yield f"\n## {name}\n"
    default = _default(key, ())
    yield f"{_linked(key.means)}{f' Default: {default}.' if default else ''}\n"
    yield from _block({name: key.example})
    if words := _entry(key.shape):
        yield f"{words}\n"
    yield from COLUMNS
    table = inner(key.shape)
    assert table
    yield from _rows(table, "")
    if name == "probe":
        yield "\nA provider's value is a time span, or a mapping:\n"
        yield from COLUMNS
        (shape, *_) = (one.shape for one in table.fields.values())
        yield from _rows(inner(shape) or MATCH, "")


def _entry(shape: Shape) -> str:
    """What the rows of a section's table belong to."""
    if isinstance(shape, Keyed):
        return "Each one has a name of letters, digits, `.`, `_` and `-`, and:"
    return "Each entry is a type, or a mapping:" if isinstance(shape, Listing) else ""


def _rows(table: KeyTable, before: str) -> Iterator[str]:
    groups = {name: group for group in table.need for name in group}
    for words, same in groupby(table.fields.items(), lambda entry: entry[1][1:]):
        group = list(same)
        name, key = group[0]
        names = ", ".join(f"`{before}{one}`" for one, _ in group)
        means = f"{_linked(words[0])}{_used_by(name)}" if table is SOURCE else _linked(words[0])
        keys = inner(key.shape)
        if keys is MATCH:
            means += " See [match](#match)."
        yield _row(names, means, _default(key, groups.get(name, ())), _code(flow(key.example)))
        if keys and keys is not MATCH and not isinstance(key.shape, Either):
            yield from _rows(keys, f"{before}{name}{'[].' if isinstance(key.shape, Listing) else '.'}")


def _used_by(name: str) -> str:
    """Which types of sources have a key."""
    kinds = [kind for kind, row in SOURCES.items() if name in row.options]
    needed = [f"`{kind}`" for kind in kinds if name in SOURCES[kind].needs]
    if not kinds:
        return ""
    some = f" Only for {', '.join(f'`{kind}`' for kind in kinds)}." if len(kinds) < 8 else " For most programs."
    return f"{some} Required for {', '.join(needed)}." if needed and len(needed) < len(kinds) else some


def _default(key: TableKey, group: Sequence[str]) -> str:
    """What holds without a key; `group` are those of which one is needed."""
    if key.default is not None:
        return _code(flow(key.default))
    return f"{' or '.join(map(_code, group))} is required" if group else key.unset


def _linked(text: str) -> str:
    """Names of other pages as links."""
    return re.sub(r"docs/(\w+)\.md", r"[\1](\1.md)", text)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(text: str) -> str:
    return f"`{text}`"


def _block(example: Mapping[str, Any]) -> Iterator[str]:
    yield "```yaml"
    for name, value in example.items():
        yield from _lines(name, value, "")
    yield "```\n"


def _lines(name: str, value: Any, pad: str) -> Iterator[str]:
    """A key of an example: mappings in lines, all else as short as it may be."""
    if isinstance(value, Mapping) and not pad:
        yield f"{name}:"
        for inside, one in value.items():
            yield from _lines(inside, one, "  ")
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        yield f"{pad}{name}:"
        yield from (f"{pad}  - {flow(one)}" for one in value)
    else:
        yield f"{pad}{name}: {flow(value)}"


if __name__ == "__main__":
    print("\n".join(page()))
