"""The value of a column in rows that are older than it (ALTER TABLE … ADD COLUMN)."""

from __future__ import annotations

from typing import Final

from monitor.system.sqlite_file.bounds import damaged
from monitor.system.sqlite_file.btree import Value
from monitor.system.sqlite_file.table_schema import Column, Token

_WORDS: Final = {"null": None, "true": 1, "false": 0}
_LEAST, _MOST = -(2**63), 2**63 - 1


def default(column: Column) -> Value:
    """The default value of a column; raises Unfit for one that would have to be computed."""
    given = list(column.default)
    sign = 1
    while given and given[0].kind == "sign" and given[0].text in "+-":
        sign = -sign if given.pop(0).text == "-" else sign
    if not column.default:
        return None
    if len(given) != 1 or (sign < 0 and given[0].kind != "number"):
        raise damaged(f"the default of the column {column.name} is computed")
    return _value(given[0], sign, column)


def _value(token: Token, sign: int, column: Column) -> Value:
    if token.word in _WORDS:
        word = _WORDS[token.word]
        return float(word) if word is not None and column.affinity == "real" else word
    if token.word.startswith("current_"):
        raise damaged(f"the default of the column {column.name} is computed")
    if token.kind == "blob":
        try:
            return bytes.fromhex(token.text[2:-1])
        except ValueError:
            raise damaged(f"the default of the column {column.name}") from None
    if token.kind != "number":
        return _fitting(token.text, column.affinity)
    found = _number(token.text)
    if found is None:
        raise damaged(f"the default of the column {column.name}")
    if column.affinity == "text" and not (isinstance(found, int) and found < 2**31):
        return f"{'-' if sign < 0 else ''}{token.text}"  # longer numbers stay as they were written
    return _fitting(found * sign, "numeric" if column.affinity == "blob" else column.affinity)


def _fitting(value: int | float | str, affinity: str) -> Value:
    """The value as a column of that affinity keeps it (sqlite.org/datatype3.html, section 3)."""
    if affinity == "text":
        return str(value)
    if affinity in ("integer", "numeric", "real"):
        if isinstance(value, str):
            found = _number(value.strip(" \t\n\v\f\r"), signed=True)
            value = value if found is None else found
        if affinity == "real" and isinstance(value, int):
            return float(value)
        if affinity != "real" and isinstance(value, float) and abs(value) < 2**53 and value == int(value):
            return int(value)
    return float(value) if isinstance(value, int) and not _LEAST <= value <= _MOST else value


def _number(text: str, *, signed: bool = False) -> int | float | None:
    try:
        if text[:2] in ("0x", "0X") and not signed:
            found = int(text, 16)
            return found - (1 << 64) if found > _MOST else found
        if "_" in text or not text.isascii():
            return None
        return int(text) if text.lstrip("+-").isdigit() else float(text) if text[-1:] in "0123456789." else None
    except ValueError:
        return None
