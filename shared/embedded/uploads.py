"""Uploads on their way through the front door: the answer counts as soon as it is there."""

import select
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any, cast

from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import LimitedStream, get_input_stream

PIECE = 64 * 1024
DRAIN_BYTES, DRAIN_SECONDS = 256 * 1024 * 1024, 10.0

Environ = Mapping[str, Any]


class Upload:
    """What was sent, on its way to a service: it ends where the service begins to answer.

    A service that refuses a large upload does so long before its end. Whoever went on sending would keep the sender
    waiting for an answer that is there already.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._connection: HTTPConnection | None = None
        self.cut = False
        """The service answered before everything was sent: its connection is good for nothing else."""

    def follow(self, connection: HTTPConnection) -> None:
        """Look out for an answer on this connection."""
        self._connection = connection

    def read(self, size: int = -1) -> bytes:
        """The next piece for the service; nothing once it answers. Raises ClientDisconnected."""
        sock = self._connection.sock if self._connection else None
        if sock is not None and select.select([sock], [], [], 0)[0]:
            self.cut = True
            return b""
        return self._source.read(size)

    def drain(self) -> bool:
        """Read what was not wanted of it, within limits; whether that was all.

        A connection that is closed on unread data is reset, and the browser shows that instead of the answer.
        """
        read, until = 0, time.monotonic() + DRAIN_SECONDS
        try:
            while read < DRAIN_BYTES and time.monotonic() < until:
                piece = self._source.read(PIECE)
                if not piece:
                    return True
                read += len(piece)
        except (OSError, ClientDisconnected):
            pass
        return False


class UploadConnection(HTTPConnection):
    """A connection to a service; it tells an upload where the answer will come."""

    def request(self, method: str, url: str, body: Any = None, *args: Any, **options: Any) -> None:
        """Send a request."""
        if isinstance(body, Upload):
            body.follow(self)
        super().request(method, url, body, *args, **options)


class UploadPool(HTTPConnectionPool):
    """Connections to one service."""

    ConnectionCls = UploadConnection


def upload_of(environ: Environ) -> Upload:
    """What was sent: never more than was announced, and ClientDisconnected if it is less.

    Without that an upload broken off would leave the service waiting for the rest of it.
    """
    length = environ.get("CONTENT_LENGTH", "")
    if length:
        return Upload(cast("IO[bytes]", LimitedStream(environ["wsgi.input"], int(length))))
    return Upload(get_input_stream(dict(environ)))


def finish(upload: Upload, environ: Environ) -> None:
    """Read what is left of a request after its answer; what is too long for that is not taken for a next request."""
    connection = environ.get("gunicorn.socket")
    if not upload.drain() and isinstance(connection, socket.socket):
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
