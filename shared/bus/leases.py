"""Who is alive: a holder of messages keeps a file of its own locked, and the kernel ends the lock with the process."""

import contextlib
import fcntl
import os
import uuid
from pathlib import Path


class Lease:
    """The sign of life of one holder, beside the broker's file."""

    def __init__(self, broker_path: str) -> None:
        self._folder = Path(f"{broker_path}-holders")
        self._descriptor: int | None = None
        self.holder: str | None = None
        """Name of this holder, once it holds something."""

    def hold(self) -> str:
        """Give the sign of life, once; returns the holder's name."""
        if self.holder is None:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            self._bury_the_dead()
            name = uuid.uuid4().hex
            unseen = self._folder / f".{name}"
            # flock, because it belongs to this opening of the file: another connection in this process is a stranger
            # to it, and a child made by exec does not inherit it. It gets its name when it is locked already.
            descriptor = os.open(unseen, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            unseen.rename(self._folder / name)
            self._descriptor, self.holder = descriptor, name
        return self.holder

    def is_alive(self, holder: str) -> bool:
        """Whether that holder still lives."""
        if holder == self.holder:
            return True
        try:
            descriptor = os.open(self._folder / holder, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def bury(self, holder: str) -> None:
        """Remove what is left of a dead holder."""
        with contextlib.suppress(FileNotFoundError):
            (self._folder / holder).unlink()

    def _bury_the_dead(self) -> None:
        # A killed holder leaves its file. A name without a file is dead too, so nothing is lost with it.
        for left in self._folder.glob("[!.]*"):
            if not self.is_alive(left.name):
                self.bury(left.name)

    def close(self) -> None:
        """End the sign of life."""
        if self._descriptor is not None and self.holder is not None:
            self.bury(self.holder)
            os.close(self._descriptor)
            self._descriptor = self.holder = None
