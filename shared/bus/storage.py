"""The file of the embedded broker: one table of messages, each ready or in the hands of a holder."""

import contextlib
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BUSY_TIMEOUT = 30.0  # seconds that a writer waits for the others

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  queue TEXT NOT NULL,
  payload TEXT NOT NULL,
  holder TEXT,
  deliveries INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_ready ON messages (queue, id) WHERE holder IS NULL;
CREATE INDEX IF NOT EXISTS messages_held ON messages (holder, queue) WHERE holder IS NOT NULL;
"""


class Storage:
    """One SQLite connection, for one thread. Every method raises sqlite3.Error when the file fails."""

    def __init__(self, path: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _create(Path(path))
        self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        try:
            self._set_up()
        except BaseException:
            self._db.close()
            raise

    def _set_up(self) -> None:
        self._enter_wal_mode()
        # A confirm means that it is on the disk; publishing commits many at once, so the wait for it is cheap.
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA secure_delete = ON")  # a message that was handled leaves no trace in the file
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'messages_held'").fetchone():
            with self.transaction():
                for statement in SCHEMA.split(";"):
                    self._db.execute(statement)

    def _enter_wal_mode(self) -> None:
        # Changing the mode does not wait for others as statements do: processes that start together would fail.
        deadline = time.monotonic() + BUSY_TIMEOUT
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Several changes in one commit; nested ones join the outer."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _repeatable(self) -> Iterator[None]:
        """A change that may be lost with the machine's power: the message is then delivered once more."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("PRAGMA synchronous = NORMAL")
        try:
            with self.transaction():
                yield
        finally:
            self._db.execute("PRAGMA synchronous = FULL")

    def data_version(self) -> int:
        """A number that changes when another connection, also of this process, has committed."""
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        return int(version)

    def add(self, queue: str, payload: str) -> None:
        """Append a message."""
        self._db.execute("INSERT INTO messages (queue, payload) VALUES (?, ?)", (queue, payload))

    def has_ready(self, queue: str) -> bool:
        """Whether a message waits that nobody holds."""
        found = self._db.execute("SELECT 1 FROM messages WHERE queue = ? AND holder IS NULL LIMIT 1", (queue,))
        return found.fetchone() is not None

    def count(self, queue: str) -> int:
        """How many messages wait that nobody holds."""
        found = self._db.execute("SELECT count(*) FROM messages WHERE queue = ? AND holder IS NULL", (queue,))
        return int(found.fetchone()[0])

    def claim(self, queue: str, holder: str, limit: int) -> list[tuple[int, str, int]]:
        """Give the oldest ready messages to `holder`: row, payload, how often delivered with this time."""
        with self._repeatable():
            rows = self._db.execute(
                "UPDATE messages SET holder = ?, deliveries = deliveries + 1 WHERE id IN"
                " (SELECT id FROM messages WHERE queue = ? AND holder IS NULL ORDER BY id LIMIT ?)"
                " RETURNING id, payload, deliveries",
                (holder, queue, limit),
            ).fetchall()
        return sorted(rows)  # RETURNING promises no order

    def remove(self, rows: Sequence[int], holder: str | None) -> None:
        """Delete messages, if `holder` still has them."""
        with self._repeatable():
            self._db.executemany("DELETE FROM messages WHERE id = ? AND holder = ?", [(row, holder) for row in rows])

    def release_rows(self, rows: Sequence[int], holder: str | None) -> None:
        """Make messages ready again, if `holder` still has them."""
        change = "UPDATE messages SET holder = NULL WHERE id = ? AND holder = ?"
        with self._repeatable():
            self._db.executemany(change, [(row, holder) for row in rows])

    def release(self, holder: str) -> None:
        """Make everything that `holder` has ready again."""
        with self._repeatable():
            self._db.execute("UPDATE messages SET holder = NULL WHERE holder = ?", (holder,))

    def holders(self, queue: str) -> list[str]:
        """Who holds messages of a queue."""
        found = self._db.execute(
            "SELECT DISTINCT holder FROM messages WHERE holder IS NOT NULL AND queue = ?", (queue,)
        )
        return [str(holder) for (holder,) in found]

    def purge(self, queue: str) -> int:
        """Delete every message of a queue, held or not; returns how many."""
        return int(self._db.execute("DELETE FROM messages WHERE queue = ?", (queue,)).rowcount)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _create(path: Path) -> None:
    """Make an empty file that is for nobody else on this machine, unless it is there.

    It gets its name when it is closed already: POSIX drops every lock that a process has on a file as soon as it
    closes any descriptor of it. SQLite's other connections here would stand there without their locks, and the next
    process to close the file would take itself for the last and delete the log with their messages.
    """
    if path.exists():
        return
    draft = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
