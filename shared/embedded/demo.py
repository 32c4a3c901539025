"""`make demo`: fills the directory with believable people and walks the main job, over REST as another system would.

It uses the Portería that answers at PORTERIA_PORT; if none does, it starts one and leaves it running until Ctrl-C.
"""

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from shared import clock
from shared.embedded.demo_billing import bill
from shared.embedded.demo_data import people
from shared.embedded.demo_steps import Api, letter_in_sink, sign_in
from shared.embedded.own_run import OwnRun, give_up, is_ready, run_command
from shared.settings import CommonSettings, SettingsError

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
    own = None if is_ready(base) else OwnRun(base, settings.data / "demo.log")
    try:
        if own:
            own.start()
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


def _walk(settings: CommonSettings, base: str, first_sign_in: str) -> None:
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    client = json.loads(run_command("identity", "create-client", "demo", *scopes))
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
            give_up("The letters did not reach the mailer. Is its worker running?")
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
