"""The front door of the embedded run: the one origin in front of the four services, which a proxy is in production.

It routes by prefix and rewrites nothing. What arrives and what is answered flows through in pieces, so that a large
upload or download needs no memory here. `python -m shared.embedded.frontdoor --port 8000 --directory 8001 …`
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any, cast
from urllib.parse import urlsplit

import click
import urllib3
from gunicorn.app.base import BaseApplication
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import ClosingIterator

from shared.embedded.lifeline import follow_parent
from shared.embedded.uploads import PIECE, Environ, Upload, UploadPool, finish, upload_of
from shared.settings import CommonSettings

SERVICES = ("directory", "identity", "mailer", "portal")
THREADS = 48
TIMEOUT = urllib3.Timeout(connect=2, read=120)
HOP_BY_HOP = frozenset(
    (
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
# What an outsider says about where it comes from is replaced by what this door sees.
OURS = frozenset(("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix"))
REPLACED = HOP_BY_HOP | OURS | {"forwarded", "x-real-ip"}

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def service_of(path: str) -> str | None:
    """The service that a path belongs to, None if to none."""
    parts = path.split("/")
    first, second = [*parts, "", ""][1:3]
    if first in ("backoffice", "api", "healthz", "readyz") and second in SERVICES:
        return second
    if first == "customerarea":
        return "portal"
    # Signing in lives at identity, and so does the start page that shows where one can go after it.
    if first in ("oauth", ".well-known") or (first == "backoffice" and second == "" and len(parts) <= 3):
        return "identity"
    return None


class FrontDoor:
    """The WSGI application. `ports` says where on this machine each service listens; `scheme` what outsiders use."""

    def __init__(self, ports: Mapping[str, int], scheme: str = "http") -> None:
        self._scheme = scheme
        self._ports = ports
        self._pools = {service: self._new_pool(service) for service in ports}

    def _new_pool(self, service: str) -> UploadPool:
        port = self._ports[service]
        return UploadPool("127.0.0.1", port, maxsize=THREADS, timeout=TIMEOUT, retries=False, blocksize=PIECE)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path in ("", "/"):
            start_response("302 Found", [("Location", "/customerarea/"), ("Content-Length", "0")])
            return [b""]
        service = service_of(path)
        if service is None:
            return _refuse(environ, start_response, 404, upload_of(environ))
        body = upload_of(environ)
        try:
            answer = self._ask(service, environ, body)
        except urllib3.exceptions.HTTPError:
            return _refuse(environ, start_response, 502, body)
        except ClientDisconnected:
            return _refuse(environ, start_response, 400, body)
        headers = [(name, value) for name, value in answer.headers.iteritems() if name.lower() not in HOP_BY_HOP]
        start_response(f"{answer.status} {answer.reason or ''}".strip(), headers)
        return _Answer(answer, body, environ)

    def _ask(self, service: str, environ: Environ, body: Upload) -> urllib3.BaseHTTPResponse:
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        has_body = chunked or environ.get("CONTENT_LENGTH", "") not in ("", "0")
        safe = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        # A kept connection may be closed just when it is taken. Asking again is harmless for a GET; whether a POST
        # was done nobody could tell, so each has a connection of its own.
        pool = self._pools[service] if safe else self._new_pool(service)

        def once() -> urllib3.BaseHTTPResponse:
            return pool.urlopen(
                environ["REQUEST_METHOD"],
                _target(environ),
                body=cast("IO[bytes]", body) if has_body else None,
                headers=self._headers(environ),
                redirect=False,
                chunked=chunked,
                preload_content=False,
                decode_content=False,
            )

        try:
            return once()
        except urllib3.exceptions.ProtocolError:
            if not safe:
                raise
            return once()

    def _headers(self, environ: Environ) -> dict[str, str]:
        headers = {
            name[5:].replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") and name[5:].replace("_", "-").lower() not in REPLACED
        }
        for name, key in (("Content-Type", "CONTENT_TYPE"), ("Content-Length", "CONTENT_LENGTH")):
            if environ.get(key):
                headers[name] = environ[key]
        headers["X-Forwarded-For"] = environ.get("REMOTE_ADDR", "")
        headers["X-Forwarded-Proto"] = self._scheme
        headers["X-Forwarded-Host"] = headers.get("Host", "")
        # urllib3 adds its own where there is none.
        headers.setdefault("User-Agent", urllib3.util.SKIP_HEADER)
        headers.setdefault("Accept-Encoding", urllib3.util.SKIP_HEADER)
        return headers


def _target(environ: Environ) -> str:
    """The address as it was sent: decoding and encoding it again could change it."""
    parts = urlsplit(environ["RAW_URI"])
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _Answer:
    """What a service says, piece by piece; at its end what still comes of the request is read, so that it arrives."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, body: Upload, environ: Environ) -> None:
        self._answer, self._body, self._environ = answer, body, environ
        self._complete = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.stream(PIECE, decode_content=False)
        self._complete = True

    def close(self) -> None:
        """What the server calls when everything was sent, or nobody listens any more."""
        if self._complete and not self._body.cut:
            self._answer.release_conn()
        else:
            self._answer.close()
        finish(self._body, self._environ)


