"""Which addresses a browser may be sent to."""

from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class UnfitRedirectUri(Exception):
    """An address that cannot be registered for a client; the message says why."""


def own_path(text: str | None, otherwise: str) -> str:
    """`text` if it is a path below this very origin, else `otherwise`: nobody is sent elsewhere by a forged link."""
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")):
        return otherwise
    # Browsers read a backslash as a slash and drop tabs and line ends; none has a place in a path of ours.
    if "\\" in text or any(ord(char) <= 32 or ord(char) == 127 for char in text):
        return otherwise
    parts = urlsplit(text)
    return otherwise if parts.scheme or parts.netloc else text


def check_redirect_uri(text: str) -> str:
    """An address to which codes may be sent: https, or http on the same machine; no fragment, no wildcard.

    Raises UnfitRedirectUri.
    """
    try:
        parts = urlsplit(text)
    except ValueError:  # such as brackets that hold no address
        raise UnfitRedirectUri(f"{text}: is no address") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise UnfitRedirectUri(f"{text}: must be an absolute address with https")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise UnfitRedirectUri(f"{text}: http is only for the same machine, use https")
    if "#" in text or "*" in text or parts.username is not None or any(ord(char) <= 32 for char in text):
        raise UnfitRedirectUri(f"{text}: must have no fragment, wildcard, user name or space")
    return text


def origin(text: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc}"
