"""Returned messages as servers write them."""

from email.utils import format_datetime

from shared import clock

HEADERS = (
    "From: Agencia <no-reply@agencia.example>\r\nTo: {to}\r\nSubject: Sus datos de acceso\r\n"
    "Message-ID: <{message_id}>\r\n"
)


def postfix(
    to: str, message_id: str, *, action: str = "failed", status: str = "5.1.1", code: str = "550 5.1.1 no such user"
) -> bytes:
    """What Postfix sends: RFC 3464 with the headers of the letter."""
    return report(
        "Mail Delivery System <MAILER-DAEMON@mx.agencia.example>",
        "Undelivered Mail Returned to Sender",
        f"Reporting-MTA: dns; mx.agencia.example\r\n\r\nFinal-Recipient: rfc822; {to}\r\n"
        f"Original-Recipient: rfc822;{to}\r\n"
        f"Action: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {code}\r\n",
        ("text/rfc822-headers", HEADERS.format(to=to, message_id=message_id)),
    )


def delayed(to: str, message_id: str) -> bytes:
    """A warning that a letter is still under way."""
    return postfix(to, message_id, action="delayed", status="4.4.1", code="connect to mx.example: timed out")


def exchange(to: str, message_id: str) -> bytes:
    """What Exchange sends: the whole letter is attached, the words are many."""
    return report(
        "Microsoft Outlook <postmaster@outlook.example>",
        "No se puede entregar: Sus datos de acceso",
        f"Reporting-MTA: dns;BN7.outlook.example\r\n\r\nFinal-Recipient: rfc822;{to}\r\n"
        "Action: failed\r\nStatus: 5.1.10\r\n"
        "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by address lookup\r\n",
        ("message/rfc822", HEADERS.format(to=to, message_id=message_id) + "\r\nHola\r\n"),
    )


def gmail(to: str, message_id: str) -> bytes:
    """What Gmail sends: lines of the diagnostic code are folded."""
    return report(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        "Reporting-MTA: dns; googlemail.com\r\n"
        f"Received-From-MTA: dns; no-reply@agencia.example\r\n\r\nFinal-Recipient: rfc822; {to}\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.\r\n"
        " 550 5.1.1 Please try double-checking the address\r\n",
        ("message/rfc822", HEADERS.format(to=to, message_id=message_id) + "\r\nHola\r\n"),
    )


def report(sender: str, subject: str, status: str, returned: tuple[str, str] | None) -> bytes:
    """A multipart/report; `returned` is the type and the text of what came back with it."""
    last = "" if returned is None else f"--B\r\nContent-Type: {returned[0]}\r\n\r\n{returned[1]}\r\n"
    return (
        f"Return-Path: <>\r\nFrom: {sender}\r\nTo: no-reply@agencia.example\r\nSubject: {subject}\r\n"
        f"Date: {format_datetime(clock.now())}\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nYour message could not be delivered.\r\n"
        f"--B\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n{last}--B--\r\n"
    ).encode()


def qmail(to: str, message_id: str) -> bytes:
    """What qmail sends: no report, only words and the letter below them."""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: no-reply@agencia.example\r\n"
        "Subject: failure notice\r\n\r\n"
        "Hi. This is the qmail-send program at mx.example.\r\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n"
        f"<{to}>:\r\n203.0.113.5 does not like recipient.\r\n"
        "Remote host said: 550 mailbox unavailable\r\nGiving up.\r\n\r\n"
        "--- Below this line is a copy of the message.\r\n\r\n"
        f"{HEADERS.format(to=to, message_id=message_id)}\r\nHola\r\n"
    ).encode()


def vacation(to: str, message_id: str) -> bytes:
    """What somebody's holiday assistant sends (RFC 3834): the letter did arrive."""
    return (
        f"From: {to}\r\nTo: no-reply@agencia.example\r\nSubject: Fuera de la oficina: Sus datos de acceso\r\n"
        f"In-Reply-To: <{message_id}>\r\nReferences: <{message_id}>\r\nAuto-Submitted: auto-replied\r\n\r\n"
        f"Estoy de vacaciones. Si es urgente, escriba a <{to}>: 550 gracias.\r\n"
    ).encode()


def reply(to: str, message_id: str) -> bytes:
    """What a person writes."""
    return (
        f"From: {to}\r\nTo: no-reply@agencia.example\r\nSubject: Re: Sus datos de acceso\r\n"
        f"In-Reply-To: <{message_id}>\r\n\r\n"
        "No puedo entrar.\r\n"
    ).encode()
