"""Refusing a large upload so that the sender learns why.

A server that answers and closes while the other side is still sending makes the network throw the answer away (a
reset overtakes it). So after such an answer what still comes is read into nothing, for a short while.
"""

import socket
import time

from flask import Response, request

LONGEST_SECONDS = 10.0
MOST_BYTES = 256 * 1024 * 1024
PIECE = 256 * 1024


def linger(response: Response) -> None:
    """Let the present answer reach somebody who is still sending a body that nobody will read."""
    connection = request.environ.get("gunicorn.socket")
    if isinstance(connection, socket.socket):
        response.call_on_close(lambda: _drain(connection))


def _drain(connection: socket.socket) -> None:
    deadline, read = time.monotonic() + LONGEST_SECONDS, 0
    try:
        while read < MOST_BYTES and (left := deadline - time.monotonic()) > 0:
            connection.settimeout(min(left, 2.0))
            piece = connection.recv(PIECE)
            if not piece:
                break
            read += len(piece)
        connection.shutdown(socket.SHUT_RDWR)  # nothing of this body may be taken for a next request
    except OSError:
        pass
