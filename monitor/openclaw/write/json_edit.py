"""Changes one value in a JSON or JSON5 text and leaves every other byte, comments and order included, as it was."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from monitor.openclaw.write.replace_file import WriteRefused
from monitor.system.host import MAX_DEPTH

_BLANK: Final = re.compile(r"(?:[\s\ufeff]|//[^\n\r]*|/\*.*?\*/)*", re.DOTALL)
_SAME_LINE: Final = re.compile(r"(?:[ \t]|/\*[^\n]*?\*/)*(?://[^\n\r]*)?")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)
_WORD: Final = re.compile(r"[^\s,:{}\[\]\"'/]+")


@dataclass(slots=True)
class _Node:
    """A value and where it stands; `members` of an object as (where its key begins, value)."""

    start: int
    end: int = 0
    members: dict[str, tuple[int, _Node]] | None = None
    items: list[_Node] = field(default_factory=list)


def put(text: str, path: tuple[str, ...], value: Any) -> str:
    """The text with `value` at the path of keys, objects made on the way; raises WriteRefused where that cannot be."""
    if not text.strip("\ufeff \t\r\n"):
        text = "{}\n"
    node, depth = _root(text), 0
    while node.members is not None and depth < len(path) - 1 and path[depth] in node.members:
        node = node.members[path[depth]][1]
        depth += 1
    if node.members is None:
        raise WriteRefused(
            f"expected an object at {'.'.join(path[:depth]) or 'the top of the file'}; nothing was written"
        )
    for key in reversed(path[depth + 1 :]):
        value = {key: value}
    pretty = "\n" in text.strip()
    if path[depth] in node.members:
        at, old = node.members[path[depth]]
        return text[: old.start] + _render(value, pretty, _indent(text, at)) + text[old.end :]
    return _inserted(text, node, path[depth], value, pretty)


def drop(text: str, path: tuple[str, ...]) -> str:
    """The text without the member at the path of keys; the same text where there is none."""
    node = _root(text)
    for key in path[:-1]:
        if node.members is None or key not in node.members:
            return text
        node = node.members[key][1]
    if node.members is None or path[-1] not in node.members:
        return text
    start, member = node.members[path[-1]]
    after = _skip(text, member.end)
    if text[after] == ",":
        end = after + 1
        return text[:start] + text[_skip(text, end) if text[_skip(text, end)] != "}" else end :]
    others = [one.end for at, one in node.members.values() if at < start]
    return text[: max(others, default=start)] + text[member.end :]


def _inserted(text: str, node: _Node, key: str, value: Any, pretty: bool) -> str:
    members = list((node.members or {}).values())
    if not members:
        outer = _indent(text, node.start)
        inner = outer + "  "
        body = f"{json.dumps(key, ensure_ascii=False)}: {_render(value, pretty, inner)}"
        made = f"\n{inner}{body}\n{outer}" if pretty else body
        rest = text[node.start + 1 :]
        blank = re.match(r"\s*", rest)
        closes = blank is not None and rest[blank.end() :].startswith("}")
        return text[: node.start + 1] + made + (rest[blank.end() :] if closes and blank else rest)
    start, last = members[-1]
    indent = _indent(text, start)
    after = _skip(text, last.end)
    trailing = text[after] == ","
    end = after + 1 if trailing else last.end
    own_lines = pretty and "\n" in text[node.start : start]
    same_line = _SAME_LINE.match(text, end)
    at = same_line.end() if own_lines and same_line else end
    body = f"{json.dumps(key, ensure_ascii=False)}: {_render(value, own_lines, indent)}{',' if trailing else ''}"
    gap = f"\n{indent}" if own_lines else " "
    return text[:end] + ("" if trailing else ",") + text[end:at] + gap + body + text[at:]


def _render(value: Any, pretty: bool, indent: str) -> str:
    if not pretty:
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", f"\n{indent}")


def _indent(text: str, at: int) -> str:
    """The white space that begins the line on which a value stands."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


# -- finding where things stand -----------------------------------------------------------------------------------


def _root(text: str) -> _Node:
    start = _skip(text, 0)
    node = _value(text, start, 0)
    if _skip(text, node.end) != len(text):
        raise _odd(text, node.end)
    return node


def _value(text: str, at: int, depth: int) -> _Node:
    if depth > MAX_DEPTH:
        raise WriteRefused("the file is nested too deeply; nothing was written")
    if text[at : at + 1] == "{":
        return _object(text, at, depth)
    if text[at : at + 1] == "[":
        return _array(text, at, depth)
    found = _STRING.match(text, at) or _WORD.match(text, at)
    if not found:
        raise _odd(text, at)
    return _Node(at, found.end())


def _object(text: str, at: int, depth: int) -> _Node:
    node = _Node(at, members={})
    here = _skip(text, at + 1)
    while text[here : here + 1] != "}":
        found = _STRING.match(text, here) or _WORD.match(text, here)
        colon = _skip(text, found.end()) if found else here
        if not found or text[colon : colon + 1] != ":":
            raise _odd(text, here)
        value = _value(text, _skip(text, colon + 1), depth + 1)
        name = _key(found[0])
        if node.members is not None:
            if name in node.members:
                raise WriteRefused(f"the key {name!r} appears twice in the same object; remove one")
            node.members[name] = (here, value)
        here = _next(text, value.end, "}")
    node.end = here + 1
    return node


def _array(text: str, at: int, depth: int) -> _Node:
    node, here = _Node(at), _skip(text, at + 1)
    while text[here : here + 1] != "]":
        here = _next(text, _value(text, here, depth + 1).end, "]")
    node.end = here + 1
    return node


def _next(text: str, at: int, close: str) -> int:
    here = _skip(text, at)
    if text[here : here + 1] == ",":
        return _skip(text, here + 1)
    if text[here : here + 1] != close:
        raise _odd(text, here)
    return here


def _key(written: str) -> str:
    if not written.startswith(('"', "'")):
        return written
    inner = written[1:-1]
    if written.startswith("'"):
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{inner}"', strict=False))
    except ValueError:
        raise WriteRefused("a key uses escapes that JSON does not have; nothing was written") from None


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _odd(text: str, at: int) -> WriteRefused:
    """A refusal that names the line, never the text."""
    return WriteRefused(
        f"line {text.count(chr(10), 0, at) + 1}: not JSON that can be changed safely; nothing was written"
    )
