"""What a CREATE statement says of how rows are stored.

Source: sqlite.org/lang_createtable.html and lang_createindex.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile, islice
from typing import Final, NamedTuple

from monitor.system.sqlite_file.bounds import damaged, foreign
from monitor.system.sqlite_file.btree import Value

#: Comments and blanks are skipped. A quote may end with the statement, so that nothing is gone through twice.
_TOKEN: Final = re.compile(
    r"""(?:\s|--[^\n]*|/\*.*?(?:\*/|\Z))*+
    (?:(?P<name>"(?:[^"]|"")*(?:"|\Z)|`(?:[^`]|``)*(?:`|\Z)|\[[^\]]*(?:\]|\Z))
    |(?P<blob>[xX]'[^']*(?:'|\Z))
    |(?P<text>'(?:[^']|'')*(?:'|\Z))
    |(?P<number>\.?[0-9](?:[0-9a-zA-Z_.]|(?<=[eE])[+-])*)
    |(?P<word>[^\W\d][\w$]*)
    |(?P<sign>\S)|\Z)""",
    re.DOTALL | re.VERBOSE,
)
#: Words that end the type of a column.
_CONSTRAINTS: Final = frozenset(
    ("constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "generated", "as")
)
_OF_TABLE: Final = frozenset(("constraint", "primary", "unique", "check", "foreign"))
_NAMES: Final = ("word", "name", "text")
_TYPES: Final = (
    ("INT", "integer"),
    ("CHAR", "text"),
    ("CLOB", "text"),
    ("TEXT", "text"),
    ("BLOB", "blob"),
    ("REAL", "real"),
    ("FLOA", "real"),
    ("DOUB", "real"),
)


class Token(NamedTuple):
    """A piece of a statement: `kind` is word, name (a quoted one), text, blob, number or sign. `word` is that of an
    unquoted word in lower case, "" for all else."""

    kind: str
    text: str
    word: str = ""


class Column(NamedTuple):
    """A column. `affinity` is SQLite's; `default` the tokens of its default value."""

    name: str
    affinity: str
    default: tuple[Token, ...]


class Key(NamedTuple):
    """A PRIMARY KEY or UNIQUE constraint, or an index: names of columns; `plain` where all are compared byte by byte,
    upwards."""

    columns: tuple[str, ...]
    plain: bool
    primary: bool = False


class TableSchema(NamedTuple):
    """A table as its statement makes it. `alias` is the place of the column that is the rowid, -1 where there is none;
    `order` the places of the columns as they are stored; `keys` what SQLite makes indexes of by itself, in order;
    the columns in `collated` are not compared byte by byte."""

    columns: tuple[Column, ...]
    alias: int
    order: tuple[int, ...]
    rowid: bool
    keys: tuple[Key, ...]
    collated: frozenset[str]

    def place(self, column: str) -> int:
        """The place of a column by its name."""
        names = [one.name for one in self.columns]
        if column.lower() not in names:
            raise damaged(f"it has no column {column}")
        return names.index(column.lower())


def tokens(sql: str) -> Iterator[Token]:
    """The pieces of a statement."""
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup
        if kind is None:
            return
        text = match[kind]
        if kind in ("name", "text"):
            end = "]" if text[0] == "[" else text[0]
            if len(text) < 2 or text[-1] != end:
                raise damaged("a statement that does not end")
            text = text[1:-1] if end == "]" else text[1:-1].replace(end * 2, end)
        yield Token(kind, text, text.lower() if kind == "word" else "")


def kind_of(sql: str) -> str:
    """What a statement of the schema makes: `table`, `index`, `view`, `trigger` or `virtual`; "" for what it cannot."""
    found = (one.word for one in islice(tokens(sql), 4))
    return next((word for word in found if word in ("table", "index", "view", "trigger", "virtual")), "")


def table(sql: str, name: str) -> TableSchema:
    """The table that a statement makes; raises UnreadableFile where its rows cannot be told from the statement."""
    found = list(tokens(sql))
    if [one.text.lower() for one in found[:4]] != ["create", "table", name, "("]:
        raise damaged(f"the statement of the table {name}")
    items, after = _items(found[4:])
    draft = _Draft()
    for item in items:
        if item and item[0].word in _OF_TABLE:
            draft.constraints(item)
        else:
            draft.column(item)
    return draft.table(without_rowid="without" in {one.word for one in after})


def index(sql: str) -> Key | None:
    """The columns of a CREATE INDEX; None for a partial one or one of expressions."""
    found = list(tokens(sql))
    words = [one.word for one in found]
    at = words.index("on") if "on" in words else len(words)
    if [one.text for one in found[at + 2 : at + 3]] != ["("]:
        return None
    items, after = _items(found[at + 3 :])
    return None if after else _key(items)


def trigger_on(sql: str) -> str:
    """The table of a CREATE TRIGGER in lower case; "" where it cannot be told."""
    found = islice(dropwhile(lambda one: one.word != "on", tokens(sql)), 1, 2)
    return next((one.text.lower() for one in found), "")


class _Draft:
    """A table while its statement is gone through."""

    def __init__(self) -> None:
        self.columns: list[Column] = []
        self.types: list[str] = []
        self.collated: set[str] = set()
        self.keys: list[Key] = []
        self.primary: Key | None = None
        self.descending = False

    def column(self, item: Sequence[Token]) -> None:
        """One more column, with its own constraints."""
        if not item or item[0].kind not in _NAMES:
            raise damaged("a column without a name")
        name, words = item[0].text.lower(), _outer(item)
        at = next((place for place in range(1, len(item)) if words[place] in _CONSTRAINTS), len(item))
        kind = " ".join(one.text for one in item[1:at]).upper()
        for place in range(at, len(words)):
            self._constraint(name, words, place)
        self.columns.append(Column(name, _affinity(kind), _default(item, words, at)))
        self.types.append(kind)

    def _constraint(self, name: str, words: Sequence[str], at: int) -> None:
        word, after = words[at], list(words[at + 1 : at + 3])
        if word in ("generated", "as"):
            raise foreign(f"the column {name} is computed; such tables are not read")
        if word == "collate" and after[:1] != ["binary"]:
            self.collated.add(name)
        elif word == "primary":
            # Only in the column itself DESC makes it another column than the rowid.
            self.descending = after[1:] == ["desc"]
            self._add(Key((name,), plain=not self.descending, primary=True))
        elif word == "unique":
            self._add(Key((name,), plain=True))

    def constraints(self, item: Sequence[Token]) -> None:
        """PRIMARY KEY and UNIQUE constraints of the table; the others say nothing of how it is stored."""
        for at, word in enumerate(_outer(item)):
            if word not in ("primary", "unique"):
                continue
            opens = at + (2 if word == "primary" else 1)
            key = _key(_items(item[opens + 1 :])[0]) if opens < len(item) else None
            if key is None:
                raise damaged("a constraint that is not understood")
            self._add(key._replace(primary=word == "primary"))

    def _add(self, key: Key) -> None:
        if key.primary:
            if self.primary:
                raise damaged("a table with two primary keys")
            self.primary = key
        self.keys.append(key)

    def table(self, *, without_rowid: bool) -> TableSchema:
        """The table, now that all is known."""
        names = [one.name for one in self.columns]
        places = {name: at for at, name in enumerate(names)}
        if len(places) < len(names) or any(name not in places for key in self.keys for name in key.columns):
            raise damaged("columns that are not understood")
        primary = self.primary.columns if self.primary else ()
        alias, order = -1, list(range(len(names)))
        if without_rowid:
            if not primary or len(set(primary)) < len(primary):
                raise damaged("a primary key that is not understood")
            order = [places[name] for name in primary] + [at for at in order if names[at] not in primary]
        elif len(primary) == 1 and self.types[places[primary[0]]] == "INTEGER" and not self.descending:
            alias = places[primary[0]]
        return TableSchema(
            tuple(self.columns),
            alias,
            tuple(order),
            not without_rowid,
            tuple(self._made(alias)),
            frozenset(self.collated),
        )

    def _made(self, alias: int) -> Iterator[Key]:
        """What gets an index, in order: of two that are the same only the first."""
        made: set[tuple[str, ...]] = set()
        for key in self.keys:
            plain = key.plain and not self.collated & set(key.columns)
            if key.columns in made:
                if not plain:
                    return  # whether it is the same depends on more than is looked at here
                continue
            if not (key.primary and alias >= 0):
                made.add(key.columns)
                yield key._replace(plain=plain)


def _outer(item: Sequence[Token]) -> list[str]:
    """The words of tokens, "" for what is no word or stands in brackets."""
    depth, found = 0, []
    for token in item:
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        found.append("" if depth else token.word)
    return found


def _items(found: Sequence[Token]) -> tuple[list[list[Token]], list[Token]]:
    """What stands between the commas of a list in brackets, and what follows the bracket that closes it."""
    items: list[list[Token]] = [[]]
    depth = 0
    for at, token in enumerate(found):
        if token.kind == "sign" and token.text in "()":
            depth += 1 if token.text == "(" else -1
            if depth < 0:
                return items, list(found[at + 1 :])
        if depth == 0 and token.kind == "sign" and token.text == ",":
            items.append([])
        else:
            items[-1].append(token)
    raise damaged("a statement that does not end")


def _key(items: list[list[Token]]) -> Key | None:
    names, plain = [], True
    for item in items:
        words = [one.text.lower() for one in item]
        if not item or item[0].kind not in _NAMES:
            return None
        rest = words[1:]
        if rest[:1] == ["collate"]:
            plain = plain and rest[1:2] == ["binary"]
            rest = rest[2:]
        if rest not in ([], ["asc"], ["desc"]):
            return None
        plain = plain and rest != ["desc"]
        names.append(words[0])
    return Key(tuple(names), plain)


def _affinity(kind: str) -> str:
    if kind in ("", "ANY"):  # ANY is only in STRICT tables nothing; in others a value stays as it was stored, too
        return "blob"
    return next((affinity for part, affinity in _TYPES if part in kind), "numeric")


def _default(item: Sequence[Token], words: Sequence[str], at: int) -> tuple[Token, ...]:
    """The tokens after DEFAULT; not after ON DELETE SET DEFAULT."""
    places = [place for place in range(at, len(words)) if words[place] == "default" and words[place - 1] != "set"]
    rest = list(item[places[0] + 1 :]) if places else []
    if rest and rest[0].kind == "sign" and rest[0].text == "(":
        return tuple(token for part in _items(rest[1:])[0] for token in part)
    signed = bool(rest) and rest[0].kind == "sign"
    return tuple(rest[: 2 if signed else 1])


_WORDS: Final = {"null": None, "true": 1, "false": 0}
_LEAST, _MOST = -(2**63), 2**63 - 1


def default(column: Column) -> Value:
    """The default value of a column; raises UnreadableFile for one that would have to be computed."""
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
