"""A child of `make run` ends when its parent does, even if the parent was killed and could say nothing."""

import os
import select
import signal
import threading

PARENT = "PORTERIA_PARENT_PID"


def follow_parent() -> None:
    """Watch the process named in PORTERIA_PARENT_PID, if any, and end this one (SIGTERM) when it is gone."""
    parent = os.environ.get(PARENT)
    if not parent or not hasattr(os, "pidfd_open"):
        return
    try:
        descriptor = os.pidfd_open(int(parent))
    except OSError:  # already gone
        os.kill(os.getpid(), signal.SIGTERM)
        return
    threading.Thread(target=_wait, args=(descriptor,), name="lifeline", daemon=True).start()


def _wait(descriptor: int) -> None:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    while not poller.poll():
        pass
    os.kill(os.getpid(), signal.SIGTERM)
