"""Made-up values with which a template is shown and tried out."""

from datetime import datetime, timedelta
from uuid import UUID

from services.mailer.rules.rendering import Content
from services.mailer.rules.states import CREDENTIAL, STAFF_INVITATION, STAFF_RESET

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


def sample_content(kind: str, language: str, now: datetime) -> Content:
    """A letter to nobody."""
    subject, text = TEXTS[language]
    return Content(
        letter_id=UUID(int=0),
        kind=kind,
        language=language,
        name="María Fernanda Ríos",
        login="laura" if kind in (STAFF_INVITATION, STAFF_RESET) else "1.234.567-8",
        secret="abcd-efgh-jkmn-pqrs" if kind == CREDENTIAL else "prueba-sin-efecto",
        expires_at=now + timedelta(days=7),
        subject=subject,
        text=text,
    )
