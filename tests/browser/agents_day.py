"""An agent's day, step by step: the words of the pages are named by their English text (tests/support/words.py)."""

import io
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from python_calamine import CalamineWorkbook

from tests.support.browser import keep_picture
from tests.support.returned import postfix
from tests.support.smtp import ReceivedLetter
from tests.support.tables import workbook
from tests.support.walking import Walker
from tests.support.words import Words

LONG = 60_000  # milliseconds for what a worker does
PEOPLE, BROKEN = 500, 30
HEADER = ("Nombre completo", "Tipo doc", "Cédula", "Rol en el edificio", "Correo", "Celular")


class Agent(Walker):
    """Somebody of the back office, in one language."""

    def __init__(self, page: Page, language: str, name: str) -> None:
        super().__init__(page, name)
        self.words = Words(language)

    def see(self, name: str) -> None:
        """In Spanish as every walker; in English a picture of the phone (test_every_page.py looks for barriers)."""
        if self.words.language == "es":
            return super().see(name)
        keep_picture(self.page, f"{self.prefix}-{name}")
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.overflows.append(f"{name} is too wide for a phone")
        return None

    def click(self, english: str, **values: object) -> None:
        """Press the button, or follow the link, that says this."""
        self.press(self.words(english, **values))

    def reads(self, english: str, **values: object) -> None:
        """Wait until the page says this."""
        expect(self.page.get_by_role("main")).to_contain_text(self.words(english, **values), timeout=LONG)

    def field(self, english: str, **values: object) -> Locator:
        """The field with this label."""
        return self.page.get_by_label(self.words(english, **values), exact=True)


def name_of(number: int) -> str:
    return f"Persona Número {number}"


def document_of(number: int) -> int:
    return 20_000_000 + number


def file_of_people() -> bytes:
    """500 tenants, thirty of whom have a problem: no address that could be one, or no document."""
    rows: list[tuple[object, ...]] = []
    for number in range(PEOPLE):
        address = f"persona{number}@example.com"
        document: object = document_of(number)
        if number < BROKEN // 2:
            address = address.replace("@", " arroba ")
        elif number < BROKEN:
            document = f"sin número {number}"
        rows.append((name_of(number), "CC", document, "inquilino", address, "300 123 45 67"))
    return workbook(*rows, header=HEADER)


def mended(rejected: Path) -> bytes:
    """The file of rejected rows, corrected as an agent would do it in a spreadsheet."""
    header, *rows = CalamineWorkbook.from_filelike(io.BytesIO(rejected.read_bytes())).get_sheet_by_index(0).to_python()
    assert len(rows) == BROKEN
    corrected = []
    for row in rows:
        values = [str(cell).replace(" arroba ", "@") for cell in row]
        numbers = re.search(r"sin número (\d+)", values[2])
        corrected.append([*values[:2], str(document_of(int(numbers[1]))) if numbers else values[2], *values[3:]])
    return workbook(*corrected, header=[str(cell) for cell in header])


def sign_in(agent: Agent, password: str) -> None:
    agent.page.goto("/backoffice/")
    agent.field("User").fill("admin")
    agent.field("Password").fill(password)
    agent.click("Sign in")
    agent.reads("First steps")
    agent.see("inicio-nuevo")


def import_with_problems(agent: Agent) -> None:
    """Upload, say what a column is, look, download the thirty rows, apply the rest."""
    _upload(agent, "agencia.xlsx", file_of_people())
    agent.heading(agent.words("What each column is"))
    agent.see("importar-columnas")
    agent.page.get_by_label("Rol en el edificio").select_option(label=f"{agent.words('Class')} *")
    agent.click("Check the file with these columns")
    expect(agent.page.locator(".stat", has_text=agent.words("Left out, with problems"))).to_contain_text(
        str(BROKEN), timeout=LONG
    )
    agent.see("importar-problemas")
    with agent.page.expect_download() as download:
        agent.click("Rows left out, for Excel")
    rejected = Path(download.value.path())
    _apply(agent, PEOPLE - BROKEN)

    _upload(agent, "corregidas.xlsx", mended(rejected))
    _apply(agent, BROKEN)
    agent.see("importar-terminada")


def _upload(agent: Agent, name: str, content: bytes) -> None:
    agent.page.goto("/backoffice/directory/")
    agent.click("Import")
    agent.field("Excel workbook or CSV file").set_input_files(
        {
            "name": name,
            "mimeType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "buffer": content,
        }
    )
    agent.see("importar")
    agent.click("Upload and check")


def _apply(agent: Agent, new: int) -> None:
    expect(agent.page.locator(".stat", has_text=agent.words("Would be new"))).to_contain_text(str(new), timeout=LONG)
    agent.click("Apply the import")
    agent.reads("The import is finished.")


