"""Tables by their names and rows by their columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from monitor.system.sqlite_file import table_schema
from monitor.system.sqlite_file.bounds import MAX_CREATE, damaged, foreign, too_large
from monitor.system.sqlite_file.btree import Cell, Value, entries, row, rows
from monitor.system.sqlite_file.pages import Pages
from monitor.system.sqlite_file.table_schema import Key, TableSchema, default, kind_of

_SCHEMA_ROOT: Final = 1
_MAX_OBJECTS: Final = 20_000
_MAX_STATEMENTS: Final = 4 * 1024 * 1024


class SchemaObject(NamedTuple):
    """A table, index, view, trigger or virtual table; `of` is the table that it belongs to, names are in lower case.
    `sql` is its statement, "" for SQLite's own indexes, None where it is too long to be read."""

    name: str
    of: str
    root: int
    sql: str | None

    @property
    def kind(self) -> str:
        """What its statement makes: `table`, `index`, `view`, `trigger` or `virtual`; "" where that cannot be told."""
        return kind_of(self.sql) if self.sql else "index" if self.sql == "" else ""


class Database:
    """A database at one moment. Names of tables and columns are found whatever their case, as in SQL."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._named: dict[str, list[SchemaObject]] | None = None
        self._tables: dict[str, tuple[SchemaObject, TableSchema] | None] = {}

    @property
    def hot_journal(self) -> bool:
        """Whether a program left a transaction that SQLite would undo when it opens the database."""
        return self._pages.journal.hot

    def has(self, table: str) -> bool:
        """Whether there is such a table; raises UnreadableFile where it is a view or a virtual table."""
        return self._table(table) is not None

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of a table's columns in lower case; none where there is no such table."""
        found = self._table(table)
        return tuple(one.name for one in found[1].columns) if found else ()

    def rows(self, table: str, *columns: str) -> Iterator[tuple[Value, ...]]:
        """These columns of every row of a table, in the order of its key."""
        made, shape = self._known(table)
        places = [shape.place(column) for column in columns]
        for cell in rows(self._pages, made.root, table=shape.rowid):
            yield self._values(shape, cell, places)

    def find(self, table: str, key: str, text: str, *columns: str) -> Iterator[tuple[Value, ...]]:
        """These columns of the rows whose column `key` is that very text; through an index where one serves."""
        made, shape = self._known(table)
        wanted = shape.place(key)
        places = [wanted, *(shape.place(column) for column in columns)]
        for cell in self._found(made, shape, key.lower(), text):
            values = self._values(shape, cell, places[:1])
            if values[0] == text:
                yield self._values(shape, cell, places[1:])

    def objects(self) -> Iterator[SchemaObject]:
        """Everything in the schema."""
        for found in self._schema().values():
            yield from found

    def _found(self, made: SchemaObject, shape: TableSchema, key: str, text: str) -> Iterator[Cell]:
        sought = text.encode(self._pages.encoding, "surrogatepass")
        if not shape.rowid:
            if any(one.primary and _serves(one, key) for one in shape.keys):
                return entries(self._pages, made.root, sought)
            return rows(self._pages, made.root, table=False)
        index = self._index(made, shape, key)
        if index is None:
            return rows(self._pages, made.root, table=True)
        return self._through(made, index, sought)

    def _through(self, made: SchemaObject, index: tuple[int, int], sought: bytes) -> Iterator[Cell]:
        root, width = index
        for entry in entries(self._pages, root, sought):
            (rowid,) = entry.values((width,))
            found = row(self._pages, made.root, rowid) if isinstance(rowid, int) else None
            if found is None:
                raise damaged(f"an index of the table {made.name}")
            yield found

    def _index(self, made: SchemaObject, shape: TableSchema, key: str) -> tuple[int, int] | None:
        """An index whose first column is the key: its root, and how many columns it has before the rowid."""
        for number, own in enumerate(shape.keys, 1):
            found = self._schema().get(f"sqlite_autoindex_{made.name}_{number}", [])
            if _serves(own, key) and len(found) == 1:
                return found[0].root, len(own.columns)
        for one in self.objects():
            if one.of == made.name and one.sql and one.kind == "index" and key not in shape.collated:
                columns = table_schema.index(one.sql)
                if columns is not None and _serves(columns, key):
                    return one.root, len(columns.columns)
        return None

    def _values(self, shape: TableSchema, cell: Cell, places: Sequence[int]) -> tuple[Value, ...]:
        found = cell.values([shape.order.index(place) for place in places])
        made: list[Value] = []
        for place, value in zip(places, found, strict=True):
            column = shape.columns[place]
            if place == shape.alias:
                made.append(cell.rowid)
            elif isinstance(value, type):
                made.append(default(column))
            else:
                made.append(float(value) if column.affinity == "real" and isinstance(value, int) else value)
        return tuple(made)

    def _known(self, name: str) -> tuple[SchemaObject, TableSchema]:
        found = self._table(name)
        if found is None:
            raise damaged(f"there is no table {name}")
        return found

    def _table(self, name: str) -> tuple[SchemaObject, TableSchema] | None:
        name = name.lower()
        if name not in self._tables:
            tables = [one for one in self._schema().get(name, ()) if _table(one)]
            if len(tables) > 1:
                raise damaged(f"two tables are called {name}")
            self._tables[name] = (tables[0], table_schema.table(tables[0].sql or "", name)) if tables else None
        return self._tables[name]

    def _schema(self) -> dict[str, list[SchemaObject]]:
        if self._named is None:
            self._named, length = {}, 0
            for count, cell in enumerate(rows(self._pages, _SCHEMA_ROOT, table=True)):
                one = _object(cell)
                length += len(one.sql or "")
                if count >= _MAX_OBJECTS or length > _MAX_STATEMENTS:
                    raise too_large(f"more than {count} tables and indexes would have to be understood")
                self._named.setdefault(one.name, []).append(one)
        return self._named


def _object(cell: Cell) -> SchemaObject:
    name, of, root, sql = cell.values((1, 2, 3, 4), MAX_CREATE)
    written = "" if sql is None else sql if isinstance(sql, str) else None
    return SchemaObject(str(name).lower(), str(of).lower(), root if isinstance(root, int) else 0, written)


def _table(one: SchemaObject) -> bool:
    """Whether it is a table; raises UnreadableFile for what only looks like one."""
    if one.sql is None:
        raise too_large(f"the statement of {one.name} is longer than {MAX_CREATE} bytes")
    if one.kind in ("view", "virtual"):
        what = "a view" if one.kind == "view" else "a virtual table"
        raise foreign(f"{one.name} is {what}, where its program keeps a table")
    return one.kind == "table"


def _serves(key: Key, column: str) -> bool:
    return key.plain and key.columns[:1] == (column,)
