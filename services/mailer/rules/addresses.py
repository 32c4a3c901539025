"""Addresses as SMTP and the lists need them."""

import re
import unicodedata

import idna

LOCAL = re.compile(r"[^\s\x00-\x20\x7f<>()\[\]\\,;:@\"]+", re.UNICODE)
ADDRESS_LIMIT = 254


class AddressRefused(Exception):
    """No letter can be sent to this address; the text says why."""


def envelope_address(address: str) -> str:
    """The address for MAIL and RCPT, its domain in ASCII; raises AddressRefused.

    Its local part may be outside ASCII: then only a server with SMTPUTF8 takes it.
    """
    local, at, domain = address.rpartition("@")
    if not at or not LOCAL.fullmatch(local) or not domain or len(address) > ADDRESS_LIMIT or not address.isprintable():
        raise AddressRefused("this is no e-mail address")
    if domain.isascii():
        ascii_domain = domain.lower()
    else:
        try:
            ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise AddressRefused("the domain of the address is not possible") from error
    if not re.fullmatch(r"[a-z0-9._-]+", ascii_domain):
        raise AddressRefused("the domain of the address is not possible")
    return f"{local}@{ascii_domain}"


def domain_of(address: str) -> str:
    """The receiving domain in small letters, "" if there is none."""
    return address.rpartition("@")[2].strip().lower()[:255] if "@" in address else ""


def searchable(*texts: str) -> str:
    """Texts as they are searched: without accents, in small letters, spaces as one."""
    plain = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
