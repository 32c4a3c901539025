"""Tables of the mailer."""

from services.mailer.models.base import Base
from services.mailer.models.letters import Attempt, Letter, LetterHour, LetterWords, Withdrawal
from services.mailer.models.queue import Queue, SealingKey, SigningKey, Worker
from services.mailer.models.returned import ReturnedMessage, Suppression
from services.mailer.models.templates import TemplateDraft, TemplateVersion

__all__ = [
    "Attempt",
    "Base",
    "Letter",
    "LetterHour",
    "LetterWords",
    "Queue",
    "ReturnedMessage",
    "SealingKey",
    "SigningKey",
    "Suppression",
    "TemplateDraft",
    "TemplateVersion",
    "Withdrawal",
    "Worker",
]
