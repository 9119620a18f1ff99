"""Who else reads a spool, by a cursor of its own: what is acknowledged stays until every such reader has passed it.

One way out acknowledges payloads, and they are deleted. A reader of a class only ever moves on; for its sake an
acknowledged payload of that class is marked and kept, and nobody but such readers sees it any more. The cap holds for
marked ones, too: what a reader has lost by that is counted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

TABLES = """
CREATE TABLE IF NOT EXISTS reader (
    name TEXT PRIMARY KEY, class TEXT NOT NULL, after_id INTEGER NOT NULL, missed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY);
"""
WAITS = "SELECT id, class, boot_id, first_seq, rows, content FROM payload WHERE id > ? AND id NOT IN kept ORDER BY id"
WAITS_FOR = """
    SELECT id, payload.class, boot_id, first_seq, rows, content FROM payload JOIN reader ON reader.class = payload.class
    WHERE name = ? AND id > max(after_id, ?) ORDER BY id
"""
LET_GO = """
    DELETE FROM payload WHERE id IN kept AND NOT EXISTS (
        SELECT 1 FROM reader WHERE reader.class = payload.class AND reader.after_id < payload.id
    )
"""


def keep_only(base: sqlite3.Connection, readers: Mapping[str, str]) -> None:
    """These readers, by name, of these classes; others are forgotten, and what was kept for them is let go."""
    known = {name for (name,) in base.execute("SELECT name FROM reader").fetchall()}
    if known == readers.keys():
        return
    base.executemany("DELETE FROM reader WHERE name = ?", [(name,) for name in known - readers.keys()])
    base.executemany(
        "INSERT INTO reader VALUES (?, ?, 0, 0)", [(name, readers[name]) for name in readers.keys() - known]
    )
    _let_go(base)


def acknowledged(base: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Delete payloads, or keep them marked where a reader has not passed them yet."""
    if base.execute("SELECT 1 FROM reader").fetchone() is None:
        base.executemany("DELETE FROM payload WHERE id = ?", [(identity,) for identity in ids])
        return
    base.executemany("INSERT OR IGNORE INTO kept VALUES (?)", [(identity,) for identity in ids])
    _let_go(base)


def passed(base: sqlite3.Connection, name: str, last_id: int) -> None:
    """A reader has all up to that one."""
    base.execute("UPDATE reader SET after_id = max(after_id, ?) WHERE name = ?", (last_id, name))
    _let_go(base)


def dropped(base: sqlite3.Connection, identity: int, row_class: str, rows: int) -> bool:
    """A payload was deleted before its time: counted for readers that missed it. Whether it had been acknowledged."""
    base.execute("UPDATE reader SET missed = missed + ? WHERE class = ? AND after_id < ?", (rows, row_class, identity))
    return base.execute("DELETE FROM kept WHERE id = ?", (identity,)).rowcount > 0


def _let_go(base: sqlite3.Connection) -> None:
    base.execute(LET_GO)
    base.execute("DELETE FROM kept WHERE id NOT IN (SELECT id FROM payload)")
