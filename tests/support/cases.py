"""Requests (PQRS) for tests, made as people make them."""

import io
import re
import uuid
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.portal.actions.cases import NewCase, answer_case, open_case
from services.portal.actions.files import keep_file, staged
from services.portal.models import Case, CaseMessage
from services.portal.rules.files import CASE, PROOFS
from shared.audit import Actor, acting
from shared.db import Database, new_id
from shared.events import decode
from shared.outbox import outbox
from tests.support.billing import today
from tests.support.clientarea import CSRF, Browser

AREA = "/customerarea/cases"
DESK = "/backoffice/portal/cases"
STAFF = Actor("staff", "7", "Ana Gómez")
ONCE = re.compile(r'name="once"[^>]*value="([^"]+)"')


def photo() -> io.BytesIO:
    """A photo, as a phone makes it."""
    written = io.BytesIO()
    Image.new("RGB", (60, 40), "#cde").save(written, "JPEG")
    return io.BytesIO(written.getvalue())


def fill_in(browser: Browser, page: str, path: str = "", *, nth: int = 0, **fields: Any) -> TestResponse:
    """Send the form that a page shows to `path`; `nth`: which of the page's ids it brings."""
    shown = browser.get(page).get_data(as_text=True)
    token, once = CSRF.search(shown), ONCE.findall(shown)
    assert token, shown
    sent = {"csrf_token": token[1], **({"once": once[nth]} if once else {}), **fields}
    return browser.client.post(path or page, data=sent)


def ask(browser: Browser, **fields: Any) -> TestResponse:
    """Ask something new in the client area."""
    usual = {"kind": "complaint", "subject": "La gotera del baño", "text": "Llevo dos semanas con una gotera."}
    return fill_in(browser, f"{AREA}/new", **usual | fields)


def open_one(
    db: Database, party_id: uuid.UUID, *, kind: str = "petition", subject: str = "Paz y salvo", **more: Any
) -> Case:
    """An open request of a client; `opened`: the day on which it came."""
    opened = more.pop("opened", None) or today()
    name = more.pop("name", "Persona Número 1")
    new = NewCase(
        case_id=more.pop("case_id", None) or new_id(), party_id=party_id, kind=kind, subject=subject, text="Por favor."
    )
    with acting(Actor("party", str(party_id), name)), db.write() as session:
        return open_case(session, new, opened).case


def answer(db: Database, case_id: uuid.UUID, text: str = "Adjuntamos lo pedido.", *, in_substance: bool = True) -> None:
    """The staff writes to the client."""
    with acting(STAFF), db.write() as session:
        answer_case(session, case_id, new_id(), text, in_substance=in_substance)


def cases_in(db: Database) -> list[Case]:
    """All requests, in the order of their numbers."""
    with db.read() as session:
        return list(session.scalars(select(Case).order_by(Case.number)))


def messages_in(db: Database) -> list[CaseMessage]:
    """All messages, in order."""
    with db.read() as session:
        return list(session.scalars(select(CaseMessage).order_by(CaseMessage.at, CaseMessage.id)))


def told(db: Database, kind: type[Any]) -> list[Any]:
    """The events of a kind that wait to be published, in order."""
    with db.read() as session:
        bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.id)).all()
    return [event for event in (decode(bytes(body)).event for body in bodies) if isinstance(event, kind)]


def attach(app: Flask, db: Database, case: Case) -> uuid.UUID:
    """Attach a photo to the first message of a request; returns the id of the file."""
    with db.read() as session:
        first = select(CaseMessage.id).where(CaseMessage.case_id == case.id).order_by(CaseMessage.at).limit(1)
        message_id = session.scalar(first)
    with (
        staged(app.extensions["portal"].files, [(photo(), "gotera.jpg")], PROOFS) as files,
        db.write() as session,
    ):
        return keep_file(session, files[0], party_id=case.party_id, purpose=CASE, message_id=message_id).id
