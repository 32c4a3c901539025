"""Settings of the mailer."""

from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from services.mailer.rules.addresses import AddressRefused, envelope_address
from services.mailer.rules.dkim import NAME
from services.mailer.rules.mailbox_url import parse_mailbox_url
from services.mailer.rules.smtp_url import parse_smtp_url
from shared.settings import CommonSettings, seconds, setting, whole_number


def smtp_url(text: str) -> str:
    """A parser for `smtp[s]://[user:password@]host[:port][?starttls=required|never&verify=no]`."""
    parse_smtp_url(text)
    return text


def mailbox_url(text: str) -> str:
    """A parser for `pop3[s]://user:password@host[:port]` and `imap[s]://…`."""
    parse_mailbox_url(text)
    return text


def bare_address(text: str) -> str:
    """A parser for an e-mail address without a name."""
    try:
        return envelope_address(text)
    except AddressRefused:
        raise ValueError("must be an e-mail address: rebotes@agencia.example") from None


def sender(text: str) -> str:
    """A parser for the sender: an address, or a name and an address in angle brackets."""
    _, address = parseaddr(text)
    if "@" not in address or not text.isprintable():
        raise ValueError("must be an address, or a name and an address: Agencia <cartas@agencia.example>")
    return text


def dns_name(text: str) -> str:
    """A parser for a domain, or a part of one."""
    if not NAME.fullmatch(text) or len(text) > 253:
        raise ValueError("must be a domain name, such as agencia.example")
    return text.lower()


def rate(text: str) -> float:
    """A parser for a number per second; 0 is no limit."""
    return seconds(text)


def delays(text: str) -> tuple[float, ...]:
    """A parser for the waits between attempts, in seconds, separated by commas."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or any(not 0 < value < 10**6 for value in values):
        raise ValueError("must be numbers of seconds separated by commas, such as 60,300,900")
    return values


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """What the mailer needs to know."""

    smtp_url: str = setting(
        "PORTERIA_SMTP_URL",
        smtp_url,
        default="",
        help="smtp://user:password@host:587?starttls=required or smtps://…; none = a local sink, nothing leaves.",
    )
    mail_from: str = setting(
        "PORTERIA_MAIL_FROM", sender, default="", help="Sender of letters; none = no-reply at the public address."
    )
    bounce_address: str = setting(
        "PORTERIA_BOUNCE_ADDRESS",
        bare_address,
        default="",
        help="Address to which receiving servers return letters (MAIL FROM); none = the sender.",
    )
    bounce_url: str = setting(
        "PORTERIA_BOUNCE_URL",
        mailbox_url,
        default="",
        help="Mailbox of that address, read every minute: pop3s://user:password@host or imaps://…; none = by hand.",
    )
    dkim_domain: str = setting(
        "PORTERIA_DKIM_DOMAIN",
        dns_name,
        default="",
        help="Domain in whose name letters are signed (DKIM), such as that of the sender; none = not signed.",
    )
    dkim_selector: str = setting(
        "PORTERIA_DKIM_SELECTOR", dns_name, default="porteria", help="Name of the key in the DNS of that domain."
    )
    dkim_key: str = setting(
        "PORTERIA_DKIM_KEY",
        default="",
        help="File with the private key in PEM; none = secrets/dkim.pem below PORTERIA_DATA.",
    )
    mail_delay: float = setting(
        "PORTERIA_MAIL_DELAY",
        seconds,
        default=20.0,
        help="Seconds that a letter waits before its first attempt, so that it can be cancelled; never for recoveries.",
    )
    mail_per_second: float = setting(
        "PORTERIA_MAIL_PER_SECOND", rate, default=0.0, help="Most letters per second; 0 = no limit."
    )
    mail_per_domain: float = setting(
        "PORTERIA_MAIL_PER_DOMAIN_PER_SECOND",
        rate,
        default=0.0,
        help="Most letters per second to one receiving domain; 0 = no limit.",
    )
    mail_connections: int = setting(
        "PORTERIA_MAIL_CONNECTIONS", whole_number(1, 64), default=8, help="Connections to the mail server at once."
    )
    mail_retry_delays: tuple[float, ...] = setting(
        "PORTERIA_MAIL_RETRY_DELAYS",
        delays,
        default=(60.0, 300.0, 900.0, 3600.0, 14400.0, 43200.0),
        help="Seconds before each further attempt after a temporary refusal; after the last the letter has failed.",
    )
    mail_timeout: float = setting(
        "PORTERIA_MAIL_TIMEOUT", seconds, default=60.0, help="Seconds to wait for an answer of the mail server."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.mail_from:
            host = urlsplit(self.public_url).hostname or "localhost"
            object.__setattr__(self, "mail_from", f"Portería <no-reply@{host}>")

    @property
    def dkim_file(self) -> Path:
        """Where the key for signing letters lies."""
        return Path(self.dkim_key) if self.dkim_key else self.data / "secrets" / "dkim.pem"

    @property
    def has_own_server(self) -> bool:
        """Whether letters go to a real mail server; otherwise they stay in the local sink."""
        return bool(self.smtp_url)
