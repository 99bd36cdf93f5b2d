"""Random databases by the real SQLite, and whether what we read of them is what SQLite says."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from monitor.system.sqlite_file import read

JOURNALS = ("delete", "truncate", "persist", "memory", "off", "wal", "wal", "wal")
TYPES = (
    "",
    "TEXT",
    "INTEGER",
    "INT",
    "REAL",
    "BLOB",
    "NUMERIC",
    "VARCHAR(20)",
    "DOUBLE PRECISION",
    "BOOLEAN",
    "DATETIME",
)
STRICT_TYPES = ("TEXT", "INTEGER", "INT", "REAL", "BLOB", "ANY")
NAMES = ("a", "B", "key", '"odd name"', "[brackets]", "`ticks`", '"a ""b"""', "ünïcode", "store_json", "x1", "y$z")
DEFAULTS = (
    "5", "-7", "+3", "1.5", "-2e3", "'text'", "'it''s'", '"Quoted"', "NULL", "TRUE", "false", "x'00ff'", "(9)", "('in')",
    "9223372036854775807", "'12'", "' 4.0 '", "0x1F", "''", "1e20", "bare",
)  # fmt: skip
EXTRAS = (
    "",
    "",
    "",
    " NOT NULL ON CONFLICT IGNORE",
    " CHECK (1 OR CAST(1 AS INT))",
    " COLLATE NOCASE",
    " /* a, b */",
    " UNIQUE",
)


def bare(name: str) -> str:
    """A name without its quotes."""
    return name[1:-1].replace('""', '"') if name[0] in '"[`' else name


