"""Settings of the portal."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from services.portal.clients.fiscal_keys import BadFiscalKey, FiscalKey, load_fiscal_key
from services.portal.clients.gateways.stripe_checkout import StripeKeys
from services.portal.clients.gateways.wompi import WompiKeys
from services.portal.rules.sessions import Lifetime
from shared.settings import CommonSettings, SettingsError, seconds, setting, url, whole_number

GATEWAYS = ("wompi", "stripe", "sandbox")


def gateway_names(text: str) -> tuple[str, ...]:
    """A parser for names of gateways with commas between them."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if unknown := [name for name in names if name not in GATEWAYS]:
        raise ValueError(f"must be some of {', '.join(GATEWAYS)}, not {', '.join(unknown)}")
    return names


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """What the portal needs to know beyond what every service does."""

    session_idle: float = setting(
        "PORTERIA_PORTAL_SESSION_IDLE",
        seconds,
        default=3600.0,
        help="A client who does nothing for so many seconds is signed out.",
    )
    session_absolute: float = setting(
        "PORTERIA_PORTAL_SESSION_ABSOLUTE",
        seconds,
        default=43200.0,
        help="A client is signed out so many seconds after the sign-in, whatever they do.",
    )
    session_keep_days: int = setting(
        "PORTERIA_PORTAL_SESSION_KEEP_DAYS",
        whole_number(1, 3650),
        default=90,
        help="Ended sessions are deleted after so many days.",
    )
    upload_megabytes: int = setting(
        "PORTERIA_UPLOAD_MEGABYTES",
        whole_number(1, 100),
        default=10,
        help="Largest file that a client or an agent can send: a proof of payment, an attachment, a document.",
    )
    gateways_wanted: tuple[str, ...] = setting(
        "PORTERIA_GATEWAYS",
        gateway_names,
        default=(),
        help="How clients pay online: wompi, stripe, sandbox (trial, no real money), with commas between them; none = "
        "those whose keys are set, and the trial gateway where none is and only this machine is reached.",
    )
    wompi_public_key: str = setting("PORTERIA_WOMPI_PUBLIC_KEY", default="", help="Wompi: public key, pub_….")
    wompi_private_key: str = setting("PORTERIA_WOMPI_PRIVATE_KEY", default="", help="Wompi: private key, prv_….")
    wompi_integrity_secret: str = setting(
        "PORTERIA_WOMPI_INTEGRITY_SECRET", default="", help="Wompi: secret of the integrity signature, …_integrity_…."
    )
    wompi_events_secret: str = setting(
        "PORTERIA_WOMPI_EVENTS_SECRET", default="", help="Wompi: secret of the events, …_events_…."
    )
    wompi_url: str = setting(
        "PORTERIA_WOMPI_URL",
        url("http", "https"),
        default="",
        help="Address of Wompi's API with its version; none = test or production, as the public key says.",
    )
    stripe_secret_key: str = setting("PORTERIA_STRIPE_SECRET_KEY", default="", help="Stripe: secret key, sk_….")
    stripe_webhook_secret: str = setting(
        "PORTERIA_STRIPE_WEBHOOK_SECRET", default="", help="Stripe: secret of the webhook's address, whsec_…."
    )

    fiscal_certificate: Path | None = setting(
        "PORTERIA_FISCAL_CERTIFICATE",
        Path,
        default=None,
        help="File with the certificate that signs fiscal documents (PEM, DER or PKCS#12); none = they are not signed.",
    )
    fiscal_key: Path | None = setting(
        "PORTERIA_FISCAL_KEY", Path, default=None, help="File with its private key (PEM or DER); none = PKCS#12."
    )
    fiscal_password_file: Path | None = setting(
        "PORTERIA_FISCAL_PASSWORD_FILE", Path, default=None, help="File with the password of that key."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        problems = []
        try:
            self.load_fiscal_key()
        except BadFiscalKey as error:
            problems.append(str(error))
        for name, given in self._keys().items():
            missing = [variable for variable, value in given.items() if not value]
            if missing and (len(missing) < len(given) or name in self.gateways_wanted):
                problems.append(f"the gateway {name} is not complete, missing: {', '.join(missing)}")
        if problems:
            raise SettingsError("\n".join(problems))

    @property
    def lifetime(self) -> Lifetime:
        """When a session is over by itself."""
        return Lifetime.of_seconds(self.session_idle, self.session_absolute)

    @property
    def upload_limit(self) -> int:
        """Bytes of the largest file that can be sent."""
        return self.upload_megabytes * 1024 * 1024

    def load_fiscal_key(self) -> FiscalKey | None:
        """The key that signs fiscal documents, None where there is none. Raises BadFiscalKey."""
        if self.fiscal_certificate is None:
            return None
        return load_fiscal_key(self.fiscal_certificate, self.fiscal_key, self.fiscal_password_file)

    @property
    def gateways(self) -> tuple[str, ...]:
        """The gateways in use, in the order in which clients are offered them."""
        if self.gateways_wanted:
            return self.gateways_wanted
        complete = tuple(name for name, given in self._keys().items() if all(given.values()))
        return complete or (("sandbox",) if self.is_private else ())

    @property
    def is_private(self) -> bool:
        """Whether only this machine is reached under the public address."""
        host = urlsplit(self.public_url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    @property
    def wompi(self) -> WompiKeys:
        """The keys of Wompi."""
        return WompiKeys(
            self.wompi_public_key,
            self.wompi_private_key,
            self.wompi_integrity_secret,
            self.wompi_events_secret,
            self.wompi_url,
        )

    @property
    def stripe(self) -> StripeKeys:
        """The keys of Stripe."""
        return StripeKeys(self.stripe_secret_key, self.stripe_webhook_secret)

    def _keys(self) -> Mapping[str, Mapping[str, str]]:
        return {
            "wompi": {
                "PORTERIA_WOMPI_PUBLIC_KEY": self.wompi_public_key,
                "PORTERIA_WOMPI_PRIVATE_KEY": self.wompi_private_key,
                "PORTERIA_WOMPI_INTEGRITY_SECRET": self.wompi_integrity_secret,
                "PORTERIA_WOMPI_EVENTS_SECRET": self.wompi_events_secret,
            },
            "stripe": {
                "PORTERIA_STRIPE_SECRET_KEY": self.stripe_secret_key,
                "PORTERIA_STRIPE_WEBHOOK_SECRET": self.stripe_webhook_secret,
            },
        }
