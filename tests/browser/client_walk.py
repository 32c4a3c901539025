"""What a client does on a phone, and what the agency does about it, step by step in the Spanish pages."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from services.portal.rules.fiscal.source import Person
from services.portal.rules.fiscal.ubl import build_ubl
from services.portal.rules.invoices import make_line
from services.portal.rules.profile import masked_address
from tests.browser.steps import choose_own_password, document_of, is_at_home, name_of, sign_in
from tests.support.billing import today
from tests.support.cases import photo
from tests.support.fiscal import COLOMBIA, source
from tests.support.people import person
from tests.support.smtp import ReceivedLetter
from tests.support.system import Client
from tests.support.waiting import wait_until
from tests.support.walking import Walker

NUMBER = 1
FIRST, OWN = "caracol-azul-vuela-7", "tejado nube cincel 42"
OLD_ADDRESS, NEW_ADDRESS = f"persona{NUMBER}@example.com", "otra.persona@example.com"
RENT, LATE, FEE = "1850000", "1790000.50", "310000"
BILLS = {LATE: -20, RENT: 5, FEE: 9}
SUBJECT, ANSWER = "El ascensor no funciona", "El técnico va el martes a las 9."
LONG = 30_000  # milliseconds for what a worker does
FORM = "customerarea/cases/new"

Letters = Callable[[str], list[ReceivedLetter]]
"""The letters to an address."""


@dataclass(frozen=True)
class Owing:
    """The client's id, and those of their invoices by amount."""

    party: str
    ids: dict[str, str]


# Before


def prepare(rest: Client, number: int = NUMBER, bills: Mapping[str, int] = BILLS) -> Owing:
    """A tenant with a first password and invoices: amount, and in how many days it is due."""
    party = rest.post("directory/v1/parties", person(number))["id"]
    given = {"party_id": party, "mode": "manual", "password": FIRST, "delivery": "none"}
    _once_known(rest, "identity/v1/credentials", given)
    made = [_once_known(rest, "portal/v1/invoices", _invoice(party, *one)) for one in bills.items()]
    return Owing(party, {amount: invoice["id"] for amount, invoice in zip(bills, made, strict=True)})


