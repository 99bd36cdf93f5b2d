"""Spoils good input: bytes cut, doubled, flipped; JSON trees with one or two odd values in them."""

from __future__ import annotations

import json
import random
from typing import Any

MARK = "FAKESECRET"

#: Values that some program somewhere has written, or that only an enemy would.
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, -0.0, 0.5, 1e308, -1e308, 8.64e15, 8.64e15 + 2, 253402300800000, -62135596800001,
    2**31, 2**63, 2**64, 10**30, 10**400, 1790000000, 1790000000000, 1790000000000000, 9e99, 1e11, 1e12,
    "", " ", "\n", "\0", "\ud800", "\udc00\ud800", "\x1b[31m", "\u202e", "é" * 40, "x" * 5000, "a/b", "../..", "/", "~", ".",
    "0", "1e999", "NaN", "Infinity", "never", "1790000000", "1790000000000", "2026-02-30T00:00:00Z", "2099-01-01",
    "0000-00-00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00", "2026-W01-1", "12:00",
    "${HOME}", "$HOME", "${", "${A:-b}", "anthropic", "openai-codex", "main", "oauth", "token", "api_key", "constructor",
    "__proto__", "a" * 300 + ":" + "b" * 300, "a:b:c@d", "@", ":", "[]", "{}", "null", "eyJhbGciOiJub25lIn0.e30.", "a.b.c",
    "eyJ.eyJleHAiOjF9.x", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----", "\ufeff", "%s%n", "{0}", "`id`",
    [], {}, [[]], [{}], {"": {}}, [None], {"a": None}, [1, "a", {}], {"source": "env", "id": "HOME"}, {"source": "exec", "id": ""},
    {"$include": "openclaw.json"}, {"profiles": {}}, {"version": 99}, [0] * 300,
)  # fmt: skip

#: Pieces that mean something to one of the formats.
PIECES: tuple[bytes, ...] = (
    b'"', b"'", b"\\", b"{", b"}", b"[", b"]", b":", b",", b"\n", b"\r", b"\t", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    b"//", b"/*", b"*/", b"#", b"=", b"- ", b"? ", b"| ", b"&a ", b"*a", b"!!python/object:x ", b"---\n", b"${", b"$${A}",
    b"NaN", b"-", b"1e999", b"0x1F", b"9" * 5000, b"true", b"null", b"\\ud800", b"\\u0000", b"<<", b"%YAML 9.9\n", b"\x85",
    b"[" * 600, b'{"a":' * 600, b"(" * 50, b" " * 2000, b"export ", b".nan", b"2026-13-01", b"\xe2\x80\xa8",
)  # fmt: skip


def spoiled(raw: bytes, dice: random.Random) -> bytes:
    """The bytes with one to four things done to them."""
    for _ in range(dice.choice((1, 1, 1, 2, 2, 4))):
        raw = _once(raw, dice)
    return raw


def _once(raw: bytes, dice: random.Random) -> bytes:
    at = dice.randint(0, len(raw))
    end = min(len(raw), at + dice.choice((1, 1, 2, 4, 8, 32, 128)))
    match dice.randrange(7):
        case 0:
            return raw[:at] + dice.choice(PIECES) + raw[at:]
        case 1:
            return raw[:at] + dice.choice(PIECES) + raw[end:]
        case 2:
            return raw[:at] + raw[end:]
        case 3:
            return raw[:end] + raw[at:]
        case 4:
            return raw[:at] + dice.randbytes(end - at) + raw[end:]
        case 5:
            return raw[:at]
        case _:
            flipped = bytes(byte ^ (1 << dice.randrange(8)) for byte in raw[at:end])
            return raw[:at] + flipped + raw[end:]


def spoiled_tree(value: Any, dice: random.Random) -> Any:
    """The tree with one to three odd things in it; no text that is in it comes to stand anywhere else."""
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        value = _odd(value, dice)
    return value


def _odd(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict) and value and dice.random() < 0.88:
        key = dice.choice(list(value))
        return _other_dict(value, key, dice) if dice.random() < 0.2 else {**value, key: _odd(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.88:
        at = dice.randrange(len(value))
        return [*value[:at], _odd(value[at], dice), *value[at + 1 :]]
    return _near(value, dice) if dice.random() < 0.3 else dice.choice(ODD)


def _other_dict(value: dict[str, Any], key: str, dice: random.Random) -> dict[str, Any]:
    rest = {name: item for name, item in value.items() if name != key}
    match dice.randrange(4):
        case 0:
            return rest
        case 1:
            return {
                **value,
                dice.choice(("", " ", "\0", "\ud800", "X" * 300, "a/b", "é", "1", key.upper())): dice.choice(ODD),
            }
        case 2 if MARK not in json.dumps(value[key]) and MARK not in key:
            return {**rest, dice.choice(("\ud800", "x\ny", key.title(), f"{key} ", "\x1b[2J", "a\u202eb")): value[key]}
        case _:
            return {**value, **{f"{key}{number}": value[key] for number in range(dice.choice((1, 40)))}}


def _near(value: Any, dice: random.Random) -> Any:
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int | float):
        return dice.choice(
            (-value, value // 1000, value * 1000, value - 1, str(value), f"{value}.5", [value], value * 10**9)
        )
    if isinstance(value, str):
        return dice.choice(
            (
                value[::-1],
                value * 2,
                value[:1],
                f" {value}\n",
                [value],
                {"value": value},
                value.encode("utf-8", "surrogatepass").hex(),
            )
        )
    return {"0": value} if isinstance(value, list) else [value]


def misplaced(good: Any, bad: Any) -> bool:
    """Whether spoiling put a secret where the program itself would show it: under another key, or as a key."""
    return not _places(bad) <= _places(good)


def _places(value: Any, key: str = "") -> set[str]:
    if isinstance(value, dict):
        found = {f"the key {name}" for name in value if MARK in name}
        return found.union(*(_places(item, str(name)) for name, item in value.items()))
    if isinstance(value, list):
        return set().union(*(_places(item, key) for item in value))
    return {key} if isinstance(value, str) and MARK in value else set()
