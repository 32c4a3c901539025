"""A client lets the accountant in, as the guide of the panel shows it, and what the accountant then does on a phone."""

import re

from playwright.sync_api import expect

from tests.browser.client_walk import RENT, Letters, download
from tests.browser.steps import sign_in
from tests.support.smtp import ReceivedLetter
from tests.support.waiting import wait_until
from tests.support.walking import Walker

NUMBER = 2
HOLDER, CONTACT = f"persona{NUMBER}@example.com", "contadora@example.com"
PASSWORD = "faro limón cometa 58"
LONG = 30_000  # milliseconds for what a worker does


def add_the_accountant(client: Walker) -> None:
    """Contactos, + Nuevo contacto, her data, Sub-cuenta activada, Ver y pagar facturas, Recordatorio de pago, save."""
    page = client.page
    page.goto("/customerarea/profile")
    client.press("Contactos")
    client.heading("Contactos")
    client.see("contactos-vacio")
    client.press("+ Nuevo contacto")
    client.heading("Nuevo contacto")
    page.get_by_label("Nombre").fill("Ana Contadora")
    page.get_by_label("Correo electrónico").fill(CONTACT)
    page.get_by_label("Sub-cuenta activada").check()
    page.get_by_label("Ver y pagar facturas", exact=True).check()
    page.get_by_label("Recordatorio de pago", exact=True).check()
    client.see("contacto-nuevo")
    client.press("Guardar cambios")
    expect(page.get_by_role("main")).to_contain_text("Ana Contadora")
    expect(page.get_by_role("main")).to_contain_text("Con invitación")
    client.see("contactos")


def accept_the_invitation(contact: Walker, letters_to: Letters) -> None:
    """The link of the letter, the code of the other one, and an own password."""
    page = contact.page
    letter = wait_until(lambda: letters_to(CONTACT), timeout=30)[0]
    assert "Persona Número 2" in letter.text
    link = re.search(r"/customerarea/invitation\?token=\S+", letter.text)
    assert link, letter.text
    page.goto(link[0])
    contact.heading("le invita")
    contact.see("invitacion")
    contact.press("Enviarme el código")
    told = wait_until(lambda: [one for one in letters_to(CONTACT) if "Código:" in one.text], timeout=30)[0]
    code = re.search(r"Código: (\d{6})", told.text)
    assert code, told.text
    page.get_by_label("Código de la carta").fill(code[1])
    page.get_by_label("Contraseña nueva", exact=True).fill(PASSWORD)
    page.get_by_label("Repita la contraseña nueva", exact=True).fill(PASSWORD)
    contact.see("invitacion-contrasena")
    contact.press("Aceptar y entrar")
    expect(page.get_by_role("main")).to_contain_text("1.850.000")
    contact.see("contacto-inicio")


def sign_in_again(contact: Walker) -> None:
    """With her e-mail and her own password."""
    contact.page.context.clear_cookies()
    sign_in(contact, CONTACT, PASSWORD)
    expect(contact.page.get_by_role("main")).to_contain_text("1.850.000")


def see_nothing_else(contact: Walker) -> None:
    """The menu and the pages agree: invoices and paying, and one's own sign-in."""
    page = contact.page
    shown = {link.get_attribute("href") for link in page.locator("nav a").all()}
    assert "/customerarea/invoices" in {(one or "").rstrip("/") for one in shown}
    for closed in ("cases", "receipts", "statement", "profile", "contacts", "activity", "letters", "income"):
        answer = page.goto(f"/customerarea/{closed}")
        assert (answer.status if answer else 0) == 403, closed
        assert not shown & {f"/customerarea/{closed}", f"/customerarea/{closed}/"}, closed
    expect(page.get_by_role("main")).to_contain_text("Persona Número 2")
    contact.see("sin-permiso")


def remind_today(agent: Walker, letters_to: Letters) -> None:
    """The agency switches the letter of the due date on; however often the day is run, it goes once to each."""
    page = agent.page
    page.goto("/backoffice/portal/agency")
    page.locator("#daily_hour").fill("0")
    page.locator("#daily_hour").press("Enter")
    page.goto("/backoffice/portal/reminders")
    agent.see("recordatorios")
    page.get_by_role("link", name="Cambiar (Inquilinos)").click()
    page.locator("#on_reminder_due").check()
    agent.see("recordatorios-inquilinos")
    agent.press("Guardar")
    for _ in range(2):
        repeat_today(agent)
        wait_until(lambda: reminders_to(letters_to, HOLDER) and reminders_to(letters_to, CONTACT), timeout=60)
    repeat_today(agent)  # once it can be repeated, the one before is through
    assert len(reminders_to(letters_to, HOLDER)) == len(reminders_to(letters_to, CONTACT)) == 1
    agent.see("recordatorios-hechos")


def repeat_today(agent: Walker) -> None:
    """Press the button that is there once today's run is through."""
    page = agent.page

    def offered() -> bool:
        page.goto("/backoffice/portal/reminders")
        return page.get_by_role("link", name="Repetir el de hoy").count() > 0

    wait_until(offered, timeout=60)
    agent.press("Repetir el de hoy")
    agent.press("Repetir los recordatorios de hoy")


def reminders_to(letters_to: Letters, address: str) -> list[ReceivedLetter]:
    return [letter for letter in letters_to(address) if "vence hoy" in str(letter.message["Subject"])]


def read_download_and_pay(contact: Walker) -> None:
    """The fiscal document too."""
    page = contact.page
    page.goto("/customerarea/invoices")
    page.get_by_role("link", name=f"Cobro de {RENT}").click()
    assert download(page, lambda: contact.press("Descargar PDF")).startswith(b"%PDF-")
    assert b"CUFE" in download(page, lambda: contact.press("Documento fiscal (XML)"))
    contact.see("contacto-factura")
    page.goto("/customerarea/invoices?state=open")
    page.locator(".bill", has_text=f"Cobro de {RENT}").get_by_role("checkbox").check()
    contact.press("Pagar")
    contact.press("Ir a pagar")
    contact.press("Aprobar")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Su pago fue recibido", timeout=LONG)
    contact.see("contacto-pagado")
