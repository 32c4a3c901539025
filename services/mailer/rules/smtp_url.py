"""The address of the mail server, read from its URL."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
STARTTLS = ("offered", "required", "never")


@dataclass(frozen=True)
class SmtpAddress:
    """Where and how to deliver letters."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    implicit_tls: bool = False
    """TLS from the first byte (smtps://), otherwise STARTTLS as `starttls` says."""
    starttls: str = "offered"
    verify: bool = True
    """Whether the server's certificate must be good. Without a password and only because TLS was offered, it need not:
    an unverified connection is still better than the plain one that would be used instead."""

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, where plain passwords meet nobody."""
        return self.host in LOOPBACK


def parse_smtp_url(text: str) -> SmtpAddress:
    """Read `smtp[s]://[user:password@]host[:port][?starttls=…&verify=no]`; raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("must be smtp://host:port or smtps://host:port, with user:password@ where needed")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := set(options) - {"starttls", "verify"}:
        raise ValueError(f"has an unknown option: {', '.join(sorted(unknown))}")
    starttls = options.get("starttls", "offered")
    if starttls not in STARTTLS:
        raise ValueError(f"starttls must be one of {', '.join(STARTTLS)}")
    implicit = parts.scheme == "smtps"
    user = unquote(parts.username or "")
    return SmtpAddress(
        host=parts.hostname,
        port=parts.port or (465 if implicit else 587 if user else 25),
        user=user,
        password=unquote(parts.password or ""),
        implicit_tls=implicit,
        starttls=starttls,
        verify=options.get("verify", "yes") != "no" and (implicit or starttls == "required" or bool(user)),
    )
