"""Material for fiscal documents: throw-away certificates, an agency's settings, and documents of providers."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from services.portal.rules.fiscal.cfdi import Receiver, build_cfdi
from services.portal.rules.fiscal.settings import Colombia, Mexico
from services.portal.rules.fiscal.source import Person, Source
from services.portal.rules.invoices import Line, make_line, totals_of

NIT, CC, RFC, OTHER_RFC = "900373115-3", "1020304050", "EKU9003173C9", "XIQB891116QE4"
COLOMBIA = Colombia(
    resolution="18760000001",
    resolution_from="2026-01-01",
    resolution_until="2027-12-31",
    prefix="FV",
    first_number="1",
    last_number="5000",
    technical_key="693ff6f2a553c3646a063436fd4dd9ded0311471",
    software_id="56f2ae4e-9812-4fad-9255-08fcfcd5ccb0",
    software_pin="12345",
    municipality="11001",
    department="Bogotá, D.C.",
)
MEXICO = Mexico(regime="601")
STAMP = (
    b'<cfdi:Complemento><tfd:TimbreFiscalDigital xmlns:tfd="http://www.sat.gob.mx/TimbreFiscalDigital" Version="1.1" '
    b'UUID="5fb2822e-396d-4725-8521-cdc4bdd20ccf"/></cfdi:Complemento>'
)
BOGOTA = timezone(timedelta(hours=-5))


def certificate() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A key and a certificate that nobody trusts, with the fields that a CSD has."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CO"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Prueba"),
            x509.NameAttribute(NameOID.COMMON_NAME, "ESCUELA KEMPER URGATE"),
            x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, f"{RFC} / VADA800927DJ3"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, " / VADA800927HSRSRL05"),
        ]
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int(b"30001000000500003416".hex(), 16))
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, made


def rent(**more: Any) -> Line:
    """A line with a tax and a withholding."""
    amounts = {"quantity": Decimal(1), "unit_price": Decimal("1500000.05")} | more
    return make_line(
        "Canon de arrendamiento <local 101> & cía.",
        **amounts,
        taxes=[("IVA", Decimal(19))],
        withholdings=[("ReteFuente", Decimal("3.5"))],
    )


def source(*lines: Line, mexican: bool = False, **more: Any) -> Source:
    """An issued invoice of an agency for a tenant."""
    listed = lines or (rent(),)
    totals = totals_of(listed)
    issuer = Person(
        document_type="RFC" if mexican else "NIT",
        document_number=RFC if mexican else NIT,
        name="Escuela Kemper Urgate" if mexican else "Inmobiliaria Los Álamos S.A.S.",
        email="hola@example.com",
        address="Calle 10 # 20-30",
        city="Ciudad de México" if mexican else "Bogotá",
        postal_code="42501" if mexican else "110111",
    )
    receiver = Person(
        document_type="RFC" if mexican else "CC",
        document_number=OTHER_RFC if mexican else CC,
        name="Berenice Ximo Quezada",
        email="be@example.com",
    )
    given: dict[str, Any] = {
        "kind": "invoice",
        "role": "tenant",
        "number": "FV-000123",
        "issued_on": date(2026, 11, 20),
        "due_on": date(2026, 12, 5),
        "moment": datetime(2026, 11, 20, 10, 53, 10, tzinfo=BOGOTA),
        "currency": "MXN" if mexican else "COP",
        "lines": listed,
        "subtotal": totals.subtotal,
        "tax_total": totals.tax_total,
        "withholding_total": totals.withholding_total,
        "total": totals.total,
        "notes": "",
        "issuer": issuer,
        "receiver": receiver,
    }
    return Source(**given | more)


def stamped_cfdi(**more: Any) -> bytes:
    """A CFDI as a PAC gives it back, with a stamp that nobody made."""
    line = make_line(
        "Renta",
        Decimal(3),
        Decimal("1234.565"),
        [("IVA", Decimal(16))],
        [("ISR", Decimal("1.25")), ("Ret. IVA", Decimal("10.6667"))],
    )
    receiver = Receiver(regime="612", use="G03", postal_code="06000")
    content = build_cfdi(source(*more.pop("lines", (line,)), mexican=True, **more), MEXICO, receiver, certificate())
    return content.replace(b"</cfdi:Comprobante>", STAMP + b"</cfdi:Comprobante>")
