"""Settings of the portal."""

from dataclasses import dataclass

from services.portal.rules.sessions import Lifetime
from shared.settings import CommonSettings, seconds, setting, whole_number


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

    @property
    def lifetime(self) -> Lifetime:
        """When a session is over by itself."""
        return Lifetime.of_seconds(self.session_idle, self.session_absolute)

    @property
    def upload_limit(self) -> int:
        """Bytes of the largest file that can be sent."""
        return self.upload_megabytes * 1024 * 1024
