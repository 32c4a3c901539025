"""One kept-open connection to the mail server, and what the server answers to each letter."""

import base64
import re
import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from services.mailer.rules.smtp_url import SmtpAddress
from services.mailer.rules.states import Verdict, blames_the_connection, readable_answer, verdict_of

CONNECT_TIMEOUT = 15.0
LETTERS_PER_CONNECTION = 500
OLDEST = 300.0
ASK_AFTER = 5.0
"""A connection that was idle for so many seconds is asked (NOOP) whether it still lives before it gets a letter."""
LEADING_DOT = re.compile(rb"(?m)^\.")

log = structlog.get_logger(__name__)


class ServerTrouble(Exception):
    """The mail server is away, or refuses us and not a letter. No letter is to blame; the text is for people."""


@dataclass(frozen=True)
class Answer:
    """What came of one letter: the verdict, the SMTP code (None if there was none) and the text."""

    verdict: Verdict
    code: int | None
    text: str


class MailConnection:
    """A connection that is opened when needed and renewed now and then. One thread uses it."""

    def __init__(self, address: SmtpAddress, timeout: float) -> None:
        self._address, self._timeout = address, timeout
        self._smtp: smtplib.SMTP | None = None
        self._opened_at = self._used_at = 0.0
        self._letters = 0

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that may still be used without asking."""
        fresh = time.monotonic() - self._used_at < ASK_AFTER
        return self._smtp is not None and fresh and not self._is_worn()

    @property
    def is_broken(self) -> bool:
        """Whether the connection was lost since `ready`."""
        return self._smtp is None

    @property
    def eight_bit(self) -> bool:
        """Whether the server takes bodies outside ASCII."""
        return self._smtp is not None and self._smtp.has_extn("8bitmime")

    def ready(self) -> None:
        """Make sure that there is a working connection; raises ServerTrouble."""
        if self._smtp is not None and self._is_worn():
            self.close()
        if self._smtp is not None and time.monotonic() - self._used_at >= ASK_AFTER and not self._still_lives():
            self._drop()
        if self._smtp is None:
            self._smtp = self._open()
            self._opened_at, self._letters = time.monotonic(), 0
        self._used_at = time.monotonic()

    def deliver(self, sender: str, recipient: str, render: Callable[[bool], bytes]) -> Answer:
        """Hand over one letter. `render` gets whether the body may be 8bit.

        Raises ServerTrouble if the server refuses us rather than this letter, which then was not tried.
        """
        smtp = self._smtp
        if smtp is None:
            raise ServerTrouble("no connection")
        utf8 = not recipient.isascii()
        if utf8 and not smtp.has_extn("smtputf8"):
            return Answer(Verdict.REFUSED, None, "the mail server takes no address outside ASCII")
        content = LEADING_DOT.sub(b"..", render(self.eight_bit)) + b".\r\n"
        self._letters += 1
        try:
            refusal = self._announce(smtp, sender, recipient, utf8)
            if refusal is not None:
                return refusal
            # One call: if it fails, the end of the letter cannot have left this machine.
            smtp.send(content)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Answer(Verdict.INTERRUPTED, None, _told(error, "the connection broke before the end of the letter"))
        return self._conclude(smtp)

    def _announce(self, smtp: smtplib.SMTP, sender: str, recipient: str, utf8: bool) -> Answer | None:
        """MAIL, RCPT and DATA up to the server's go-ahead; an Answer if it does not come."""
        options = (" BODY=8BITMIME" if self.eight_bit else "") + (" SMTPUTF8" if utf8 else "")
        smtp.command_encoding = "utf-8" if utf8 else "ascii"
        try:
            # Not smtplib's mail() and rcpt(), which parse each address anew: ours were checked when they were made.
            code, text = smtp.docmd("MAIL", f"FROM:<{sender}>{options}")
        except (smtplib.SMTPException, OSError) as error:
            # A connection that was closed while nobody used it shows here; nothing of the letter was said yet.
            self._drop()
            raise ServerTrouble(_told(error, "the mail server closed the connection")) from error
        if code != 250:
            # The sender is the same for all letters: who refuses it refuses us.
            self._drop()
            raise ServerTrouble(f"the mail server refuses the sender: {code} {readable_answer(text)}")
        code, text = smtp.docmd("RCPT", f"TO:<{recipient}>")
        if code in (250, 251):
            code, text = smtp.docmd("DATA")
            if code == 354:
                return None
        answer = self._answer(code, text)
        if self._smtp is not None:
            smtp.rset()
        return answer

    def _conclude(self, smtp: smtplib.SMTP) -> Answer:
        try:
            code, text = smtp.getreply()
        except Exception as error:  # noqa: BLE001 - whatever it was: the letter may have been taken
            self._drop()
            return Answer(Verdict.UNKNOWN, None, _told(error, "the server went away without an answer to the letter"))
        self._used_at = time.monotonic()
        return self._answer(code, text)

    def _answer(self, code: int, text: bytes) -> Answer:
        told = f"{code} {readable_answer(text)}"
        if code == -1:  # smtplib's way to say that it was no SMTP reply
            self._drop()
            return Answer(Verdict.INTERRUPTED, None, told)
        if blames_the_connection(code):
            self._drop()
            if code != 421:
                raise ServerTrouble(f"the mail server wants us to sign in: {told}")
        return Answer(verdict_of(code), code, told)

    def close(self) -> None:
        """Say goodbye."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (smtplib.SMTPException, OSError):
                self._smtp.close()
            self._smtp = None

    def close_if_idle(self, seconds: float) -> None:
        """Close a connection that nobody needed for so long."""
        if self._smtp is not None and time.monotonic() - self._used_at >= seconds:
            self.close()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _is_worn(self) -> bool:
        return self._letters >= LETTERS_PER_CONNECTION or time.monotonic() - self._opened_at >= OLDEST

    def _still_lives(self) -> bool:
        try:
            return self._smtp is not None and self._smtp.noop()[0] == 250
        except (smtplib.SMTPException, OSError):
            return False

    def _open(self) -> smtplib.SMTP:
        where = f"{self._address.host}:{self._address.port}"
        try:
            return self._greet()
        except smtplib.SMTPAuthenticationError as error:
            told = f"{error.smtp_code} {readable_answer(error.smtp_error)}"
            raise ServerTrouble(f"{where} refuses our user and password: {told}") from error
        except ssl.SSLError as error:
            raise ServerTrouble(f"no safe connection to {where}: {_why_not_safe(error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise ServerTrouble(f"{where} can not be reached: {_told(error, 'no answer')}") from error

    def _greet(self) -> smtplib.SMTP:
        address = self._address
        context = _tls_context(verify=address.verify)
        timeout = min(self._timeout, CONNECT_TIMEOUT)
        smtp: smtplib.SMTP
        if address.implicit_tls:
            smtp = smtplib.SMTP_SSL(timeout=timeout, context=context, local_hostname="localhost")
        else:
            smtp = smtplib.SMTP(timeout=timeout, local_hostname="localhost")
        # smtplib checks the certificate against the name that it was made with, and `connect` sets none.
        smtp._host = address.host  # type: ignore[attr-defined]
        try:
            code, text = smtp.connect(address.host, address.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, text)
            smtp.local_hostname = _own_name(smtp)
            smtp.ehlo_or_helo_if_needed()
            self._secure(smtp, context)
            if address.user:
                _sign_in(smtp, address.user, address.password)
            if smtp.sock is not None:
                smtp.sock.settimeout(self._timeout)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _secure(self, smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
        address = self._address
        if address.implicit_tls or address.starttls == "never":
            return
        if smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
        elif address.starttls == "required":
            raise smtplib.SMTPNotSupportedError("it offers no STARTTLS")
        elif address.user and not address.is_local:
            raise smtplib.SMTPNotSupportedError(
                "it offers no TLS, and a password is not sent in clear (starttls=never)"
            )


def _tls_context(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _sign_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Sign in; smtplib alone knows only ASCII, and passwords have accents (RFC 4616: UTF-8)."""
    if (user + password).isascii():
        smtp.login(user, password)
        return
    if "PLAIN" not in str(smtp.esmtp_features.get("auth", "")).upper().split():
        raise smtplib.SMTPNotSupportedError("it takes no user and password outside ASCII")
    proof = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, text = smtp.docmd("AUTH", f"PLAIN {proof}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, text)


def _why_not_safe(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return readable_answer(f"its certificate is refused: {error.verify_message}")
    return readable_answer(error.reason or "the server does not speak TLS as we do")


def _own_name(smtp: smtplib.SMTP) -> str:
    """An address literal (RFC 5321, 4.1.3): always true, and no name has to be looked up."""
    own = str(smtp.sock.getsockname()[0]) if smtp.sock is not None else "127.0.0.1"
    return f"[IPv6:{own}]" if ":" in own else f"[{own}]"


def _told(error: Exception, otherwise: str) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {readable_answer(error.smtp_error)}"
    if isinstance(error, TimeoutError):
        return f"{otherwise} (no answer in time)"
    text = readable_answer(str(error))
    return f"{otherwise} ({text})" if text else otherwise
