"""What identity does when it hears of something. Every handler takes a list and asks the database in bulk."""

import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from services.identity.actions.auditing import append_acts
from services.identity.actions.lifecycle import deliver_credentials, fail_letters
from services.identity.actions.parties import copy_parties
from shared.events.acts import ACT_EVENTS, Act
from shared.events.directory import PartyDeactivated, PartyRegistered, PartyUpdated
from shared.events.mailer import LetterBounced, LetterCancelled, LetterFailed, LetterSent
from shared.inbox import Handlers, handled_envelopes

CHUNK = 500


def on_party_told(session: Session, events: list[Any]) -> None:
    """Each event of the directory carries the whole party."""
    for start in range(0, len(events), CHUNK):
        copy_parties(session, events[start : start + CHUNK])


def on_letter_sent(session: Session, events: list[LetterSent]) -> None:
    """A delivered password is the valid one from now on."""
    about = sorted((one for one in events if one.credential_id), key=lambda one: one.at)
    for _, group in groupby(about, key=lambda one: one.at.replace(microsecond=0)):  # together, to the second
        letters = list(group)
        for ids in _chunks([one.credential_id for one in letters if one.credential_id]):
            deliver_credentials(session, ids, letters[-1].at)


def on_letter_cancelled(session: Session, events: list[LetterCancelled]) -> None:
    """A credential that nobody will read of is none; the former one goes on."""
    _end(session, events, "letter_cancelled")


def on_letter_failed(session: Session, events: list[LetterFailed] | list[LetterBounced]) -> None:
    """Neither is one whose letter never arrived."""
    _end(session, events, "letter_failed")


def on_act_recorded(session: Session, _events: list[Act]) -> None:
    """What somebody did, in whichever service, goes to the audit trail."""
    append_acts(session, handled_envelopes())


def _end(session: Session, events: Sequence[Any], happening: str) -> None:
    for ids in _chunks([one.credential_id for one in events if one.credential_id]):
        fail_letters(session, ids, happening)


def _chunks(ids: list[uuid.UUID]) -> list[list[uuid.UUID]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


HANDLERS: Handlers = {
    PartyRegistered: on_party_told,
    PartyUpdated: on_party_told,
    PartyDeactivated: on_party_told,
    LetterSent: on_letter_sent,
    LetterCancelled: on_letter_cancelled,
    LetterFailed: on_letter_failed,
    LetterBounced: on_letter_failed,
    **dict.fromkeys(ACT_EVENTS.values(), on_act_recorded),
}
