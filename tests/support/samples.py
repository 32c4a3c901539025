"""Sample data in all four services, and values for the arguments of their routes.

An argument such as `<uuid:letter_id>` gets the first id of the table `letters` by itself. Where the table has another
name, or where the value is no id, a line in OF says what to take.
"""

import io
import re
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Uuid, select, update
from werkzeug.routing import Rule

from services.directory.models import Import
from services.identity.actions.clients import create_client
from services.mailer.actions.templates import Draft, Place, change_template
from services.mailer.models import Attempt, Letter, ReturnedMessage
from services.mailer.rules.templates import default_words
from shared import clock
from shared.db import new_id
from tests.support.house import SERVICES, House
from tests.support.people import as_csv, person
from tests.support.portal_samples import PortalSamples
from tests.support.staff import add_staff, member_of

PARTIES = 12
PASSWORD = "caracol-azul-vuela-7"
LETTER = (
    "From: Agencia <cartas@agencia.example>\r\nTo: persona1@example.com\r\nSubject: Su acceso\r\n"
    "Date: Mon, 02 Mar 2026 10:00:00 -0500\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nUsuario: 10000001\r\n"
)


class NoSample(LookupError):
    """An argument of a route for which there is nothing in the data; the text says where to add it."""


class Samples:
    """What stands in the databases of a house: a client with a credential, an import, a batch, letters in each state.

    party, credential: ids of the client. english: the same two of a client who reads English. batch: id of the batch.
    import_to_map: id of an import whose columns are not known. colleague: id of a member of the staff.
    program: client id of another system. portal: what the client has in the client area.
    """

    def __init__(self, house: House) -> None:
        self.house = house
        self._headers = {"Authorization": f"Bearer {house.token()}"}
        self._fill()
        self.tables = {service: MetaData() for service in SERVICES}
        for service, tables in self.tables.items():
            tables.reflect(house.rooms[service].db.engine)

    def _post(self, service: str, path: str, **sent: Any) -> Any:
        client = self.house.rooms[service].app.test_client()
        answer = client.post(f"/api/{service}/v1{path}", headers=self._headers, **sent)
        assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text}"
        return answer.json

    def _fill(self) -> None:
        people = [person(number, classes=("tenant", "owner", "tenant+owner")[number % 3]) for number in range(PARTIES)]
        people[1]["classes"] = ["tenant", "owner"]  # who sees everything there is in the client area
        people[2]["language"] = "en"
        parties = [self._post("directory", "/parties", json=one) for one in people]
        self.party = uuid.UUID(parties[1]["id"])
        self.house.carry()
        self.credential = self._issue(self.party)
        self.english = (uuid.UUID(parties[2]["id"]), self._issue(uuid.UUID(parties[2]["id"])))
        self._upload([person(1), person(PARTIES, email="no@es@correo")])
        self.house.work("directory", "imports")
        self.import_to_map = self._import_to_map()
        started = {
            "classes": ["tenant", "owner"],
            "scope": "except",
            "party_ids": [str(self.party), str(self.english[0])],
        }
        self.batch = uuid.UUID(
            self._post("identity", "/credential-batches", json=started | {"delivery": "password"})["id"]
        )
        self.house.work("identity", "batches")
        self.house.carry()
        linked = {"party_id": parties[3]["id"], "mode": "random", "delivery": "link"}
        self._post("identity", "/credentials", json=linked)
        self.house.carry()
        self._end_letters()
        self._change_a_template()
        self.portal = PortalSamples(self.house.rooms["portal"], self.party)
        self.house.work("portal", "invoice_imports")
        self.house.client(self.party, self.credential)
        identity_db = self.house.rooms["identity"].db
        add_staff(identity_db, "beatriz", "agent")
        self.colleague = member_of(identity_db, "beatriz").id
        with identity_db.write() as session:
            self.program = create_client(session, "ERP", ["parties:read"])[0].client_id
        sink = Path(self.house.folder) / "sink" / "new"
        sink.mkdir(parents=True)
        self.sink_letter = f"{time.time_ns()}.1_1.local"
        (sink / self.sink_letter).write_bytes(LETTER.encode())

    def _issue(self, party: uuid.UUID) -> uuid.UUID:
        given = {"party_id": str(party), "mode": "manual", "password": PASSWORD, "delivery": "none"}
        return uuid.UUID(self._post("identity", "/credentials", json=given)["id"])

    def _upload(self, people: list[dict[str, Any]]) -> uuid.UUID:
        file = (io.BytesIO(as_csv(people)), "personas.csv")
        return uuid.UUID(self._post("directory", "/imports", data={"file": file})["id"])

    def _import_to_map(self) -> uuid.UUID:
        """An import that waits for somebody to say what its columns hold."""
        waiting = self._upload([person(PARTIES + 1)])
        titles = ["tipo doc", "quién es", "arrendatario actual", "perfil", "contacto", "lengua"]
        with self.house.rooms["directory"].db.write() as session:
            session.execute(update(Import).where(Import.id == waiting).values(state="mapping", header=titles))
        return waiting

    def _change_a_template(self) -> None:
        with self.house.rooms["mailer"].db.write() as session:
            words = replace(default_words("credential", "es"), subject="Su clave")
            change_template(session, Place("credential", "es"), Draft(words), "Ana", 0)

    def _end_letters(self) -> None:
        """Some letters were sent, one came back, one failed; the rest waits."""
        with self.house.rooms["mailer"].db.write() as session:
            letters = list(session.scalars(select(Letter).order_by(Letter.id)))
            assert len(letters) > 6
            for letter, state in zip(letters[1:], ("sent", "sent", "failed", "bounced", "uncertain"), strict=False):
                change = {"state": state, "ended_at": clock.now(), "ciphertext": None, "outcome": "250 2.0.0 OK"}
                session.execute(update(Letter).where(Letter.id == letter.id).values(**change, attempts=1))
                session.add(
                    Attempt(
                        id=new_id(),
                        letter_id=letter.id,
                        at=clock.now(),
                        seconds=0.1,
                        verdict="accepted" if state == "sent" else "refused",
                        code=250,
                        answer="2.0.0 OK",
                    )
                )

            returned = {"digest": "0" * 64, "source": "mailbox", "received_at": clock.now(), "verdict": "guess"}
            row = ReturnedMessage(id=new_id(), letter_id=letters[1].id, guessed=True, **returned)
            row.recipient, row.answer = letters[1].address, "550 5.1.1 no such user"
            session.add(row)

    def ids(self, service: str) -> dict[str, Any]:
        """Ids that stand in the data, by the names of the arguments of this service's routes."""
        found = {}
        for rule in self.house.rooms[service].app.url_map.iter_rules():
            for name in rule.arguments:
                if name.endswith("_id"):
                    with suppress(NoSample):
                        found[name] = self.value(service, rule, name)
        return found

    def path(self, service: str, rule: Rule) -> str:
        """An address that this rule takes. Raises NoSample."""
        given = dict(rule.defaults or {})
        values = given | {name: self.value(service, rule, name) for name in rule.arguments - set(given)}
        built = rule.build(values, append_unknown=False)
        assert built is not None, rule
        return built[1] + self.portal.queries.get(rule.endpoint, "")

    def value(self, service: str, rule: Rule, name: str) -> Any:
        """What to put into the place of one argument. Raises NoSample."""
        if alternatives := re.search(rf"<any\(([^)]*)\):{name}>", rule.rule):
            return alternatives[1].split(",")[0].strip()
        if sample := OF.get((rule.endpoint, name)) or OF.get(("", name)):
            return sample(self)
        if (found := self._first(service, name)) is not None:
            return found
        raise NoSample(f"nothing in the sample data fits <{name}> of {service}: {rule.rule}; tests/support/samples.py")

    def _first(self, service: str, name: str) -> Any:
        """The first id of the table that is called as the argument, in the plural."""
        noun = name.removesuffix("_id")
        plural = re.sub(r"y$", "ie", noun) + ("es" if noun.endswith(("h", "s")) else "s")
        names = [table for table in self.tables[service].tables if table == plural or table.endswith(f"_{plural}")]
        if not names:
            return None
        table = self.tables[service].tables[min(names, key=len)]
        key = table.primary_key.columns.values()[0]
        with self.house.rooms[service].db.read() as session:
            found = session.scalar(select(key).order_by(key).limit(1))
        is_id = isinstance(found, str) and not isinstance(key.type, Uuid) and re.fullmatch(r"[0-9a-f]{32}", found)
        return uuid.UUID(found) if is_id else found


