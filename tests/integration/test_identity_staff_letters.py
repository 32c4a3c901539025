"""An invitation and a forgotten password by real letters: identity tells, the mailer sends, the link works."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.worker import Worker
from tests.support.house import House, whole_house
from tests.support.smtp import SmtpSink
from tests.support.staff import StaffBrowser
from tests.support.waiting import wait_until

STAFF = "/backoffice/identity/staff/"
GOOD = "tres gatos miran la lluvia"
OTHER = "siete perros cruzan el puente"
ADDRESS = "eva@example.test"


@contextmanager
def sending(house: House) -> Iterator[None]:
    """The jobs of the mailer's worker, in threads."""
    mailer = house.rooms["mailer"]
    worker = Worker("mailer", mailer.db, "embedded:///nowhere", mailer.handlers)
    worker.wakeups.start()
    jobs = mailer.jobs(mailer.settings, mailer.db, worker)
    threads = [threading.Thread(target=worker._repeat, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        worker.stop.set()
        worker.wakeups.signal_all()
        for thread in threads:
            thread.join(20)


def choose(house: House, smtp_sink: SmtpSink, number: int, password: str) -> None:
    """Open the link of the letter with this number, as it stands there, and choose a password."""
    house.carry()
    wait_until(lambda: len(smtp_sink.to(ADDRESS)) >= number, 20)
    (link,) = re.findall(rf"{re.escape(house.url)}\S+token=\S+", smtp_sink.to(ADDRESS)[number - 1].text)
    chosen = StaffBrowser(house.rooms["identity"].app).post(link.removeprefix(house.url), new=password, again=password)
    assert chosen.status_code == 303, chosen.text


def test_the_links_of_real_letters_let_somebody_in_and_in_again(tmp_path: Path, sqlite_url: str, smtp_sink: SmtpSink):
    changes: dict[str, Any] = {"identity": {"password_cost": 10}, "mailer": {"smtp_url": smtp_sink.url}}
    with whole_house(tmp_path, sqlite_url, **changes) as house, sending(house):
        app = house.rooms["identity"].app
        boss = StaffBrowser(app)
        boss.client = house.staff("identity", "administrator")
        fields = {"name": "Eva Ruiz", "username": "eva", "email": ADDRESS, "role": "agent", "language": ""}
        assert boss.post(STAFF + "new", **fields, way="letter").status_code == 303
        choose(house, smtp_sink, 1, GOOD)
        assert StaffBrowser(app).sign_in("eva", GOOD).status_code == 303

        asked = StaffBrowser(app).post("/backoffice/identity/forgotten", login="eva")
        assert asked.status_code == 303
        choose(house, smtp_sink, 2, OTHER)
        assert StaffBrowser(app).sign_in("eva", GOOD).status_code == 401
        assert StaffBrowser(app).sign_in("eva", OTHER).status_code == 303
