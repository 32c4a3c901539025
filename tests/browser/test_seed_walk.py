"""The steps of the agency's own guide, as an agent and the clients do them, over the running system."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.support import letters
from tests.support.embedded import EmbeddedRun
from tests.support.people import as_csv, person
from tests.support.smtp import ReceivedLetter
from tests.support.waiting import wait_until
from tests.support.walking import Walker

pytestmark = pytest.mark.browser

TENANTS, OWNERS = 600, 400
FIRST, LAST = 600, 999  # numbers of the owners, in the order of the file and so of their letters
WITHOUT_ADDRESS, NO_CLASS = 700, 10
LEFT_OUT = (900, 901)
HAS_CHOSEN_ONE, HAS_A_TYPED_ONE, HAS_NONE = 999, 998, 997
OWN_PASSWORD = "tejado nube cincel 42"
TYPED, TYPED_LATER, TYPED_FOR_NOBODY = "lámpara verde y pan 7", "puente azul con sal 8", "ventana gris de maíz 9"


def name_of(number: int) -> str:
    return f"Persona Número {number}"


def document_of(number: int) -> str:
    return str(10_000_000 + number)


def agency() -> bytes:
    """1,000 people: one row has no class and so a problem, one owner has no address."""
    people = [person(number, classes="tenant" if number < FIRST else "owner") for number in range(TENANTS + OWNERS)]
    people[WITHOUT_ADDRESS]["emails"] = []
    return as_csv(people).replace(f"{name_of(NO_CLASS)},inquilino".encode(), f"{name_of(NO_CLASS)},vecino".encode())


# The agent


def sign_in_as_administrator(agent: Walker, password: str) -> None:
    agent.page.goto("/backoffice/")
    agent.heading("Ingreso del personal")
    agent.see("ingreso-personal")
    agent.page.get_by_label("Usuario").fill("admin")
    agent.page.get_by_label("Contraseña").fill(password)
    agent.press("Ingresar")
    expect(agent.page.get_by_role("heading", name="Administración")).to_be_visible()
    agent.see("inicio")


def import_the_agency(agent: Walker) -> None:
    page = agent.page
    page.goto("/backoffice/directory/")
    agent.see("terceros-vacio")
    agent.press("Importar")
    agent.see("importar")
    page.get_by_label("Archivo CSV").set_input_files(
        {"name": "agencia.csv", "mimeType": "text/csv", "buffer": agency()}
    )
    agent.press("Subir y revisar")
    expect(page.get_by_role("button", name="Aplicar la importación")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("main")).to_contain_text("se registran 999 terceros nuevos")
    expect(page.get_by_role("row", name=re.compile("vecino"))).to_contain_text("clase")
    agent.see("importar-revision")
    agent.press("Aplicar la importación")
    expect(page.get_by_text("La importación terminó.")).to_be_visible(timeout=30_000)
    agent.see("importar-terminada")
    page.goto("/backoffice/directory/imports")
    agent.see("importaciones")
    page.goto("/backoffice/directory/")
    expect(page.get_by_text("999 terceros")).to_be_visible()
    agent.see("terceros")


def open_for_editing(agent: Walker, number: int) -> None:
    """From the menu, by a filter, to *Editar tercero*."""
    page = agent.page
    page.goto("/backoffice/directory/")
    page.get_by_label("Documento").fill(document_of(number))
    agent.press("Filtrar")
    page.get_by_role("link", name=name_of(number), exact=True).click()
    agent.heading(name_of(number))
    agent.press("Editar tercero")
    expect(page.get_by_role("heading", name="Datos personales")).to_be_visible()
    expect(page.get_by_role("heading", name="Clave de acceso (Área de Clientes)")).to_be_visible()


def generate_at_random(agent: Walker, number: int) -> None:
    page = agent.page
    open_for_editing(agent, number)
    agent.see("editar-tercero")
    agent.press("Generar contraseña aleatoria")
    expect(page.get_by_role("main")).to_contain_text(f"persona{number}@example.com")
    agent.see("generar-contrasena")
    agent.press("Cancelar")
    agent.press("Generar contraseña aleatoria")
    agent.press("Aceptar")
    expect(page.get_by_role("main")).to_contain_text("La contraseña se emitió")
    agent.see("tercero-con-clave")


def type_a_password(agent: Walker, number: int, password: str) -> None:
    open_for_editing(agent, number)
    agent.press("Escribir una contraseña")
    agent.see("escribir-contrasena")
    agent.page.get_by_label("Contraseña nueva para el cliente").fill(password)
    agent.press("Actualizar tercero")
    expect(agent.page.get_by_role("main")).to_contain_text("La contraseña se emitió")


def save_another_field(agent: Walker, number: int) -> None:
    open_for_editing(agent, number)
    agent.page.get_by_label("notas").fill("Llamar por la tarde.")
    agent.press("Actualizar tercero")
    expect(agent.page.get_by_text("Guardado. Por guardar no sale ninguna carta.")).to_be_visible()


def send_slowly(agent: Walker, per_second: str) -> None:
    agent.page.goto("/backoffice/mailer/queue")
    agent.see("ritmo")
    agent.page.get_by_label("Máximo de cartas por segundo", exact=True).fill(per_second)
    agent.press("Guardar")
    expect(agent.page.get_by_text("Vale desde ahora")).to_be_visible()


def issue_to_all_owners_but_two(agent: Walker) -> None:
    page = agent.page
    page.goto("/backoffice/identity/")
    agent.heading("Generar y enviar contraseñas de terceros")
    page.get_by_label("Propietarios", exact=True).check()
    page.get_by_label("Exceptuar seleccionados").check()
    agent.see("generar-y-enviar")
    for number in LEFT_OUT:
        page.get_by_label("Documento").fill(document_of(number))
        agent.press("Filtrar")
        page.get_by_label(f"Seleccionar {name_of(number)}").check()
        agent.press("Guardar selección")
    expect(page.get_by_role("heading", name="Terceros seleccionados: 2")).to_be_visible()
    page.get_by_label("Propietarios", exact=True).check()
    page.get_by_label("Exceptuar seleccionados").check()
    agent.press("GENERAR CONTRASEÑAS")
    expect(page.locator(".confirm-number")).to_have_text(str(OWNERS - len(LEFT_OUT) - 1))
    expect(page.get_by_role("row", name=re.compile(name_of(WITHOUT_ADDRESS)))).to_contain_text("Sin correo electrónico")
    agent.see("generar-confirmar")
    agent.press("Aceptar")
    expect(page.get_by_text("Terminado")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("main")).to_contain_text(str(OWNERS - len(LEFT_OUT) - 1))
    agent.see("lote")


def pause_before_it_is_through(agent: Walker) -> None:
    page = agent.page
    agent.press("Terceros a la espera de envío")
    agent.heading("Terceros a la espera de envío")
    expect(page.get_by_text("Pendiente", exact=True).first).to_be_visible()
    agent.press("Pausar envíos")
    expect(page.get_by_text("Los envíos están en pausa.").first).to_be_visible()
    agent.see("espera-en-pausa")


def cancel_what_waits(agent: Walker) -> None:
    page = agent.page
    page.goto("/backoffice/mailer/")
    agent.press("CANCELAR ENVÍOS PENDIENTES")
    expect(page.locator(".confirm-number")).to_have_text(re.compile(r"^[1-9]\d*$"))
    waiting = page.locator(".confirm-number").inner_text()
    agent.see("cancelar-confirmar")
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_text(f"Se cancelaron {waiting} envíos.")).to_be_visible()
    agent.see("espera-vacia")
    agent.press("Reanudar envíos")
    expect(page.get_by_text("Los envíos continúan.")).to_be_visible()


def read_in_the_local_mailbox(agent: Walker, number: int) -> tuple[str, str]:
    """User and password of the newest letter to a person, read from the page."""
    page = agent.page
    page.goto("/backoffice/mailer/sink")
    agent.see("buzon-local")
    page.get_by_label("Destinatario o asunto").fill(f"persona{number}@example.com")
    agent.press("Filtrar")
    page.get_by_role("table").get_by_role("link").first.click()
    agent.see("buzon-carta")
    return letters.credentials_in(page.locator("pre").inner_text())


# The clients


def sign_in(client: Walker, login: str, password: str) -> None:
    client.page.goto("/customerarea/")
    client.heading("Ingresar")
    client.page.get_by_label("Número de documento o correo").fill(login)
    client.page.get_by_label("Contraseña", exact=True).fill(password)
    client.press("Ingresar")


def is_refused(client: Walker, login: str, password: str) -> None:
    sign_in(client, login, password)
    expect(client.page.get_by_role("alert")).to_contain_text("El usuario o la contraseña no son correctos")


def choose_own_password(client: Walker, present: str, chosen: str) -> None:
    client.heading("Elija su propia contraseña")
    client.page.goto("/customerarea/")
    client.heading("Elija su propia contraseña")  # there is no way around it
    client.see("cliente-elegir")
    client.page.get_by_label("Contraseña actual").fill(present)
    client.page.get_by_label("Contraseña nueva", exact=True).fill(chosen)
    client.page.get_by_label("Repita la contraseña nueva").fill(chosen)
    client.press("Guardar la contraseña")


def is_at_home(client: Walker, number: int) -> None:
    client.heading(f"Hola, {name_of(number)}")


def sign_out(client: Walker) -> None:
    client.press("Cerrar sesión")
    client.heading("Ingresar")


def sign_in_for_the_first_time(client: Walker, number: int, login: str, password: str, chosen: str) -> None:
    sign_in(client, login, password)
    choose_own_password(client, password, chosen)
    is_at_home(client, number)
    client.see("cliente-inicio")
    sign_out(client)
    sign_in(client, login, chosen)
    is_at_home(client, number)
    sign_out(client)


def letters_to(running: EmbeddedRun, number: int) -> list[ReceivedLetter]:
    return [letter for letter in running.sink() if f"persona{number}@example.com" in letter.recipients[0]]


def test_from_the_list_of_people_to_a_key_in_each_hand(running: EmbeddedRun, open_page: OpenPage) -> None:
    agent, client = Walker(open_page(), "es"), Walker(open_page(phone=True), "es")
    sign_in_as_administrator(agent, running.system.admin_password)
    import_the_agency(agent)

    # One by one: at random, typed, and by saving nothing.
    generate_at_random(agent, HAS_CHOSEN_ONE)
    type_a_password(agent, HAS_A_TYPED_ONE, TYPED)
    wait_until(lambda: letters_to(running, HAS_CHOSEN_ONE) and letters_to(running, HAS_A_TYPED_ONE))
    save_another_field(agent, HAS_CHOSEN_ONE)
    login, password = read_in_the_local_mailbox(agent, HAS_CHOSEN_ONE)
    assert login == document_of(HAS_CHOSEN_ONE)
    client.page.goto("/customerarea/")
    client.see("cliente-ingreso")
    sign_in_for_the_first_time(client, HAS_CHOSEN_ONE, login, password, OWN_PASSWORD)

    # To all owners except two, paused before it is through.
    send_slowly(agent, "10")
    issue_to_all_owners_but_two(agent)
    wait_until(lambda: letters_to(running, FIRST), message="the batch's first letter did not leave", timeout=30)
    pause_before_it_is_through(agent)

    # Letters that wait are replaced by these two, whose passwords we know, and cancelled with all others.
    type_a_password(agent, HAS_A_TYPED_ONE, TYPED_LATER)
    type_a_password(agent, HAS_NONE, TYPED_FOR_NOBODY)
    cancel_what_waits(agent)
    agent.page.goto("/backoffice/mailer/letters")
    agent.see("todas-las-cartas")
    agent.page.get_by_role("table").get_by_role("link").first.click()
    agent.see("carta")

    # Who got a letter signs in with what it says.
    login, password = read_in_the_local_mailbox(agent, FIRST)
    sign_in_for_the_first_time(client, FIRST, login, password, OWN_PASSWORD)
    # Nobody who was cancelled can sign in with a new password; whoever had one before still can with the old.
    is_refused(client, document_of(HAS_NONE), TYPED_FOR_NOBODY)
    client.see("cliente-rechazado")
    is_refused(client, document_of(HAS_A_TYPED_ONE), TYPED_LATER)
    sign_in(client, document_of(HAS_A_TYPED_ONE), TYPED)
    choose_own_password(client, TYPED, OWN_PASSWORD)
    is_at_home(client, HAS_A_TYPED_ONE)
    sign_out(client)
    sign_in(client, document_of(HAS_CHOSEN_ONE), OWN_PASSWORD)
    is_at_home(client, HAS_CHOSEN_ONE)

    # Saving another field, and being left out, sent nothing; nobody got two letters of the batch.
    assert len(letters_to(running, HAS_CHOSEN_ONE)) == 1
    assert not any(letters_to(running, number) for number in (*LEFT_OUT, WITHOUT_ADDRESS, HAS_NONE))
    assert len({letter.recipients for letter in running.sink()}) == len(running.sink())
    assert not agent.barriers + client.barriers, "\n".join(agent.barriers + client.barriers)
    assert not agent.overflows + client.overflows, "\n".join(agent.overflows + client.overflows)