class Made:
    """A random database; `owner` is the connection that made it, open so that a log stays."""

    def __init__(self, path: Path, dice: random.Random) -> None:
        self.path, self.dice = path, dice
        self.owner = sqlite3.connect(path, isolation_level=None)
        self.page_size = dice.choice((512, 1024, 4096, 4096, 8192, 65536))
        self.run(f"PRAGMA page_size={self.page_size}")
        self.run(f"PRAGMA encoding='{dice.choice(('UTF-8', 'UTF-8', 'UTF-16le', 'UTF-16be'))}'")
        self.run(f"PRAGMA auto_vacuum={dice.randrange(3)}")
        self.mode = dice.choice(JOURNALS)
        self.run(f"PRAGMA journal_mode={self.mode}")
        self.run("PRAGMA synchronous=OFF")
        if dice.random() < 0.7:
            self.run(f"PRAGMA wal_autocheckpoint={dice.choice((0, 5, 1000))}")
        for number in range(dice.randrange(1, 4)):
            self._table(f"t{number}" if dice.random() < 0.7 else f'"Table {number}"')
        for _ in range(dice.randrange(4, 14)):
            self._change()

    def run(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        return self.owner.execute(sql, values).fetchall()

    def tables(self) -> list[str]:
        return [
            str(row[0])
            for row in self.run("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
        ]

    def _table(self, name: str) -> None:
        dice = self.dice
        strict = dice.random() < 0.2
        columns = []
        key = dice.choice(("none", "rowid", "desc", "text", "unique", "pair", "table"))
        for at, column in enumerate(dice.sample(NAMES, dice.randrange(2, 7))):
            kind = dice.choice(STRICT_TYPES if strict else TYPES)
            extra = dice.choice(EXTRAS)
            if at == 0 and key in ("rowid", "desc", "text"):
                kind = "INTEGER" if key != "text" else "TEXT"
                extra = (
                    " PRIMARY KEY" + (" DESC" if key == "desc" else "") + (" NOT NULL" if dice.random() < 0.3 else "")
                )
            if dice.random() < 0.3:
                extra += f" DEFAULT {dice.choice(('1', chr(39) + 'x' + chr(39), '(1 + 2)', 'CURRENT_TIMESTAMP'))}"
            columns.append((column, f"{column} {kind}{extra}"))
        parts = [text for _, text in columns]
        if key == "unique":
            parts.append(f"CONSTRAINT c UNIQUE ({columns[-1][0]})")
        if key == "pair":
            parts.append(f"PRIMARY KEY ({columns[1][0]}, {columns[0][0]})")
        if key == "table":
            parts.append(f"PRIMARY KEY ({columns[0][0]}{dice.choice(('', ' DESC', ' COLLATE NOCASE'))})")
        keyed = key in ("rowid", "desc", "text", "pair", "table")
        options = [*(["WITHOUT ROWID"] if keyed and dice.random() < 0.4 else []), *(["STRICT"] if strict else [])]
        listed = ", -- comment\n  ".join(parts)
        self._try(f"CREATE TABLE {name} (\n  {listed}\n) {', '.join(options)}")

    def _change(self) -> None:
        dice = self.dice
        for table in self.tables():
            what = dice.random()
            columns = [str(row[1]).replace('"', '""') for row in self.run(f'PRAGMA table_info("{table}")')]
            if what < 0.6:
                self._insert(table, columns)
            elif what < 0.7:
                self._try(f'DELETE FROM "{table}" WHERE abs(random()) % 3 = 0')
            elif what < 0.8:
                self._try(f'UPDATE "{table}" SET "{dice.choice(columns)}" = ? WHERE abs(random()) % 2', (self.value(),))
            elif what < 0.9:
                kind = dice.choice(("TEXT", "INTEGER", "REAL", "", "NUMERIC", "BLOB"))
                default = f" DEFAULT {dice.choice(DEFAULTS)}" if dice.random() < 0.8 else ""
                self._try(f'ALTER TABLE "{table}" ADD COLUMN added{dice.randrange(99)} {kind}{default}')
            elif what < 0.95:
                self._try(f'CREATE INDEX i{dice.randrange(99)} ON "{table}" ("{dice.choice(columns)}")')
            else:
                self._try(
                    dice.choice(
                        (
                            f'ALTER TABLE "{table}" RENAME COLUMN "{columns[-1]}" TO renamed{dice.randrange(99)}',
                            f'ALTER TABLE "{table}" DROP COLUMN "{columns[-1]}"',
                            f'ALTER TABLE "{table}" RENAME TO r{dice.randrange(99)}',
                            "VACUUM",
                            "PRAGMA wal_checkpoint(TRUNCATE)",
                            "PRAGMA wal_checkpoint(RESTART)",
                        )
                    )
                )

    def _insert(self, table: str, columns: list[str]) -> None:
        row = ", ".join("?" for _ in columns)
        names = ", ".join(f'"{column}"' for column in columns)
        count = self.dice.choice((1, 3, 30, 200))
        self._try("BEGIN")
        for _ in range(count):
            self._try(f'INSERT OR IGNORE INTO "{table}" ({names}) VALUES ({row})', tuple(self.value() for _ in columns))
        self._try("COMMIT")

    def _try(self, sql: str, values: tuple[object, ...] = ()) -> None:
        try:
            self.run(sql, values)
        except sqlite3.Error:
            if self.owner.in_transaction and sql == "COMMIT":
                self.owner.execute("ROLLBACK")

    def value(self) -> object:
        dice = self.dice
        kind = dice.randrange(8)
        if kind == 0:
            return None
        if kind < 3:
            return dice.choice(
                (
                    0,
                    1,
                    -1,
                    dice.randrange(-(2**7), 2**7),
                    dice.randrange(-(2**47), 2**47),
                    dice.randrange(-(2**63), 2**63),
                )
            )
        if kind == 3:
            return dice.choice((0.5, -1e300, 3.0, dice.random()))
        length = dice.choice((0, 1, 5, 20, 20, 100, 1000, 9000 if dice.random() < 0.2 else 3))
        if kind == 4:
            return dice.randbytes(length)
        letters = "abcXYZ 0123é漢😀" if dice.random() < 0.3 else "abcdefgh"
        return "".join(dice.choices(letters, k=length))


def differences(made: Made) -> Iterator[str]:
    """Where our answer is not SQLite's."""
    wanted = {}
    for table in made.tables():
        columns = [str(row[1]) for row in made.run(f'PRAGMA table_info("{table}")')]
        found = made.run(f'SELECT * FROM "{table}"')
        keys = {}
        for at, column in enumerate(columns):
            texts = sorted({row[at] for row in found if isinstance(row[at], str)})[:4]
            for text in [*texts, "not there"]:
                keys[column, text] = [row for row in found if row[at] == text]
        wanted[table] = columns, found, keys

    path = str(made.path)
    for table, (columns, rows, keys) in wanted.items():  # each question alone: pages are counted against a bound
        names = read(path, lambda database, at=table: database.columns(at))  # type: ignore[misc]
        if list(names) != [column.lower() for column in columns]:
            yield f"{table}: columns {names} and {columns}"
        if same(rows) != read(path, lambda database, at=table, of=columns: same(database.rows(at, *of))):  # type: ignore[misc]
            yield f"{table}: rows"
        for key, some in keys.items():
            if same(some) != read(path, lambda database, at=(table, *key), of=columns: same(database.find(*at, *of))):  # type: ignore[misc]
                yield f"{table}: rows whose {key[0]} is {key[1][:20]!r}"


def same(rows: object) -> Counter[str]:
    """Rows so that two lists of them can be compared: 1 is not 1.0, the order does not count."""
    return Counter(repr(tuple(row)) for row in rows)  # type: ignore[attr-defined]
