"""What the directory hears of parties: who signed in, how the latest letter ended; and the filters by it."""

import random
import uuid
from datetime import timedelta

import pytest

from shared import clock
from shared.db import new_id
from shared.events.identity import CredentialIssued, CredentialRevoked
from shared.events.mailer import LetterBounced, LetterFailed, LetterSent
from shared.events.portal import ClientSignedIn
from tests.support.directory import directory

START = clock.now().replace(microsecond=0)


@pytest.fixture
def made(tmp_path, database_url):
    with directory(tmp_path, database_url) as opened:
        yield opened


def at(minutes):
    return START + timedelta(minutes=minutes)


def key_of(party, credential=None):
    return CredentialIssued(
        credential_id=credential or new_id(), party_id=uuid.UUID(party["id"]), delivery="none", expires_at=at(60)
    )


def signed_in(party, minutes):
    return ClientSignedIn(party_id=uuid.UUID(party["id"]), at=at(minutes))


def letter(cls, party, minutes, address="nobody@example.com"):
    more = {} if cls is LetterSent else {"answer": "550 5.1.1 no such user"}
    party_id = uuid.UUID(party["id"]) if party else None
    return cls(letter_id=new_id(), kind="credential", address=address, at=at(minutes), party_id=party_id, **more)


def test_lists_are_filtered_by_keys_sign_ins_and_letters(made):
    none, waiting, used, gone = (made.register(number, name=name) for number, name in enumerate("NWUG"))
    gone_key = new_id()
    made.hear(key_of(waiting), key_of(used), signed_in(used, 5), key_of(gone, gone_key))
    made.hear(CredentialRevoked(credential_id=gone_key, party_id=uuid.UUID(gone["id"]), reason="revoked"))
    made.hear(letter(LetterFailed, waiting, 1), letter(LetterBounced, used, 1), letter(LetterSent, gone, 1))
    assert made.names("has_credentials=true") == ["U", "W"]
    assert made.names("has_credentials=false") == ["G", "N"]
    assert made.names("never_signed_in=true") == ["W"]
    assert made.names("never_signed_in=false") == ["G", "N", "U"]
    assert made.names("letter_failed=true") == ["U", "W"]
    assert made.names("letter_failed=false") == ["G", "N"]
    assert made.names("letter_failed=true&never_signed_in=true&q=w") == ["W"]
    assert made.call("GET", "/parties/count?letter_failed=true").json == {"count": 2}
    assert none["has_credentials"] is False


def test_a_party_tells_its_last_sign_in_and_how_its_latest_letter_ended(made):
    party = made.register()
    assert (party["signed_in_at"], party["letter_state"], party["letter_at"]) == (None, None, None)
    made.hear(signed_in(party, 3), letter(LetterSent, party, 2))
    shown = made.call("GET", f"/parties/{party['id']}").json
    assert shown["signed_in_at"].startswith(at(3).strftime("%Y-%m-%dT%H:%M"))
    assert (shown["letter_state"], shown["version"]) == ("sent", 1)


@pytest.mark.parametrize("seed", range(6))
def test_events_in_any_order_and_more_than_once_end_in_the_same(made, seed):
    party = made.register()
    events = [
        signed_in(party, 1),
        signed_in(party, 9),
        letter(LetterSent, party, 2),
        letter(LetterBounced, party, 4),
        letter(LetterFailed, party, 6),
        letter(LetterSent, party, 8),
    ]
    mixed = events * 2
    random.Random(seed).shuffle(mixed)
    made.hear(*mixed)
    shown = made.call("GET", f"/parties/{party['id']}").json
    assert (shown["letter_state"], shown["signed_in_at"][:16]) == ("sent", at(9).isoformat()[:16])


def test_a_letter_that_came_back_in_the_moment_of_its_sending_counts_as_returned(made):
    party = made.register()
    sent, bounced = letter(LetterSent, party, 1), letter(LetterBounced, party, 1)
    made.hear(sent, bounced, sent)
    assert made.names("letter_failed=true") == ["Persona 1"]


def test_letters_without_a_party_change_nobodys_facts(made):
    made.register()
    made.hear(letter(LetterFailed, None, 1), letter(LetterSent, None, 1))
    assert made.names("letter_failed=true") == []


def test_the_list_shows_the_access_in_words(made):
    _, waiting, used = (made.register(number, name=name) for number, name in enumerate("NWU"))
    made.hear(key_of(waiting), key_of(used), signed_in(used, 5), letter(LetterFailed, waiting, 1))
    page = made.office().get("/").text
    for text in ("Sin clave", "Nunca ha ingresado", "Ingresó el", "Última carta falló"):
        assert text in page
    filtered = made.office().get("/?never_signed_in=yes").text
    assert "1 tercero<" in filtered
    assert made.office().get("/?letter_failed=yes").text.count("Última carta falló") == 1
