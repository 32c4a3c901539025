"""`make demo`: fills the directory with believable people and walks the main job, over REST as another system would.

It uses the Portería that answers at PORTERIA_PORT; if none does, it starts one and leaves it running until Ctrl-C.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import requests

from shared import clock
from shared.embedded.demo_billing import bill
from shared.embedded.demo_data import people
from shared.embedded.demo_steps import Api, letter_in_sink, sign_in
from shared.settings import CommonSettings, SettingsError

SERVICES = ("directory", "identity", "mailer", "portal")
SCOPES = (
    "parties:read",
    "parties:write",
    "credentials:issue",
    "letters:read",
    "letters:cancel",
    "queue:control",
    "invoices:read",
    "invoices:write",
    "payments:write",
)
BILLED = 40
READY_WITHIN = 60.0
SENT_WITHIN = 120.0
CANCELLED = 5
WIDTH = 36

REASONS = {
    "no_email": "have no e-mail",
    "blocked_address": "have an address to which letters came back",
    "inactive": "are inactive",
    "same_address": "share an address with somebody who gets one",
    "already_has_access": "have access already",
}


def main() -> int:
    """Walk the main job; returns the exit status."""
    try:
        settings = CommonSettings.load()
    except SettingsError as error:
        print(f"A setting is wrong or missing:\n{error}", file=sys.stderr)
        return 2
    base = f"http://127.0.0.1:{settings.port}"
    own = None if _is_ready(base) else _Own(settings)
    try:
        if own:
            own.start(base)
        _walk(settings, base, own.first_sign_in if own else "with the account you already have")
        if own:
            print("\nIt runs until you press Ctrl-C.", flush=True)
            own.wait()
    except KeyboardInterrupt:
        print("\nEnding ...")
    finally:
        if own:
            own.end()
    return 0


class _Own:
    """A Portería that the demo itself started."""

    def __init__(self, settings: CommonSettings) -> None:
        self._log = settings.data / "demo.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.first_sign_in = ""

    def start(self, base: str) -> None:
        """Create the administrator, start everything and wait until it answers."""
        print("Starting Portería ...", flush=True)
        self._log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Asked here and not read from what the run prints: that goes into a file, where no password belongs.
        created = json.loads(_identity("first-administrator"))
        self.first_sign_in = (
            f"user {created['user']}, password {created['password'] or 'as set in PORTERIA_ADMIN_PASSWORD'}"
            if created["created"]
            else "with the account you already have"
        )
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "shared.embedded"]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_WITHIN
        while not _is_ready(base):
            if self._process.poll() is not None or time.monotonic() > deadline:
                last = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
                _give_up(f"It did not start; the end of {self._log}:\n{last}")
            time.sleep(0.2)

    def wait(self) -> None:
        """Stay until it ends or Ctrl-C."""
        if self._process:
            self._process.wait()

    def end(self) -> None:
        """Stop it, as Ctrl-C does."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(30)


def _is_ready(base: str) -> bool:
    try:
        return all(requests.get(f"{base}/readyz/{service}", timeout=3).ok for service in SERVICES)
    except requests.RequestException:
        return False


