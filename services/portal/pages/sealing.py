"""Secrets that only a letter may say."""

import secrets

from services.portal.pages.visitor import portal
from shared.events.portal import NoticeSecret
from shared.sealing import seal_for_address


def sealed_token(address: str) -> tuple[str, NoticeSecret]:
    """The token of a link, and the same sealed for a letter to this address. Raises ServiceUnavailable, CallFailed."""
    token = secrets.token_urlsafe(32)
    return token, sealed(token, address)


def sealed(secret: str, address: str) -> NoticeSecret:
    """A secret that the letter to this address says. Raises ServiceUnavailable, CallFailed."""
    return seal_for_address(secret, address, *portal().mailer.newest_sealing_key())
