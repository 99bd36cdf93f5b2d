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
    return _fitting(_literal(given[0], sign, column), column.affinity)


def _literal(token: Token, sign: int, column: Column) -> Value:
    if token.kind == "number":
        found = _number(token.text)
        if found is None:
            raise damaged(f"the default of the column {column.name}")
        found *= sign
        return found if isinstance(found, float) or _LEAST <= found <= _MOST else float(found)
    if token.kind == "blob":
        try:
            return bytes.fromhex(token.text[2:-1])
        except ValueError:
            raise damaged(f"the default of the column {column.name}") from None
    if token.word in _WORDS:
        return _WORDS[token.word]
    if token.word.startswith("current_"):
        raise damaged(f"the default of the column {column.name} is computed")
    return token.text


def _fitting(value: Value, affinity: str) -> Value:
    """The value as a column of that affinity keeps it (sqlite.org/datatype3.html, section 3)."""
    if affinity == "text" and isinstance(value, int | float):
        return str(value) if isinstance(value, int) else _written(value)
    if affinity in ("integer", "numeric", "real"):
        if isinstance(value, str):
            found = _number(value.strip(" \t\n\v\f\r"), signed=True)
            value = value if found is None else found
        if affinity == "real" and isinstance(value, int):
            return float(value)
        if affinity != "real" and isinstance(value, float) and abs(value) < 2**53 and value == int(value):
            return int(value)
        if isinstance(value, int) and not _LEAST <= value <= _MOST:
            return float(value)
    return value


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


def _written(value: float) -> str:
    text = f"{value:.15g}"
    if "e" in text:
        digits, exponent = text.split("e")
        return f"{digits if '.' in digits else digits + '.0'}e{exponent}"
    return text if "." in text else f"{text}.0"
