"""What somebody typed to sign in, brought into the forms in which parties are kept."""

import hashlib
import ipaddress
import unicodedata

LONGEST = 320


def is_email(login: str) -> bool:
    """Whether it is meant as an e-mail address."""
    return "@" in login


def email_key(address: str) -> str:
    """One spelling for each e-mail address."""
    return unicodedata.normalize("NFC", address.strip()).casefold()


def searchable(text: str) -> str:
    """Lower case without accents, single spaces: what searches by name compare."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def throttle_key(kind: str, text: str) -> str:
    """The name of a counter: a digest, so that the counters hold neither logins nor addresses."""
    return f"{kind}:{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def network_of(address: str) -> str:
    """The address that is counted: an IPv6 customer has a whole /64 and could else take a new one for each attempt."""
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return address.strip()[:100]
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