def _identity(*arguments: str) -> str:
    command = [sys.executable, "-m", "services.identity", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        _give_up(f"services.identity {arguments[0]} failed:\n{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


def _give_up(why: str) -> NoReturn:
    print(why, file=sys.stderr)
    sys.exit(1)


def _walk(settings: CommonSettings, base: str, first_sign_in: str) -> None:
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    client = json.loads(_identity("create-client", "demo", *scopes))
    api = Api(base, client["client_id"], client["client_secret"])
    say("An OAuth2 client for the demo", client["client_id"])
    _fill(api)
    owners = {"classes": ["owner"], "scope": "all"}
    _preview(api, owners)
    batch = _issue(api, owners)
    kept, cancelled = _stop_some(api, batch)
    _send(api, batch)
    _bill(settings, api, kept)
    told = _deliver(settings, base, api, kept)
    _show(settings, first_sign_in, cancelled, told)


def say(what: str, value: object) -> None:
    """One line of the walk."""
    print(f"  {what + ' ':.<{WIDTH}} {value}", flush=True)


class _Line:
    """A line that changes in place on a terminal; elsewhere only its end is printed."""

    def __init__(self, what: str) -> None:
        self._what, self._value, self._width = what, "", 0
        self._live = sys.stdout.isatty()

    def show(self, value: str) -> None:
        """What it says now."""
        self._value = value
        if self._live:
            self._width = max(self._width, len(value))
            print(f"\r  {self._what + ' ':.<{WIDTH}} {value.ljust(self._width)}", end="", flush=True)

    def end(self) -> None:
        """Leave it as it is."""
        if self._live:
            print(flush=True)
        else:
            say(self._what, self._value)


def _fill(api: Api) -> None:
    made = Counter(api.register(person) for person in people())
    known = f", {made[False]} were there before" if made[False] else ""
    say("People registered", f"{made[True]}{known}")


def _preview(api: Api, owners: dict[str, Any]) -> None:
    seen = api.post("identity", "/credential-batches/preview", owners)
    say("A batch for all owners would write", f"{seen['total']} letters")
    for reason, count in Counter(one["reason"] for one in seen["skipped"]).most_common():
        say("  and leave out", f"{count} who {REASONS.get(reason, reason)}")


def _issue(api: Api, owners: dict[str, Any]) -> str:
    api.post("mailer", "/queue/pause")
    batch: str = api.post("identity", "/credential-batches", owners, key=f"demo-{time.time_ns()}")["id"]
    line = _Line("Issuing, with the queue paused")
    while True:
        state = api.get("identity", f"/credential-batches/{batch}")
        if state["counted"]:
            line.show(f"{state['issued']} of {state['total']}")
        if state["state"] != "running":
            break
        time.sleep(0.1)
    line.end()
    deadline = time.monotonic() + SENT_WITHIN
    while len(api.every("mailer", "/letters", batch_id=batch)) < state["issued"]:
        if time.monotonic() > deadline:
            _give_up("The letters did not reach the mailer. Is its worker running?")
        time.sleep(0.2)
    return batch


def _stop_some(api: Api, batch: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    waiting = api.every("mailer", "/letters", batch_id=batch, state="pending")
    say("Waiting to be sent", f"{len(waiting)} letters")
    unwanted = waiting[:CANCELLED]
    if unwanted:
        answer = api.post("mailer", "/letters/cancel", {"ids": [letter["id"] for letter in unwanted]})
        say("Cancelled", f"{answer['cancelled']} letters, for example to {unwanted[0]['address']}")
    return waiting[CANCELLED:], unwanted


def _send(api: Api, batch: str) -> None:
    delay = api.post("mailer", "/queue/resume")["delay"]
    line = _Line(f"Resumed (letters wait {delay:g} s)")
    deadline = time.monotonic() + SENT_WITHIN
    while True:
        states = Counter(letter["state"] for letter in api.every("mailer", "/letters", batch_id=batch))
        line.show(_listed(states))
        if not states["pending"] and not states["sending"]:
            break
        if time.monotonic() > deadline:
            line.show("some letters still wait; the mailer's back office says why")
            break
        time.sleep(0.5)
    line.end()


def _bill(settings: CommonSettings, api: Api, kept: list[dict[str, Any]]) -> None:
    """Some tenants, and the owners whose letters were sent first: one of them signs in below."""
    parties = api.get("directory", "/parties", limit=BILLED, active="true")["items"]
    known = {party["id"] for party in parties}
    wanted = dict.fromkeys(letter["party_id"] for letter in kept[:CANCELLED])
    parties += [api.get("directory", f"/parties/{one}") for one in wanted if one not in known]
    issued, paid = bill(api, parties, clock.today(settings.timezone))
    say("Invoices issued, and payments", f"{issued}, {paid}")


def _listed(states: Counter[str]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items()))


def _deliver(settings: CommonSettings, base: str, api: Api, kept: list[dict[str, Any]]) -> str:
    """Read the letter of somebody whose letter was sent, and sign in with it; returns what to tell."""
    sink = Path(settings.data) / "sink"
    for letter in kept:
        if api.get("mailer", f"/letters/{letter['id']}")["state"] != "sent":
            continue
        if (found := letter_in_sink(sink, letter["address"])) is None:
            say("The letters went to", "the mail server of PORTERIA_SMTP_URL: read one there")
            return ""
        user, password = found
        where = sign_in(base, user, password)
        say("Read in the sink, the letter to", letter["address"])
        say("Signed in at the client area as", f"{user}: {where}")
        return f"user {user}, password {password}"
    return ""


def _show(settings: CommonSettings, first_sign_in: str, cancelled: list[dict[str, Any]], told: str) -> None:
    url = settings.public_url
    lines = [
        ("Back office", f"{url}/backoffice/  ({first_sign_in})"),
        ("  People", f"{url}/backoffice/directory/"),
        ("  Batches and their outcome", f"{url}/backoffice/identity/"),
        ("  Letters, sent and cancelled", f"{url}/backoffice/mailer/"),
        ("  The letters themselves", f"{url}/backoffice/mailer/sink/"),
        ("  Invoices, payments and PQRS", f"{url}/backoffice/portal/"),
        ("Client area", f"{url}/customerarea/" + (f"  ({told})" if told else "")),
        ("REST", f"{url}/api/identity/v1/docs/"),
    ]
    if cancelled:
        lines.insert(4, ("  One that was cancelled", f"{url}/backoffice/mailer/letters/{cancelled[0]['id']}"))
    print("\nWhat to look at:\n")
    for what, where in lines:
        say(what, where)


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
