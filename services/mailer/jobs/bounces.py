"""Reads the mailbox of returned letters.

A message is first recorded and only then removed: whoever dies in between finds it again and knows it. What is no
returned letter of ours stays where it is, for people, and is remembered.
"""

import structlog

from services.mailer.actions.bouncing import FROM_MAILBOX, StillSending, remember_unread, take_returned
from services.mailer.actions.queue import note_mailbox
from services.mailer.clients.mailbox import Mailbox, MailboxTrouble, Waiting, open_mailbox
from services.mailer.queries.returned import known_marks
from services.mailer.rules.mailbox_url import MailboxAddress
from services.mailer.rules.returned import LARGEST, Verdict
from shared.db import Database

EVERY = 60.0
AT_ONCE = 200
"""Messages of one session: what was removed counts only when it ends."""
OURS = (Verdict.BOUNCED, Verdict.DELAYED, Verdict.NOTED, Verdict.GUESS)

log = structlog.get_logger(__name__)


class BounceReader:
    """Fetches what came back, again and again."""

    def __init__(self, db: Database, address: MailboxAddress) -> None:
        self._db, self._address = db, address

    def read(self) -> bool:
        """One session with the mailbox; True if there may be more."""
        try:
            with open_mailbox(self._address) as mailbox:
                more = self._read(mailbox)
        except MailboxTrouble as error:
            log.warning("mailbox_trouble", error=str(error))
            with self._db.write() as session:
                note_mailbox(session, str(error))
            return False
        with self._db.write() as session:
            note_mailbox(session, None)
        return more

    def _read(self, mailbox: Mailbox) -> bool:
        waiting = mailbox.list_messages()
        with self._db.read() as session:
            known = known_marks(session, [message.mark for message in waiting])
        for message in waiting:
            if known.get(message.mark) in OURS:
                mailbox.remove(message)  # recorded, and then the session broke off
        fresh = [message for message in waiting if message.mark not in known]
        for message in fresh[:AT_ONCE]:
            self._take(mailbox, message)
        return len(fresh) > AT_ONCE

    def _take(self, mailbox: Mailbox, message: Waiting) -> None:
        if message.size > LARGEST:
            with self._db.write() as session:
                remember_unread(session, message.mark, f"too large: {message.size} bytes")
            mailbox.set_aside(message)
            return
        content = mailbox.fetch(message)
        try:
            with self._db.write() as session:
                verdict = take_returned(session, content, FROM_MAILBOX, mark=message.mark).verdict
        except StillSending:
            return  # next time it is known whether the letter went
        log.info("message_returned", verdict=verdict)
        if verdict in OURS:
            mailbox.remove(message)
        else:
            mailbox.set_aside(message)
