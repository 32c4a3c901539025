"""A sealed secret can be opened by the mailer only, and was made by identity for this letter only."""

import base64
import dataclasses

import pytest
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey

from shared.events.identity import SealedSecret
from shared.sealing import (
    SealBroken,
    SealContext,
    Sealer,
    check_signature,
    open_for_address,
    open_sealed,
    seal_for_address,
)

READER, SIGNER = PrivateKey.generate(), SigningKey.generate()
CONTEXT = SealContext(subject="credential-1", address="ana@example.com")


def sealed(signer: SigningKey = SIGNER, context: SealContext = CONTEXT) -> SealedSecret:
    return Sealer("m1", bytes(READER.public_key), "i1", bytes(signer)).seal("q7f3-password", context)


def opened(secret: SealedSecret, context: SealContext = CONTEXT) -> str:
    return open_sealed(check_signature(secret, context, bytes(SIGNER.verify_key)), bytes(READER))


def test_the_reader_gets_the_secret_and_the_event_does_not_show_it() -> None:
    secret = sealed()
    assert opened(secret) == "q7f3-password"
    assert b"q7f3" not in base64.b64decode(secret.ciphertext)


@pytest.mark.parametrize(
    "other", [SealContext("credential-2", "ana@example.com"), SealContext("credential-1", "eve@x")]
)
def test_a_box_copied_into_another_letter_is_refused(other: SealContext) -> None:
    with pytest.raises(SealBroken):
        opened(sealed(), other)


def test_a_box_that_identity_did_not_sign_is_refused() -> None:
    with pytest.raises(SealBroken):
        opened(sealed(SigningKey.generate()))


@pytest.mark.parametrize("field", ["ciphertext", "signature"])
@pytest.mark.parametrize("value", ["", "!!", "AAAA", "ñ"])
def test_an_altered_box_is_refused_without_a_crash(field: str, value: str) -> None:
    with pytest.raises(SealBroken):
        opened(dataclasses.replace(sealed(), **{field: value}))


def test_another_reader_cannot_open_it() -> None:
    ciphertext = check_signature(sealed(), CONTEXT, bytes(SIGNER.verify_key))
    with pytest.raises(SealBroken):
        open_sealed(ciphertext, bytes(PrivateKey.generate()))


def test_what_is_sealed_for_an_address_opens_for_that_address_and_as_nothing_else() -> None:
    secret = seal_for_address("token-ñ", "ana@example.com", "m1", bytes(READER.public_key))
    ciphertext, private = base64.b64decode(secret.ciphertext), bytes(READER)
    assert open_for_address(ciphertext, "ana@example.com", private) == "token-ñ"
    for address in ("eve@example.com", "ANA@example.com", ""):
        with pytest.raises(SealBroken):
            open_for_address(ciphertext, address, private)
    with pytest.raises(SealBroken):
        open_for_address(ciphertext, "ana@example.com", bytes(PrivateKey.generate()))


@pytest.mark.parametrize("inside", ["q7f3-password", "[]", '["x", "ana@example.com", "y"]', "3", "null"])
def test_a_box_of_another_kind_opens_for_no_address(inside: str) -> None:
    box = SealedBox(READER.public_key).encrypt(inside.encode())
    with pytest.raises(SealBroken):
        open_for_address(box, "ana@example.com", bytes(READER))
