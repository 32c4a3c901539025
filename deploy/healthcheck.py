"""Is the process of this container well? It finds out from the command that the container runs which one that is.

A web side is asked whether it is ready; a worker has no address, and its container ends when it does.
"""

import sys
import urllib.request
from pathlib import Path

ADDRESS = "http://127.0.0.1:{port}/readyz/{service}"


def address_of(command: list[str]) -> str | None:
    """Where the process with this command line says how it is; None if it has no such place."""
    service = next((part.split(".")[1] for part in command if part.startswith("services.")), None)
    if service is None or "web" not in command:
        return None
    bind = command[command.index("--bind") + 1] if "--bind" in command else "127.0.0.1:8000"
    return ADDRESS.format(port=bind.rpartition(":")[2], service=service)


def main() -> int:
    """0 if it is well."""
    address = address_of(Path("/proc/1/cmdline").read_text("utf-8").split("\0"))
    if address is None:
        return 0
    with urllib.request.urlopen(address, timeout=4) as answer:  # noqa: S310 - our own address
        return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