def _refuse(environ: Environ, start_response: StartResponse, status: int, source: Upload) -> Iterable[bytes]:
    reason = {400: "Bad Request", 404: "Not Found", 502: "Bad Gateway"}[status]
    if environ.get("PATH_INFO", "").startswith(("/api/", "/oauth/token")):
        kind = "application/problem+json"
        body = json.dumps({"type": "about:blank", "title": reason, "status": status}).encode()
    else:
        kind, body = "text/html; charset=utf-8", PAGES[status].encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ]
    if status == 502:
        headers.append(("Retry-After", "2"))
    start_response(f"{status} {reason}", headers)
    said = b"" if environ["REQUEST_METHOD"] == "HEAD" else body
    return ClosingIterator([said], lambda: finish(source, environ))


PAGE = """<!doctype html>
<html lang="es"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{head}
<title>Portería</title></head>
<body><h1>{title}</h1><p>{text}</p><p lang="en">{english}</p></body></html>
"""
PAGES = {
    400: PAGE.format(
        head="",
        title="La solicitud llegó incompleta",
        text="Inténtelo de nuevo.",
        english="The request arrived incomplete.",
    ),
    404: PAGE.format(
        head="",
        title="Aquí no hay nada",
        text='La dirección no existe. <a href="/customerarea/">Área de clientes</a> · '
        '<a href="/backoffice/">Administración</a>',
        english="There is nothing at this address.",
    ),
    502: PAGE.format(
        head='<meta http-equiv="refresh" content="3">',
        title="Un momento, por favor",
        text="Esta parte del sistema está arrancando o no responde. La página se vuelve a cargar sola.",
        english="This part of the system is starting or does not answer. The page loads again by itself.",
    ),
}


class _Server(BaseApplication):
    def __init__(self, door: FrontDoor, bind: str) -> None:
        self._door, self._bind = door, bind
        super().__init__()

    def load_config(self) -> None:
        wanted = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "worker_connections": 512,
            "keepalive": 15,
            "timeout": 60,
            "graceful_timeout": 5,
            "loglevel": "warning",
            "proc_name": "porteria-frontdoor",
            "control_socket_disable": True,
        }
        for name, value in wanted.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> FrontDoor:
        return self._door


@click.command()
@click.option("--port", required=True, type=int, help="Where outsiders come in, on this machine only.")
@click.option("--directory", required=True, type=int, help="Port of the directory.")
@click.option("--identity", required=True, type=int, help="Port of identity.")
@click.option("--mailer", required=True, type=int, help="Port of the mailer.")
@click.option("--portal", required=True, type=int, help="Port of the portal.")
def main(port: int, **ports: int) -> None:
    """Serve the one origin in front of the four services."""
    follow_parent()
    scheme = urlsplit(CommonSettings.load().public_url).scheme
    _Server(FrontDoor(ports, scheme), f"127.0.0.1:{port}").run()


if __name__ == "__main__":
    main()
