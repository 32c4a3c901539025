"""What a returned message says: which letter came back, whether for good, and why (RFC 3464, RFC 3463).

Servers that follow the standard send a `multipart/report`; for the words of the others there is flufl.bounce. An
answer that somebody's holiday assistant wrote (RFC 3834) is no returned letter.
"""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from enum import StrEnum

from flufl.bounce import all_failures

from services.mailer.rules.states import readable_answer

LARGEST = 1024 * 1024
"""Bytes of a message that are looked at. What a report says stands before the letter that it returns."""
MOST = 20
STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
REPLY = re.compile(r"(?m)^.*?\b([45]\d\d[ -].{3,400})$")
MESSAGE_ID = re.compile(r"(?im)^[> \t]*message-id:\s*<([^<>\s]{3,320})>")
REFERENCE = re.compile(r"<([^<>\s]{3,320})>")
SYSTEMS = ("mailer-daemon", "postmaster", "mail delivery", "mdaemon", "mail administrator")


class Kind(StrEnum):
    """What a message means for the letter."""

    PERMANENT = "permanent"
    """It will not arrive."""
    TEMPORARY = "temporary"
    """The receiving side still tries."""
    NONE = "none"
    """It is not about a letter that did not arrive."""


class Verdict(StrEnum):
    """What was made of a returned message."""

    BOUNCED = "bounced"
    """Its letter is marked as come back."""
    DELAYED = "delayed"
    """Noted on its letter, which is still under way."""
    NOTED = "noted"
    """Noted on its letter, which had ended in another way already."""
    GUESS = "guess"
    """The letter was found by the address alone, in a message that anybody may have written: an agent decides."""
    UNMATCHED = "unmatched"
    """Something came back that is none of our letters."""
    NO_BOUNCE = "no_bounce"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Returned:
    """A returned message: about which letters (Message-IDs without brackets), which recipients, and the answer."""

    kind: Kind
    message_ids: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    status: str = ""
    answer: str = ""
    subject: str = ""


class Unreadable(Exception):
    """This is no e-mail message."""


def parse_returned(content: bytes) -> Returned:
    """Read a message; raises Unreadable."""
    try:
        message = email.message_from_bytes(content[:LARGEST])
        if not message.keys():
            raise Unreadable("it has no headers")
        subject = _subject(message)
        return _report(message, subject) or _other(message, subject)
    except Unreadable:
        raise
    except Exception as error:  # strangers wrote it, and the libraries that read it raise what they like
        raise Unreadable(type(error).__name__) from error


def _report(message: Message, subject: str) -> Returned | None:
    """A delivery status notification; None if it is none."""
    blocks = [block for part in message.walk() for block in _status_blocks(part)]
    about = [block for block in blocks if block["Action"]]
    if not about:
        return None
    failed = [block for block in about if _action(block) == "failed"]
    delayed = [block for block in about if _action(block) == "delayed"]
    told = failed or delayed
    if not told:
        return Returned(Kind.NONE, subject=subject)
    fields = [_address(block[name]) for block in told for name in ("Original-Recipient", "Final-Recipient")]
    status = next((found[1] for block in told if (found := STATUS.search(str(block["Status"] or "")))), "")
    reason = next((_after_type(block["Diagnostic-Code"]) for block in told if block["Diagnostic-Code"]), "")
    return Returned(
        kind=Kind.PERMANENT if failed else Kind.TEMPORARY,
        message_ids=_message_ids(message),
        recipients=_unique(fields),
        status=status,
        answer=readable_answer(reason if status and status in reason else f"{status} {reason}") or subject,
        subject=subject,
    )


def _other(message: Message, subject: str) -> Returned:
    """A message in the words of some server, or none that came from one."""
    if _is_written_by_somebody(message):
        return Returned(Kind.NONE, subject=subject)
    temporary, permanent = all_failures(message)
    found = permanent or temporary
    if not found:
        return Returned(Kind.NONE, subject=subject)
    text = _text(message)
    status = STATUS.search(text)
    reply = REPLY.search(text)
    return Returned(
        kind=Kind.PERMANENT if permanent else Kind.TEMPORARY,
        message_ids=_message_ids(message),
        recipients=_unique(sorted(address.decode("utf-8", "replace") for address in found)),
        status=status[1] if status else "",
        answer=readable_answer(reply[1] if reply else subject),
        subject=subject,
    )


def _is_written_by_somebody(message: Message) -> bool:
    sender = str(message["From"] or "").lower()
    if any(name in sender for name in SYSTEMS) or message["X-Failed-Recipients"]:
        return False
    automatic = str(message["Auto-Submitted"] or "").lower().startswith("auto-replied")
    return automatic or bool(message["X-Autoreply"]) or str(message["Precedence"] or "").lower() == "auto_reply"


def _status_blocks(part: Message) -> Iterator[Message]:
    if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
        payload = part.get_payload()
        if isinstance(payload, list):
            yield from (block for block in payload if isinstance(block, Message))


def _action(block: Message) -> str:
    return str(block["Action"]).split("(")[0].strip().lower()


def _after_type(value: object) -> str:
    """`smtp; 550 no such user` → `550 no such user`."""
    kind, semicolon, rest = str(value).partition(";")
    return rest.strip() if semicolon and len(kind) < 20 else str(value)


def _address(value: object) -> str:
    return _after_type(value or "").strip().strip("<>")


def _unique(found: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one[:320] for one in found if "@" in one))[:MOST]


def _message_ids(message: Message) -> tuple[str, ...]:
    """Those of the returned letter: in its headers, in the text that quotes them, else what the report refers to."""
    found: list[str] = []
    parts = list(message.walk())[1:]
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                found += REFERENCE.findall(str(inner[0]["Message-ID"] or ""))
        elif kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            found += MESSAGE_ID.findall(_payload(part))
    found += MESSAGE_ID.findall(_text(message))
    found += REFERENCE.findall(f"{message['In-Reply-To'] or ''} {message['References'] or ''}")
    return tuple(dict.fromkeys(found))[:MOST]


def _text(message: Message) -> str:
    return "\n".join(_payload(part) for part in message.walk() if part.get_content_maintype() == "text")


def _payload(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else str(part.get_payload())


def _subject(message: Message) -> str:
    raw = str(message["Subject"] or "")
    try:
        return readable_answer(str(make_header(decode_header(raw))))[:300]
    except (ValueError, LookupError):
        return readable_answer(raw)[:300]
