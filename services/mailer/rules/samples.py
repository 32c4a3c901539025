"""Made-up values with which a template is shown and tried out."""

from datetime import datetime, timedelta
from uuid import UUID

from services.mailer.rules.notices import WITH_CODE, WITH_TOKEN
from services.mailer.rules.rendering import Content
from services.mailer.rules.states import (
    CASE_REMINDER,
    CREDENTIAL,
    EMAIL_CONFIRMATION,
    INCOME_PUBLISHED,
    INVOICE_ISSUED,
    NOTICES,
    RECEIPT,
    REMINDERS,
    STAFF_INVITATION,
    STAFF_RESET,
    WITHOUT_DELAY,
)

TEXTS = {
    "es": (
        "Corte de agua el martes",
        "Hola, María:\n\nEl martes no habrá agua de 8:00 a 12:00. Disculpe las molestias.\n\nMás información:\nhttps://agencia.example/avisos",
    ),
    "en": (
        "No water on Tuesday",
        "Hello María,\n\nThere will be no water on Tuesday from 8:00 to 12:00. We are sorry.\n\nRead more:\nhttps://agency.example/notices",
    ),
}
VALUES_OF_NOTICES = {
    "es": {
        "address": "maria.nueva@correo.example",
        "until": "28 de noviembre de 2026, 14:30",
        "moment": "27 de noviembre de 2026, 14:30",
        "number": "PQRS-000123",
        "topic": "Humedad en la pared de la cocina",
        "kind": "Reclamo",
        "due": "15 de diciembre de 2026",
        "reason": "Hace falta la visita del técnico",
        "client": "María Fernanda Ríos",
        "amount": "$ 1.250.000,00 COP",
        "method": "Transferencia",
        "concept": "Arriendo de noviembre",
        "period": "noviembre de 2026",
    },
    "en": {
        "address": "maria.new@mail.example",
        "until": "28 November 2026, 14:30",
        "moment": "27 November 2026, 14:30",
        "number": "PQRS-000123",
        "topic": "Damp wall in the kitchen",
        "kind": "Claim",
        "due": "15 December 2026",
        "reason": "The visit of the technician is still needed",
        "client": "María Fernanda Ríos",
        "amount": "COP 1,250,000.00",
        "method": "Bank transfer",
        "concept": "Rent of November",
        "period": "November 2026",
    },
}
NUMBERS = {
    RECEIPT: "RC-000123",
    INCOME_PUBLISHED: "LQ-000123",
    **dict.fromkeys((INVOICE_ISSUED, *REMINDERS), "FV-000123"),
}


def sample_content(kind: str, language: str, now: datetime) -> Content:
    """A letter to nobody."""
    subject, text = TEXTS[language]
    return Content(
        letter_id=UUID(int=0),
        kind=kind,
        language=language,
        name="María Fernanda Ríos",
        login="laura" if kind in (STAFF_INVITATION, STAFF_RESET) else "1.234.567-8",
        secret=_secret(kind),
        expires_at=now + timedelta(days=7),
        subject=subject,
        text=text,
        path=_path(kind),
        stop_path=_stop_path(kind),
        values={**VALUES_OF_NOTICES[language], **({"number": NUMBERS[kind]} if kind in NUMBERS else {})},
    )


def _secret(kind: str) -> str:
    if kind in WITH_CODE:
        return "482913"
    return "abcd-efgh-jkmn-pqrs" if kind == CREDENTIAL else "prueba-sin-efecto"


def _path(kind: str) -> str:
    if kind == EMAIL_CONFIRMATION:
        return "/customerarea/profile/email/confirm?token="
    if kind in WITH_TOKEN:
        return "/customerarea/invitation?token="
    return "/backoffice/portal/cases" if kind == CASE_REMINDER else "/customerarea"


def _stop_path(kind: str) -> str:
    """Letters about security, and those to the staff, can not be stopped."""
    can_be_stopped = kind in NOTICES and kind not in WITHOUT_DELAY and kind != CASE_REMINDER
    return "/customerarea/notices/0/stop" if can_be_stopped else ""
