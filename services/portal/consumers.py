"""What the portal hears: parties of the directory, ends of credentials of identity, how letters ended, invoices of
other systems."""

from functools import partial
from io import BytesIO

import marshmallow as ma
from sqlalchemy.orm import Session

from services.portal.actions.announcing import announced_together
from services.portal.actions.documents import (
    DocumentDiffers,
    DocumentThere,
    DocumentUsed,
    attach_document,
    look_at,
)
from services.portal.actions.files import staged
from services.portal.actions.invoicing import NewInvoice, issue_invoice
from services.portal.actions.letter_ends import LetterEnd, mark_reachable, mark_unreachable, note_ends
from services.portal.actions.parties import PartyData, copy_parties, lock_parties
from services.portal.actions.refusals import DiffersFromBefore, NothingToPay, NumberTaken, TooMuch
from services.portal.actions.sessions import end_other_sessions, end_sessions_of_credentials, end_sessions_of_parties
from services.portal.clients.files import FileStore
from services.portal.models import Invoice
from services.portal.rules.billing import Disagreement
from services.portal.rules.files import XML, FileTooLarge, UnusableFile
from services.portal.rules.fiscal.reading import UnreadableDocument
from services.portal.rules.notices import BOUNCED, FAILED, SENT, WITHDRAWN
from services.portal.schemas.billed import fields_of, load_event
from services.portal.schemas.invoices import new_invoice
from services.portal.schemas.parties import PartyMissing, referred_party
from shared.events import InvalidEvent
from shared.events.directory import AddressCleared, PartyDeactivated, PartyRegistered, PartyUpdated
from shared.events.external import ExternalInvoiceIssued
from shared.events.identity import CredentialRevoked, PasswordChanged
from shared.events.mailer import (
    AddressReleased,
    AddressSuppressed,
    LetterBounced,
    LetterCancelled,
    LetterFailed,
    LetterSent,
)
from shared.inbox import Handlers, handled_envelopes

PartyEvent = PartyRegistered | PartyUpdated | PartyDeactivated
LetterEvent = LetterSent | LetterCancelled | LetterFailed | LetterBounced
LETTER_STATES = {LetterSent: SENT, LetterCancelled: WITHDRAWN, LetterFailed: FAILED, LetterBounced: BOUNCED}
REFUSED: dict[type[Exception], str] = {
    DiffersFromBefore: "external_id: it was sent before and said something else",
    NothingToPay: "total: nothing is to be paid",
    NumberTaken: "number: another invoice has it",
    TooMuch: "lines: an amount is too large",
}


def on_party(session: Session, events: list[PartyEvent]) -> None:
    """Keep the copy of the parties."""
    copy_parties(session, [PartyData(**vars(event)) for event in events])


def on_party_deactivated(session: Session, events: list[PartyDeactivated]) -> None:
    """Keep the copy, and sign the party out everywhere.

    Also when the party is active again by now: what was open before the deactivation must not go on.
    """
    on_party(session, list(events))
    end_sessions_of_parties(session, [event.party_id for event in events], "party_deactivated")


def on_credential_revoked(session: Session, events: list[CredentialRevoked]) -> None:
    """End the sessions that these credentials opened, and let them open no other."""
    end_sessions_of_credentials(session, [(event.credential_id, event.party_id) for event in events])


def on_password_changed(session: Session, events: list[PasswordChanged]) -> None:
    """End the sessions that were opened with the former password."""
    for event in sorted(events, key=lambda event: event.party_id):
        end_other_sessions(session, event.party_id, event.credential_id)


def on_letter(session: Session, events: list[LetterEvent]) -> None:
    """Remember how the letters of notices ended; those of others are none of ours."""
    ends = [LetterEnd(event.notice_id, LETTER_STATES[type(event)], event.at) for event in events if event.notice_id]
    note_ends(session, ends)


def on_letter_bounced(session: Session, events: list[LetterBounced]) -> None:
    """The same, and nothing is sent to the address any more, whatever the letter was about."""
    on_letter(session, list(events))
    mark_unreachable(session, [(event.address, event.at) for event in events])


def on_address_suppressed(session: Session, events: list[AddressSuppressed]) -> None:
    """Nothing is sent to an address any more."""
    mark_unreachable(session, [(event.address, event.at) for event in events])


def on_address_free(session: Session, events: list[AddressReleased | AddressCleared]) -> None:
    """An address may be written to again."""
    mark_reachable(session, [(event.address, event.at) for event in events])


def on_external_invoice(
    session: Session, events: list[ExternalInvoiceIssued], *, store: FileStore | None = None
) -> None:
    """Issue what another system billed, once for its source and external id; `store` keeps fiscal documents.

    A party that the directory has not told of yet may come any moment: PartyMissing lets the inbox try again later.
    """
    sources = [envelope.source for envelope in handled_envelopes()]
    billed = [_billed(session, event, source) for event, source in zip(events, sources, strict=True)]
    lock_parties(session, [new.party_id for new in billed])  # all at once: in one order, nobody waits in a circle
    with announced_together(session):
        for event, new in zip(events, billed, strict=True):
            try:
                invoice = issue_invoice(session, new)
            except (DiffersFromBefore, NothingToPay, NumberTaken, TooMuch) as error:
                raise InvalidEvent(REFUSED[type(error)]) from None
            if event.xml and store:
                _attach(session, store, invoice, event.xml)


def _attach(session: Session, store: FileStore, invoice: Invoice, xml: str) -> None:
    """An invoice whose document is another one's is not believed at all; a repeated one has its document already."""
    try:
        with staged(store, [(BytesIO(xml.encode()), f"{invoice.number}.xml")], [XML]) as files:
            attach_document(session, invoice.id, files[0], look_at(store, files[0]))
    except DocumentThere:
        return
    except (DocumentDiffers, DocumentUsed, FileTooLarge, UnreadableDocument, UnusableFile) as error:
        raise InvalidEvent(f"xml: {type(error).__name__}, {error}") from None


def _billed(session: Session, event: ExternalInvoiceIssued, source: str) -> NewInvoice:
    try:
        bill = load_event(event)
        party = referred_party(session, bill)
        return new_invoice(bill, party.id, currency=event.currency, today=event.issued_on, source=source)
    except ma.ValidationError as error:
        raise InvalidEvent(f"wrong {', '.join(fields_of(error))}") from None
    except Disagreement as error:
        raise InvalidEvent(str(error)) from None
    except PartyMissing as error:
        if not error.field:
            raise InvalidEvent("no party is named") from None
        raise


HANDLERS: Handlers = {
    AddressCleared: on_address_free,
    AddressReleased: on_address_free,
    AddressSuppressed: on_address_suppressed,
    ExternalInvoiceIssued: on_external_invoice,
    LetterBounced: on_letter_bounced,
    LetterCancelled: on_letter,
    LetterFailed: on_letter,
    LetterSent: on_letter,
    PartyRegistered: on_party,
    PartyUpdated: on_party,
    PartyDeactivated: on_party_deactivated,
    CredentialRevoked: on_credential_revoked,
    PasswordChanged: on_password_changed,
}


def handlers(store: FileStore) -> Handlers:
    """HANDLERS, with a place for the documents that come with invoices."""
    return {**HANDLERS, ExternalInvoiceIssued: partial(on_external_invoice, store=store)}
