"""The steps of the agency's own guide, each as a person does it in the Spanish pages."""

import re
from collections.abc import Iterable

from playwright.sync_api import expect

from tests.support import letters
from tests.support.walking import Walker

LONG = 60_000  # milliseconds for what a worker does


def name_of(number: int) -> str:
    return f"Persona Número {number}"


def document_of(number: int) -> str:
    return str(10_000_000 + number)


# The agent


def sign_in_as_administrator(agent: Walker, password: str) -> None:
    agent.page.goto("/backoffice/")
    agent.heading("Ingreso del personal")
    agent.see("ingreso-personal")
    agent.page.get_by_label("Usuario").fill("admin")
    agent.page.get_by_label("Contraseña").fill(password)
    agent.press("Ingresar")
    expect(agent.page.get_by_role("heading", name="Administración", exact=True)).to_be_visible()
    agent.see("inicio")


def upload_people(agent: Walker, file: bytes, *, new: int) -> None:
    """As far as the preview of what would happen."""
    page = agent.page
    page.goto("/backoffice/directory/")
    agent.see("terceros-vacio")
    agent.press("Importar")
    agent.see("importar")
    page.get_by_label("Libro de Excel o archivo CSV").set_input_files(
        {"name": "agencia.csv", "mimeType": "text/csv", "buffer": file}
    )
    agent.press("Subir y revisar")
    expect(page.get_by_role("button", name="Aplicar la importación")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("main")).to_contain_text(f"se registran {new} terceros nuevos")
    agent.see("importar-revision")


def apply_the_import(agent: Walker) -> None:
    agent.press("Aplicar la importación")
    expect(agent.page.get_by_text("La importación terminó.")).to_be_visible(timeout=LONG)
    agent.see("importar-terminada")


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


def issue_to_owners_except(agent: Walker, left_out: Iterable[int]) -> int:
    """*Generar y enviar contraseñas* as far as the question before it starts; returns how many letters it tells."""
    page = agent.page
    page.goto("/backoffice/identity/")
    agent.heading("Generar y enviar contraseñas de terceros")
    agent.see("generar-y-enviar")
    excepted = list(left_out)
    for number in excepted:
        page.get_by_label("Documento").fill(document_of(number))
        agent.press("Filtrar")
        page.get_by_label(f"Seleccionar {name_of(number)}", exact=True).check()
        agent.press("Guardar selección")
    expect(page.get_by_role("heading", name=f"Terceros seleccionados: {len(excepted)}")).to_be_visible()
    page.get_by_label("Propietarios", exact=True).check()
    page.get_by_label("Exceptuar seleccionados").check()
    agent.press("GENERAR CONTRASEÑAS")
    agent.heading("¿Generar contraseñas?")
    total = int(page.locator(".confirm-number").inner_text())
    agent.see("generar-confirmar")
    return total


def accept(agent: Walker, total: int) -> None:
    page = agent.page
    agent.press("Aceptar")
    expect(page.locator(".state", has_text="Terminado")).to_be_visible(timeout=LONG)
    expect(page.locator(".stat", has_text="Cartas entregadas al correo")).to_contain_text(str(total))
    agent.see("lote")


def pause_sending(agent: Walker) -> None:
    page = agent.page
    page.goto("/backoffice/mailer/")
    agent.heading("Terceros a la espera de envío")
    agent.press("Pausar envíos")
    expect(page.get_by_text("Los envíos están en pausa.").first).to_be_visible()
    agent.see("espera-en-pausa")


def cancel_what_waits(agent: Walker) -> int:
    page = agent.page
    page.goto("/backoffice/mailer/")
    agent.press("CANCELAR ENVÍOS PENDIENTES")
    expect(page.locator(".confirm-number")).to_have_text(re.compile(r"^[1-9]\d*$"))
    waiting = int(page.locator(".confirm-number").inner_text())
    agent.see("cancelar-confirmar")
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_text(f"Se cancelaron {waiting} envíos.")).to_be_visible()
    agent.see("espera-vacia")
    return waiting


def resume_sending(agent: Walker) -> None:
    agent.page.goto("/backoffice/mailer/")
    agent.press("Reanudar envíos")
    expect(agent.page.get_by_text("Los envíos continúan.")).to_be_visible()


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
