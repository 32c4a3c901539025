"""What happens in the town of `sixty_days` at random: people, invoices, money, and rules that change."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from services.portal.actions.disputes import dispute_invoice, settle_dispute
from services.portal.actions.invoicing import NewInvoice, issue_credit_note, issue_invoice, void_invoice
from services.portal.actions.money import NewPayment, receive_payment, reverse_payment
from services.portal.actions.parties import PartyData, copy_parties
from services.portal.actions.reminder_rules import set_class_rules, set_client_rules
from services.portal.models import Agency, Contact, HolderChoice
from services.portal.rules.invoices import make_line
from services.portal.rules.reminders import StepRule
from shared import clock
from shared.db import new_id
from shared.events.directory import Email
from tests.support.fee_town import ROLES, change_fees, set_first_fees, waive
from tests.support.plain_reminders import DAY, KINDS, PlainClient, PlainContact, PlainInvoice, Rules
from tests.support.sixty_days import Town

WISHES = ("invoice", "reminder", "overdue", "receipt", "cases", "general")
USUAL = {"reminder_before": 5, "reminder_due": 0, "overdue_first": 1, "overdue_second": 8, "overdue_third": 15}


def settle_town(town: Town, clients: int) -> None:
    """People move in: some have contacts, some of whom share an address; every rule for reminders is off."""
    town.rules = {role: {kind: (days, False) for kind, days in USUAL.items()} for role in ROLES}
    with town.db.write() as session:
        session.get_one(Agency, 1).announce_invoices = False
        town.clients = [_client(town, number) for number in range(clients)]
        copy_parties(session, (_party(client, number) for number, client in enumerate(town.clients)))
        session.flush()
        for client in town.clients:
            session.add_all(_contact_row(client, contact) for contact in client.contacts)
        set_first_fees(town, session)


def live(town: Town, today: date) -> None:
    """Some hours in which people do something."""
    size = len(town.clients)
    usual = (pay, 80), (reverse, 150), (void, 150), (credit, 60), (dispute, 120), (choose, 80), (waive, 120)
    with town.db.write() as session:
        for client in town.clients:
            if town.random.random() < 1 / 25:
                issue(town, session, client, today)
        for doing, one_of in usual:
            for _ in range(_about(town, size / one_of)):
                doing(town, session, today)
        for _ in range(_about(town, size / 100)):
            set_apart(town, session)
        if town.random.random() < 0.3:
            change_rules(town, session)
        change_fees(town, session)


def issue(town: Town, session: Session, client: PlainClient, today: date) -> None:
    """Somebody is to pay, mostly later, sometimes since some days.

    What waits of late fees comes along, unless another system sent the invoice.
    """
    role, total = town.random.choice(ROLES), Decimal(town.random.randrange(100, 900_000_000)) / 100
    due_on = today + town.random.randrange(-6, 10) * DAY
    is_sent = town.random.random() < 0.3
    new = NewInvoice(
        party_id=client.client_id,
        role=role,
        currency="COP",
        lines=[make_line("Canon", Decimal(1), total)],
        issued_on=min(today, due_on),
        due_on=due_on,
        concept="Canon",
        source="rest:erp" if is_sent else None,
        external_id=str(town.random.random()) if is_sent else None,
    )
    invoice = issue_invoice(session, new)
    for fee in town.book.fees.values():
        late = town.invoices[fee.invoice_id]
        if not is_sent and fee.state == "pending" and late.client is client and late.role == role:
            fee.document = invoice.id
            total += Decimal(fee.left) / 100
    assert invoice.total == total
    town.invoices[invoice.id] = PlainInvoice(invoice.id, client, role, invoice.number or "", due_on, total, total)
    town.book.issued[invoice.id], town.book.free[invoice.id] = clock.now(), today


def pay(town: Town, session: Session, today: date) -> None:
    """Somebody pays the whole of an invoice, or a part."""
    if invoice := _some(town, [one for one in town.invoices.values() if not one.is_over]):
        amount = invoice.owed if town.random.random() < 0.5 else _part(town, invoice.owed)
        new = NewPayment(
            party_id=invoice.client.client_id,
            currency="COP",
            amount=amount,
            method="cash",
            received_on=today,
            wanted=[(invoice.invoice_id, amount)],
        )
        payment = receive_payment(session, new)
        town.payments[payment.id] = invoice, amount
        town.owes_more(invoice, -amount)


def reverse(town: Town, session: Session, today: date) -> None:
    """A payment proves to be none: what it had paid is owed again."""
    if town.payments:
        payment_id = town.random.choice(list(town.payments))
        invoice, amount = town.payments.pop(payment_id)
        reverse_payment(session, payment_id, "Cheque devuelto", today)
        if not invoice.is_void:  # there it had become credit
            town.owes_more(invoice, amount)


def void(town: Town, session: Session, today: date) -> None:
    """An invoice counts no longer, paid or not."""
    if invoice := _some(town, [one for one in town.invoices.values() if not one.is_void and not one.credited]):
        void_invoice(session, invoice.invoice_id, "Error", today)
        invoice.is_void = invoice.is_over = True
        invoice.owed = Decimal(0)
        town.take_back(invoice)
        town.book.void(invoice, town.invoices)


def credit(town: Town, session: Session, today: date) -> None:
    """Something need not be paid: the whole or a part; what was paid already becomes credit."""
    if invoice := _some(town, [one for one in town.invoices.values() if not one.is_over]):
        left = invoice.total - invoice.credited
        if not left:
            return
        amount = left if town.random.random() < 0.4 else _part(town, left)
        issue_credit_note(session, invoice.invoice_id, amount, "Descuento", today)
        invoice.credited += amount
        town.owes_more(invoice, -min(amount, invoice.owed))


def dispute(town: Town, session: Session, today: date) -> None:
    """A dispute begins, and maybe another one is settled."""
    disputed = [one for one in town.invoices.values() if one.is_disputed]
    if disputed and town.random.random() < 0.5:
        settled = town.random.choice(disputed)
        settle_dispute(session, settled.invoice_id, today)
        settled.is_disputed = False
        town.book.free[settled.invoice_id] = max(today, town.book.free[settled.invoice_id])
    if invoice := _some(town, [one for one in town.invoices.values() if not one.is_over]):
        dispute_invoice(session, invoice.invoice_id, "No es mía")
        invoice.is_disputed = True
        town.take_back(invoice)


def choose(town: Town, session: Session, _today: date) -> None:
    """Somebody chooses other letters, for themself or for a contact."""
    client = town.random.choice(town.clients)
    client.choice = _wishes(town)
    session.execute(delete(HolderChoice).where(HolderChoice.party_id == client.client_id))
    chosen = HolderChoice(party_id=client.client_id, notices=sorted(client.choice), changed_at=clock.now())
    session.add(chosen)
    if contact := _some(town, client.contacts):
        contact.wants, contact.instead = _wishes(town), _wishes(town)
        new = {"notices": sorted(contact.wants), "instead": sorted(contact.instead & contact.wants)}
        session.execute(update(Contact).where(Contact.id == contact.contact_id).values(new))


def set_apart(town: Town, session: Session) -> None:
    """A client gets rules of their own, or none any more."""
    client = town.random.choice(town.clients)
    own = [kind for kind in KINDS if town.random.random() < 0.3]
    client.rules = {kind: (_days(town, kind), town.random.random() < 0.6) for kind in own}
    set_client_rules(session, client.client_id, _step_rules(client.rules))


def change_rules(town: Town, session: Session) -> None:
    """The agency switches steps on and off, or moves them."""
    role = town.random.choice(ROLES)
    overdue = sorted(town.random.sample(range(1, 20), 3))
    days = [_days(town, KINDS[0]), 0, *overdue] if town.random.random() < 0.4 else list(USUAL.values())
    town.rules[role] = {kind: (day, town.random.random() < 0.8) for kind, day in zip(KINDS, days, strict=True)}
    set_class_rules(session, role, _step_rules(town.rules[role]))


def _step_rules(rules: Rules) -> Iterable[StepRule]:
    return [StepRule(kind, days, enabled) for kind, (days, enabled) in rules.items()]


def _days(town: Town, kind: str) -> int:
    return 0 if kind == "reminder_due" else town.random.randrange(1, 20)


def _part(town: Town, amount: Decimal) -> Decimal:
    cents = int(amount * 100)
    return Decimal(town.random.randrange(1, max(cents, 2))) / 100


def _some(town: Town, found: Sequence[Any]) -> Any:
    return town.random.choice(found) if found else None


def _about(town: Town, number: float) -> int:
    """A whole number that is this one in the mean."""
    return int(number + town.random.random())


def _wishes(town: Town) -> set[str]:
    return {wish for wish in WISHES if town.random.random() < 0.6}


def _client(town: Town, number: int) -> PlainClient:
    language = town.random.choice(("es", "es", "en"))
    client = PlainClient(new_id(), f"Cliente{number}@example.com", language)
    if town.random.random() < 0.4:
        addresses = [
            f"contador{town.random.randrange(20)}@example.com",  # of several clients
            f"CLIENTE{number}@example.com",  # the client's own, in another spelling
            f"pariente{number}@example.com",
        ]
        for address in town.random.sample(addresses, town.random.randrange(1, 4)):
            wants = _wishes(town)
            instead = {wish for wish in wants if town.random.random() < 0.3}
            contact = PlainContact(new_id(), address, town.random.choice(("es", "en")), wants, instead)
            client.contacts.append(contact)
    return client


def _party(client: PlainClient, number: int) -> PartyData:
    return PartyData(
        party_id=client.client_id,
        version=1,
        code=f"C{number}",
        classes=["tenant", "owner"],
        document_type="CC",
        document_number=str(number),
        document_key=str(number),
        name=f"Cliente {number}",
        emails=[Email(address=client.address, state="valid", principal=True)],
        language=client.language,
        active=True,
    )


def _contact_row(client: PlainClient, contact: PlainContact) -> Contact:
    return Contact(
        id=contact.contact_id,
        party_id=client.client_id,
        name="Contacto",
        address=contact.address,
        address_key=contact.address.lower(),
        language=contact.language,
        notices=sorted(contact.wants),
        instead=sorted(contact.instead),
        state="none",
        created_at=clock.now(),
    )


def owed_now(invoices: Iterable[PlainInvoice]) -> dict[uuid.UUID, Decimal]:
    """What is owed of each invoice."""
    return {one.invoice_id: one.owed for one in invoices}
