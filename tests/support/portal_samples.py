"""What a client and the agency have in the portal: for `samples.py`."""

import secrets
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from services.portal.actions.agency import change_agency
from services.portal.actions.contacts import ContactData, add_contact
from services.portal.actions.fee_charging import fee_chunk
from services.portal.actions.fees import NewRule, set_rule
from services.portal.actions.files import staged
from services.portal.actions.import_reading import receive_import
from services.portal.actions.paying import start_payment
from services.portal.actions.profile import request_email
from services.portal.actions.reports import NewReport, submit_report
from services.portal.clients.files import FileStore
from services.portal.models import DailyRun, Invoice, PaymentIncident
from services.portal.queries.paying import order_of
from services.portal.rules.files import PROOFS
from services.portal.rules.money import CURRENCIES
from shared import clock
from shared.db import new_id
from shared.events.portal import NoticeSecret
from tests.support import billing, cases, documents

if TYPE_CHECKING:
    from tests.support.house import Room

INVOICES = b"Documento;Concepto;Valor;Vencimiento\n10000001;Canon;1.850.000;05/11/2026\n"


class PortalSamples:
    """What stands in the portal's database for one client, as their ids.

    documents: of the oldest invoice, PDF and XML. queries: by endpoint what its page needs in its address.
    email_link: the same for the page that confirms another e-mail.
    """

    def __init__(self, room: "Room", party: uuid.UUID) -> None:
        self._room, self._party = room, party
        self._bill()
        self._report()
        self._ask()
        self._move()
        self._name()

    def _bill(self) -> None:
        """What the client owes, has paid and receives."""
        db = self._room.db
        invoice = billing.issue(db, self._party, "1850000", role="owner", concept="Comisión de administración")
        billing.pay(db, self._party, "850000", invoice)
        self.documents = self._documents(invoice)
        self.income = billing.earn(db, self._party, "1850000", "-148000").id
        with db.write() as session:
            set_rule(session, NewRule(role="tenant", currency="COP", kind="percent", value=Decimal(2)))
        late = billing.issue(db, self._party, "990000.50", due_in=-12)
        billing.credit(db, late, "90000")
        with db.write() as session:  # tomorrow it costs a fee
            fee_chunk(billing.ZONE)(session, DailyRun(), billing.today() + timedelta(days=1))
        billing.void(db, billing.issue(db, self._party, "5"))
        self.draft = billing.draft(db, self._party).id
        self.income_draft = billing.earn(db, self._party, "1000", published=False).id
        self.series = invoice.series_id
        with db.write() as session:
            receive_import(session, INVOICES, "facturas.csv")
            begun = start_payment(session, self._party, [(invoice.id, None)], "sandbox", CURRENCIES)
        self.reference = begun.reference
        gateway = self._room.app.extensions["portal"].gateways["sandbox"]
        signed = urlsplit(gateway.checkout(order_of(begun), f"/customerarea/pay/{begun.id}").url).query
        self.queries = {"sandbox.show": f"?{signed}", "sandbox.decide": f"?{signed}"}
        chosen = f"?party={self._party}"  # without it they ask whom it is for, as the forms of invoices do
        self.queries |= {"payment_desk.new": chosen, "case_acts.new": chosen}

    def _report(self) -> None:
        """A payment that the client reported with a photo, and something that a gateway left to the agents."""
        room, moment = self._room, clock.now()
        store = FileStore(room.settings.data, room.settings.upload_limit)
        self.report = new_id()
        reported = NewReport(
            report_id=self.report,
            party_id=self._party,
            currency="COP",
            amount=Decimal(500_000),
            paid_on=billing.today(),
            method="transfer",
        )
        with staged(store, [(cases.photo(), "consignacion.jpg")], PROOFS) as proofs, room.db.write() as session:
            submit_report(session, reported, proofs)
            self.proof = proofs[0].saved.id
            left = {"gateway": "sandbox", "kind": "unknown_reference", "reference": "PR2", "day": billing.today()}
            session.add(PaymentIncident(**left, details={"amount": "10.00"}, first_at=moment, last_at=moment))

    def _documents(self, invoice: Invoice) -> tuple[uuid.UUID, uuid.UUID]:
        """The fiscal documents of an invoice: an XML to the final consumer, and a PDF."""
        room = self._room
        store = FileStore(room.settings.data, room.settings.upload_limit)
        made = documents.document_for(invoice).replace(b">10000001<", b">222222222222<")
        pdf = documents.attach(room.db, store, invoice, documents.SMALL_PDF, "factura.pdf")
        return pdf, documents.attach(room.db, store, invoice, made, "factura.xml")

    def _ask(self) -> None:
        """A request of the client, with a photo."""
        room = self._room
        self.case_file = cases.attach(room.app, room.db, cases.open_one(room.db, self._party))

    def _move(self) -> None:
        """Another e-mail of the client, which waits to be confirmed; and the agency, with what it tells clients."""
        room, token = self._room, secrets.token_urlsafe(32)
        zone, sealed = room.settings.timezone, NoticeSecret(ciphertext="AAAA", sealing_key="AAAA")
        bank = {"name": "Inmobiliaria Los Álamos S.A.S.", "bank_details": "Banco de los Andes\nAhorros 123-456789-00"}
        with room.db.write() as session:
            request_email(session, self._party, "otra.persona@example.com", token, sealed, zone)
            change_agency(session, bank)
        self.email_link = f"?token={token}"

    def _name(self) -> None:
        """A contact of the client, who gets letters and does not sign in."""
        lists = {"notices": frozenset({"reminder"}), "instead": frozenset[str](), "rights": frozenset({"see_invoices"})}
        whole = ContactData(
            name="Ana Contadora", address="ana@despacho.example", phone="", language="es", sub_account=False, **lists
        )
        with self._room.db.write() as session:
            add_contact(session, self._party, whole, None, None)
