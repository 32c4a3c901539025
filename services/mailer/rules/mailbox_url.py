"""The mailbox to which returned letters come, read from its URL."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

PORTS = {"pop3": 110, "pop3s": 995, "imap": 143, "imaps": 993}


@dataclass(frozen=True)
class MailboxAddress:
    """Where and how to fetch messages. `scheme` is one of PORTS; with an s TLS begins at once."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)

    @property
    def implicit_tls(self) -> bool:
        """TLS from the first byte; otherwise it begins as soon as the server offers it."""
        return self.scheme.endswith("s")

    @property
    def name(self) -> str:
        """The mailbox without its password, for logs and marks."""
        return f"{self.user}@{self.host}:{self.port}"


def parse_mailbox_url(text: str) -> MailboxAddress:
    """Read `pop3[s]://user:password@host[:port]` or `imap[s]://…`; raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme not in PORTS or not parts.hostname or not parts.username or parts.password is None:
        raise ValueError("must be pop3s://user:password@host:port, or begin with pop3://, imaps:// or imap://")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("has something after the host and port; @ : / in the password are written %40 %3A %2F")
    return MailboxAddress(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        user=unquote(parts.username),
        password=unquote(parts.password),
    )