def change_the_letter(agent: Agent, subject: str) -> None:
    """Other words for the letter with a link: a refused try, the preview, a test to oneself, saved."""
    agent.page.goto("/backoffice/mailer/templates/")
    agent.see("plantillas")
    agent.page.goto("/backoffice/mailer/templates/credential_link/es")
    agent.see("plantilla")
    text = agent.field("Plain text")
    words = text.input_value()
    text.fill(words.replace("{{ link }}", "aquí"))
    agent.click("Save")
    expect(agent.page.locator(".field-error, .invalid-feedback").first).to_contain_text("{{ link }}")
    agent.see("plantilla-rechazada")
    agent.field("Plain text").fill(words)
    agent.field("Subject").fill(subject)
    agent.click("Preview")
    agent.reads("Preview with made-up data")
    expect(agent.page.locator("#preview")).to_contain_text(subject)
    agent.see("plantilla-vista-previa")
    agent.page.locator("input[name=address]").fill("agente@example.com")
    agent.click("Send the test")
    expect(agent.page.locator(".alert-success")).to_be_visible()
    agent.click("Save")
    expect(agent.page.locator(".alert-success")).to_be_visible()
    agent.see("plantilla-guardada")


def issue_links(agent: Agent) -> None:
    """To all tenants, by link."""
    agent.page.goto("/backoffice/identity/")
    agent.page.get_by_label(agent.words("Tenants"), exact=True).check()
    agent.page.get_by_label(agent.words("A link on which the client sets the password")).check()
    agent.see("generar")
    agent.click("GENERATE PASSWORDS")
    expect(agent.page.locator(".confirm-number")).to_have_text(str(PEOPLE))
    agent.see("generar-confirmar")
    agent.click("Accept")
    stat = agent.page.locator(".stat", has_text=agent.words("Letters handed to the mail"))
    expect(stat).to_contain_text(str(PEOPLE), timeout=LONG)
    agent.see("lote")


def hand_in_what_came_back(agent: Agent, letter: ReceivedLetter) -> None:
    """The mail server returns a letter; the agent hands it in and reads why."""
    returned = postfix(letter.recipients[0], str(letter.message["Message-ID"]).strip("<> "))
    agent.page.goto("/backoffice/mailer/returned/new")
    agent.see("devuelta-entregar")
    agent.page.locator("input[type=file]").set_input_files(
        {"name": "devuelta.eml", "mimeType": "message/rfc822", "buffer": returned}
    )
    agent.page.get_by_role("main").get_by_role("button").last.click()
    agent.reads("The letter is marked as come back, and nothing more is sent to its address.")
    agent.reads("What to do now")
    expect(agent.page.get_by_role("main")).to_contain_text("no such user")
    agent.see("carta-devuelta")


def find_out_on_the_start_page(agent: Agent, name: str) -> None:
    """What needs attention leads to the letter that came back, and why."""
    agent.page.goto("/backoffice/")
    agent.see("inicio-atencion")
    expect(agent.page.get_by_role("main")).not_to_contain_text(agent.words("First steps"))
    agent.page.goto("/backoffice/mailer/letters?state=bounced")
    agent.see("historia-devueltas")
    agent.page.get_by_role("link", name=name).first.click()
    expect(agent.page.get_by_role("main")).to_contain_text("no such user")


def correct_and_issue_again(agent: Agent, number: int, address: str) -> None:
    """From the letter to the party: another address, another link."""
    agent.click("Correct the address and issue again")
    agent.heading(agent.words("Edit party"))
    agent.see("tercero-corregir")
    agent.page.locator("input[type=email]").first.fill(address)
    agent.click("Update party")
    agent.reads("Saved. No letter goes out by saving.")
    agent.see("tercero-corregido")
    agent.click("Generate random password")
    agent.page.get_by_label(agent.words("A link on which the client sets the password")).check()
    agent.see("tercero-emitir")
    agent.click("Accept")
    agent.reads("The link was issued. Its letter waits to go to %(address)s and can still be stopped.", address=address)


def read_the_story(agent: Agent, number: int) -> None:
    """The party's page tells the whole: issued, sent, come back, another address, issued again, sent."""
    agent.click("Whole story of its keys and letters")
    agent.heading(name_of(number))
    agent.page.reload()  # the mailer's answer may have come a moment later than the letter
    agent.see("tercero-historia")
    story = agent.page.get_by_role("region", name=agent.words("What happened"))
    expect(story).to_contain_text(f"persona{number}@example.com")
    expect(story).to_contain_text("nueva.direccion@example.com")
    expect(story).to_contain_text("no such user")


def find_the_audit_entries(agent: Agent, number: int) -> None:
    """Who did all that."""
    agent.page.goto("/backoffice/identity/audit/")
    agent.see("auditoria")
    field = agent.page.locator("#filter-party")
    if not field.is_visible():  # on a phone the filters are folded
        agent.page.get_by_text(agent.words("Search and filter")).click()
    field.fill(str(document_of(number)))
    agent.click("Filter")
    entries = agent.page.get_by_role("table").get_by_role("row", name=name_of(number))
    expect(entries.filter(has_text="Administrador").first).to_be_visible()
    agent.see("auditoria-tercero")
    agent.page.locator("td a", has_text=agent.words("See details")).first.click()
    agent.see("auditoria-entrada")
