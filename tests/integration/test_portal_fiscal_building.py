"""Fiscal documents that are built: after the settings of the agency, with the key of the operator."""

from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from services.portal.queries.agency import agency_of
from services.portal.rules.fiscal.reading import read_document
from services.portal.rules.invoices import make_line
from services.portal.settings import Settings
from shared.settings import SettingsError
from tests.support.alone import Alone, portal_alone
from tests.support.billing import credit, issue
from tests.support.clientarea import Browser
from tests.support.documents import agency, page_of, stored
from tests.support.fiscal import COLOMBIA, certificate, rent


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


def fill_in(portal: Alone, browser: Browser, **more: str) -> Any:
    """Save the fiscal settings for Colombia as an administrator."""
    return browser.post("/backoffice/portal/agency/fiscal", **{**COLOMBIA.dump(), **more})


def test_the_settings_keep_their_secrets_to_themselves(portal: Alone) -> None:
    admin = portal.staff("administrator")
    assert fill_in(portal, admin).status_code == 303
    with portal.db.read() as session:
        kept = str(agency_of(session).fiscal)
    assert COLOMBIA.resolution in kept
    shown = admin.get("/backoffice/portal/agency/fiscal").text
    for secret in (COLOMBIA.technical_key, COLOMBIA.software_pin):
        assert secret not in kept
        assert f'value="{secret}"' not in shown
    wrong = fill_in(portal, admin, municipality="1", first_number="x")
    assert wrong.status_code == 422
    assert "municipality-error" in wrong.text
    assert portal.staff("agent").get("/backoffice/portal/agency/fiscal").status_code == 403


def test_a_colombian_document_is_built_after_the_settings_and_a_note_refers_to_it(portal: Alone) -> None:
    agency(portal)
    party, agent = portal.party(), portal.staff()
    invoice = issue(portal.db, party, lines=[rent()], number="FV-000123")
    early = agent.post(f"{page_of(invoice)}/build", form=page_of(invoice))
    assert early.status_code == 422
    assert "resolución" in early.text
    admin = portal.staff("administrator")
    fill_in(portal, admin)
    fill_in(portal, admin, technical_key="", software_pin="")  # left empty: kept
    assert agent.post(f"{page_of(invoice)}/build", form=page_of(invoice)).status_code == 303
    file = stored(portal, invoice)
    assert file
    read = read_document(agent.get(f"{page_of(invoice)}/{file.id}", buffered=True).data)
    assert (read.number, read.total, len(read.code)) == ("FV123", invoice.subtotal + invoice.tax_total, 96)

    note = credit(portal.db, invoice, invoice.total)
    assert agent.post(f"{page_of(note)}/build", form=page_of(note)).status_code == 303
    made = stored(portal, note)
    assert made
    assert read.code.encode() in agent.get(f"{page_of(note)}/{made.id}", buffered=True).data


def test_a_mexican_document_is_built_and_signed_with_the_key_of_the_settings(tmp_path, sqlite_url) -> None:
    key, made = certificate()
    files = {"fiscal_certificate": tmp_path / "csd.p12", "fiscal_password_file": tmp_path / "password"}
    sealed = pkcs12.serialize_key_and_certificates(b"csd", key, made, None, BestAvailableEncryption(b"clave"))
    files["fiscal_certificate"].write_bytes(sealed)
    files["fiscal_password_file"].write_text("clave\n")
    with portal_alone(tmp_path, sqlite_url, **files) as portal:
        mexican = {"country": "MX", "document_type": "RFC", "document_number": "EKU9003173C9", "postal_code": "42501"}
        agency(portal, **mexican, fiscal={"mx": {"regime": "601"}}, currency="MXN")
        line = make_line("Renta", Decimal(1), Decimal(8500), [("IVA", Decimal(16))])
        invoice, agent = issue(portal.db, portal.party(), lines=[line], currency="MXN"), portal.staff()
        sent = agent.post(f"{page_of(invoice)}/build", form=page_of(invoice), way="03")
        assert sent.status_code == 303, sent.text
        file = stored(portal, invoice)
        assert file
        read = read_document(agent.get(f"{page_of(invoice)}/{file.id}", buffered=True).data)
        assert (read.total, read.signed, read.validated) == (Decimal("9860.00"), True, False)
        assert "general" in agent.get(page_of(invoice)).text or "XAXX010101000" in agent.get(page_of(invoice)).text


def test_a_key_that_does_not_fit_stops_the_start_and_is_named(tmp_path, sqlite_url) -> None:
    (key, _), (_, other) = certificate(), certificate()
    cert, private = tmp_path / "c.cer", tmp_path / "c.key"
    cert.write_bytes(other.public_bytes(Encoding.DER))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for given in ({"fiscal_key": private}, {"fiscal_key": tmp_path / "none"}, {"fiscal_key": cert}, {}):
        with pytest.raises(SettingsError, match="PORTERIA_FISCAL"):
            Settings(data=tmp_path, database_pattern=sqlite_url, fiscal_certificate=cert, **given)