def _once_known(rest: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a service answers as soon as it has heard of the party."""

    def answered() -> dict[str, Any] | None:
        answer = rest.call("POST", path, json=body)
        return answer.json() if answer.ok else None

    return wait_until(answered, timeout=30, message=path)


def _invoice(party: str, amount: str, due_in: int) -> dict[str, Any]:
    return {
        "party_id": party,
        "external_id": amount,
        "issued_on": (today() + timedelta(min(due_in, 0))).isoformat(),
        "due_on": (today() + timedelta(due_in)).isoformat(),
        "property_name": "Apartamento 301",
        "lines": [{"description": f"Cobro de {amount}", "unit_price": amount}],
    }


def fiscal_document(number: str, of: int) -> bytes:
    """The XML that the agency's provider made for the rent of this person."""
    line = make_line(f"Cobro de {RENT}", Decimal(1), Decimal(RENT))
    tenant = Person(document_type="CC", document_number=document_of(of), name=name_of(of), email="")
    return build_ubl(source(line, number=number, receiver=tenant, issued_on=today()), COLOMBIA).content


def attach_fiscal_document(agent: Walker, invoice: str, of: int = NUMBER) -> None:
    page = agent.page
    page.goto(f"/backoffice/portal/invoices/{invoice}")
    number = page.get_by_role("heading", level=1).inner_text().split()[-1]
    agent.press("Documentos fiscales")
    page.get_by_label("XML o PDF").set_input_files(
        {"name": "factura.xml", "mimeType": "application/xml", "buffer": fiscal_document(number, of)}
    )
    agent.press("Comparar y adjuntar")
    expect(page.get_by_role("heading", name="XML")).to_be_visible()
    agent.see("agente-documento-fiscal")


# The client


def sign_in_for_the_first_time(client: Walker, number: int = NUMBER) -> None:
    sign_in(client, document_of(number), FIRST)
    choose_own_password(client, FIRST, OWN)
    is_at_home(client, number)


def see_what_is_due(client: Walker, total: str) -> None:
    main = client.page.get_by_role("main")
    expect(main).to_contain_text(re.compile(rf"Por pagar\s+\$\s?{re.escape(total)}"))
    expect(main).to_contain_text("Vencida hace 20 días")
    client.see("inicio")


def download(page: Page, press: Callable[[], None]) -> bytes:
    with page.expect_download() as waiting:
        press()
    return Path(waiting.value.path()).read_bytes()


def read_an_invoice(client: Walker) -> None:
    """Open the rent, and get it on paper and as the authority knows it."""
    page = client.page
    client.press("Facturas")
    client.see("facturas")
    page.get_by_role("link", name=f"Cobro de {RENT}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Factura")
    client.see("factura")
    assert download(page, lambda: client.press("Descargar PDF")).startswith(b"%PDF-")
    assert b"CUFE" in download(page, lambda: client.press("Documento fiscal (XML)"))


def pay_two_online(client: Walker) -> None:
    """Tick two of three, pay them at the trial gateway, and come back to the receipt."""
    page = client.page
    page.goto("/customerarea/invoices?state=open")
    for amount in (LATE, RENT):
        page.locator(".bill", has_text=f"Cobro de {amount}").get_by_role("checkbox").check()
    client.press("Pagar")
    client.heading("Pagar en línea")
    expect(page.locator(".to-pay-total")).to_contain_text("3.640.000,50")
    client.see("pagar")
    client.press("Ir a pagar")
    client.heading("Pasarela de prueba")
    client.see("pasarela")
    client.press("Aprobar")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Su pago fue recibido", timeout=LONG)
    client.see("pagado")


def see_them_paid(client: Walker) -> None:
    page = client.page
    client.press("Ver el recibo")
    client.heading("Recibo")
    client.see("recibo")
    assert download(page, lambda: client.press("Descargar PDF")).startswith(b"%PDF-")
    page.goto("/customerarea/invoices?state=open")
    expect(page.locator(".bill")).to_have_count(1)
    page.goto("/customerarea/invoices?state=settled")
    expect(page.locator(".bill").filter(has_text="Pagada")).to_have_count(2)


def change_the_address(client: Walker, letters_to: Letters) -> None:
    """The link in the letter counts, and the former address is told."""
    page = client.page
    page.goto("/customerarea/profile")
    client.see("perfil")
    client.press("Cambiar mi correo")
    page.get_by_label("Correo nuevo").fill(NEW_ADDRESS)
    page.get_by_label("Su contraseña", exact=True).fill(OWN)
    client.press("Enviar el enlace")
    expect(page.get_by_role("main")).to_contain_text(NEW_ADDRESS)
    client.see("correo-por-confirmar")
    letter = wait_until(lambda: letters_to(NEW_ADDRESS), timeout=30)[0]
    link = re.search(r"/customerarea/\S+\?token=\S+", letter.text)
    assert link, letter.text
    page.goto(link[0])
    client.see("correo-confirmar")
    client.press("Confirmar esta dirección")
    former, masked = OLD_ADDRESS, masked_address(NEW_ADDRESS)
    told = wait_until(lambda: [one for one in letters_to(former) if masked in one.text], timeout=30)
    assert "?token=" not in told[-1].text


def complain(client: Walker) -> None:
    page = client.page
    page.goto(f"/{FORM}")
    page.get_by_label("Queja", exact=True).check()
    page.get_by_label("Asunto").fill(SUBJECT)
    page.get_by_label("Cuéntenos qué pasó y qué solicita").fill("Desde el lunes no sube. Adjunto una foto.")
    page.get_by_label("Fotos o documentos").set_input_files(
        {"name": "ascensor.jpg", "mimeType": "image/jpeg", "buffer": photo().read()}
    )
    client.see("queja")
    client.press("Enviar la solicitud")
    client.heading(SUBJECT)
    expect(page.get_by_role("main")).to_contain_text("ascensor.jpg")
    client.see("queja-enviada")


def report_a_transfer(client: Walker) -> None:
    """The third invoice was paid at the bank."""
    page = client.page
    page.goto("/customerarea/invoices?state=open")
    page.locator("a.bill-what").click()
    client.press("Enviar el comprobante de pago")
    page.get_by_label("Valor").fill(FEE)
    page.get_by_label("Comprobante").set_input_files(
        {"name": "comprobante.jpg", "mimeType": "image/jpeg", "buffer": photo().read()}
    )
    client.see("reportar")
    client.press("Enviar")
    expect(page.get_by_role("main")).to_contain_text("comprobante.jpg")


def read_the_answer(client: Walker) -> None:
    page = client.page
    page.goto("/customerarea/cases")
    page.get_by_role("main").get_by_role("table").get_by_role("link").click()
    expect(page.get_by_role("main")).to_contain_text(ANSWER)
    client.see("queja-respondida")


def get_the_guide(client: Walker) -> None:
    page = client.page
    page.goto("/customerarea/")
    expect(page.get_by_role("main")).to_contain_text("Está al día")
    page.locator("summary", has_text="Menú").click()
    menu = page.get_by_role("navigation", name="Área de Clientes")
    assert download(page, menu.get_by_role("link", name="Descargar guía de usuario").click).startswith(b"%PDF-")


# The agency


def answer_the_complaint(agent: Walker) -> None:
    page = agent.page
    page.goto("/backoffice/portal/cases/")
    agent.see("agente-pqrs")
    page.get_by_role("row", name=SUBJECT).get_by_role("link").click()
    expect(page.get_by_role("main")).to_contain_text("ascensor.jpg")
    page.get_by_label("Mensaje al cliente").fill(ANSWER)
    agent.press("Enviar al cliente")
    expect(page.locator(".conversation")).to_contain_text(ANSWER)
    agent.see("agente-respuesta")


def see_the_payment(agent: Walker) -> None:
    page = agent.page
    page.goto("/backoffice/portal/payments/")
    page.get_by_role("row", name=re.compile(r"3\.640\.000,50")).get_by_role("link").click()
    expect(page.get_by_role("main")).to_contain_text("Pasarela de prueba")
    agent.see("agente-pago")
    assert download(page, lambda: agent.press("Recibo (PDF)")).startswith(b"%PDF-")


def accept_the_proof(agent: Walker) -> None:
    page = agent.page
    page.goto("/backoffice/portal/reports/")
    page.get_by_role("main").get_by_role("table").get_by_role("link").click()
    agent.see("agente-comprobante")
    agent.press("Aceptar y registrar el pago")
    expect(page.get_by_role("main")).to_contain_text("RC-")


def look_at_the_debts(agent: Walker) -> None:
    page = agent.page
    page.goto("/backoffice/portal/")
    expect(page.get_by_role("heading", name="Cartera por antigüedad, COP")).to_be_visible()
    assert page.locator(".chart img").evaluate("picture => picture.decode().then(() => picture.naturalWidth)")
    agent.see("agente-cartera")


def look_as_the_client(agent: Walker, party: str) -> None:
    """The area as the client sees it; nothing can be sent from there."""
    page = agent.page
    page.goto(f"/backoffice/portal/clients/{party}/view")
    page.get_by_label("Motivo para mirarla").fill("El cliente llamó por su factura.")
    agent.press("Ver el Área de Clientes")
    is_at_home(agent, NUMBER)
    expect(page.get_by_role("status").first).to_contain_text("Solo lectura.")
    agent.see("agente-como-cliente")
    token = page.locator("[name=csrf_token]").first.input_value()
    refused = page.request.post(f"/{FORM}", form={"csrf_token": token, "kind": "complaint", "subject": "Yo no"})
    assert refused.status == 403
    assert "solo puede mirar" in refused.text(), refused.text()
    agent.press("Salir")
