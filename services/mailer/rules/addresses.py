"""Addresses as SMTP and the lists need them."""

import re
import unicodedata

import idna

PART = re.compile(r"[^\W_]+")
MOST_WORDS = 100
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


def address_key(address: str) -> str:
    """The same for all spellings of an address: small letters, its domain in ASCII. Never fails."""
    plain = address.strip().casefold()
    try:
        return envelope_address(plain)
    except AddressRefused:
        return plain[:320]


def searchable(*texts: str) -> str:
    """Texts as they are searched: without accents, in small letters, spaces as one."""
    plain = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    kept = (c if c.isprintable() else " " for c in plain if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def search_words(*texts: str) -> str:
    """What something is found by: words with one space between them, of which the beginnings are looked for.

    An address is found by its domain too, a number by its digits alone: `ana@b.co` gives `ana@b.co b.co co`.
    """
    found: dict[str, None] = {}
    for word in searchable(*texts).split():
        found[word] = None
        parts = list(PART.finditer(word))
        found.update(dict.fromkeys(word[part.start() :] for part in parts))
        if len(parts) > 1 and "@" not in word:
            found["".join(part.group() for part in parts)] = None
    return " ".join(list(found)[:MOST_WORDS])


def wanted_words(text: str) -> list[list[str]]:
    """What somebody typed into a search: for each word the beginnings that will do, at most eight words."""
    wanted: list[list[str]] = []
    for word in searchable(text[:200]).split()[:8]:
        bare = "".join(PART.findall(word))
        if bare:  # a dash or a full stop alone says nothing
            wanted.append([word] if "@" in word or bare == word else [word, bare])
    return wanted