OF: Mapping[tuple[str, str], Callable[[Samples], Any]] = {
    ("", "party_id"): lambda samples: samples.party,
    ("documents.download", "file_id"): lambda samples: samples.portal.documents[0],
    ("documents.remove", "file_id"): lambda samples: samples.portal.documents[1],
    ("", "report_id"): lambda samples: samples.portal.report,
    ("reports.file", "file_id"): lambda samples: samples.portal.proof,
    ("report_desk.file", "file_id"): lambda samples: samples.portal.proof,
    ("cases.file", "file_id"): lambda samples: samples.portal.case_file,
    ("case_desk.file", "file_id"): lambda samples: samples.portal.case_file,
    ("import_pages.columns", "import_id"): lambda samples: samples.import_to_map,
    ("", "kind"): lambda _: "credential",
    ("", "language"): lambda _: "es",
    ("", "version"): lambda _: 1,
    ("", "batch_id"): lambda samples: samples.batch,
    ("", "filename"): lambda _: "porteria.css",
    ("bootstrap.static", "filename"): lambda _: "css/bootstrap.min.css",
    ("api_docs_page.asset", "name"): lambda _: "swagger-ui.css",
    ("sink.show", "name"): lambda samples: samples.sink_letter,
    ("sink.html", "name"): lambda samples: samples.sink_letter,
    ("", "staff_id"): lambda samples: samples.colleague,
    ("", "client_id"): lambda samples: samples.program,
    ("invoice_editing.edit", "invoice_id"): lambda samples: samples.portal.draft,
    ("invoice_editing.update", "invoice_id"): lambda samples: samples.portal.draft,
    ("income_editing.edit", "statement_id"): lambda samples: samples.portal.income_draft,
    ("income_editing.update", "statement_id"): lambda samples: samples.portal.income_draft,
    ("", "series_id"): lambda samples: samples.portal.series,
    ("", "currency"): lambda _: "COP",
    ("", "income_id"): lambda samples: samples.portal.income,
    ("", "reference"): lambda samples: samples.portal.reference,
    ("", "gateway"): lambda _: "sandbox",
}
"""(endpoint, argument) → its value; without an endpoint it is for every route with such an argument."""
