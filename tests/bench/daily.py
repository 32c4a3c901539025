"""The run of a day over 100,000 clients with 300,000 open invoices, of which a third has a step that day."""

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from services.portal.jobs.daily import DailyRunner, daily_tasks
from services.portal.models import FeeRule
from shared import clock
from shared.db import Database, new_id
from tests.support.billing import ZONE, today

CLIENTS = 100_000
FEES = 100
"""One in so many of those who are late comes under the rule. A fee is a document of its own, the dearest way."""
PARTY = "('01900000-0000-7000-8000-' || lpad(to_hex({}), 12, '0'))::uuid"

PARTIES = f"""
INSERT INTO parties (id, version, code, classes, document_type, document_number, document_key, name, search_name,
                     emails, language, active)
SELECT {PARTY.format("n")}, 1, 'C' || n, '["tenant"]', 'CC', n, n, 'Cliente ' || n, 'cliente ' || n,
       json_build_array(json_build_object('address', 'c' || n || '@example.com', 'principal', true, 'state', 'valid')),
       CASE WHEN n % 10 = 0 THEN 'en' ELSE 'es' END, true
FROM generate_series(1, :clients) n
"""
CONTACTS_OF_SOME = f"""
INSERT INTO contacts (id, party_id, name, address, address_key, phone, language, notices, stopped, instead, state,
                      rights, created_at, created_by)
SELECT gen_random_uuid(), {PARTY.format("n * 5")}, 'Contador', 'k' || n || '@example.com', 'k' || n || '@example.com',
       '', 'es', '["reminder", "overdue"]', '[]', CASE WHEN n % 4 = 0 THEN '["overdue"]' ELSE '[]' END::json, 'none',
       '[]', now(), ''
FROM generate_series(1, :contacts) n
"""
INVOICES = f"""
INSERT INTO invoices (id, kind, role, number, party_id, state, currency, lines, subtotal, tax_total, withholding_total,
                      total, balance, issued_on, due_on, period, concept, property_name, notes, reason, created_at,
                      issued_at, created_by, is_late_fee, dispute_reason)
SELECT gen_random_uuid(), 'invoice', 'tenant', :series || n, {PARTY.format("n")}, 'issued', 'COP',
       '[{{"description": "Canon", "quantity": "1", "unit_price": "1850000", "amount": "1850000", "taxes": [],
           "withholdings": []}}]', 185000000, 0, 0, 185000000, 185000000, CAST(:due AS date) - 10, :due, '2026-11',
       'Canon de arrendamiento', 'Apto ' || n, '', '', now() - interval '12 days',
       now() - CASE WHEN n <= :charged THEN 8 ELSE 12 END * interval '1 day', '', false, ''
FROM generate_series(1, :clients) n
"""


def bench_daily(database_url: str, say: Any) -> None:
    """How long the run takes, first with a tenth of the clients, and how much memory each needs."""
    db = Database(database_url)
    for clients in (CLIENTS // 10, CLIENTS):
        fill(db, clients)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
            result = fresh.submit(run, database_url).result()
        counts = ", ".join(
            f"{name} {seconds:.1f} s ({processor:.1f} s of a processor) for {done}"
            for name, seconds, processor, done in result["tasks"]
        )
        say(
            f"run of a day: {clients} clients, {3 * clients} open invoices",
            f"{result['seconds']:.1f} s",
            f"aim 60 s; {counts}; peak memory {result['memory']} MiB",
        )
    db.dispose()


def fill(db: Database, clients: int) -> None:
    """Clients with an invoice each that is due soon, one that was due yesterday, and one that is long overdue."""
    sizes = {"clients": clients, "contacts": clients // 5}
    with db.write() as session:
        for table in ("late_fees", "fee_rules", "notices", "outbox", "daily_runs", "ledger_entries", "invoices"):
            session.execute(text(f"DELETE FROM {table}"))
        session.execute(text("DELETE FROM contacts"))
        session.execute(text("DELETE FROM parties"))
        session.execute(text(PARTIES), sizes)
        session.execute(text(CONTACTS_OF_SOME), sizes)
        for series, days in (("A", 10), ("B", -1), ("C", -40)):
            charged = clients // FEES if series == "B" else 0
            due = {"due": today() + timedelta(days=days), "series": series, "charged": charged}
            session.execute(text(INVOICES), sizes | due)
        session.execute(text("UPDATE reminder_rules SET enabled = true"))
        session.execute(text("UPDATE agency SET daily_hour = 0"))
        session.add(fee_rule())
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def fee_rule() -> FeeRule:
    """Two per cent the day after the due date, for invoices of the last days."""
    return FeeRule(
        id=new_id(),
        role="tenant",
        currency="COP",
        kind="percent",
        value=2,
        grace_days=0,
        repeats="once",
        charged_on="document",
        in_force_at=clock.now() - timedelta(days=10),
    )


def run(database_url: str) -> dict[str, Any]:
    """Today's run as a worker does it, in a process of its own."""
    db = Database(database_url)
    times: dict[str, float] = {}
    used: dict[str, float] = {}
    done: dict[str, int] = {}

    def timed(name: str, task: Any) -> Any:
        def chunk(*args: Any) -> Any:
            began, before = time.perf_counter(), time.process_time()
            made = task(*args)
            times[name] = times.get(name, 0.0) + time.perf_counter() - began
            used[name] = used.get(name, 0.0) + time.process_time() - before
            done[name] = done.get(name, 0) + made.done
            return made

        return chunk

    tasks = {name: timed(name, task) for name, task in daily_tasks(ZONE).items()}
    runner, began = DailyRunner(db, tasks, ZONE), time.perf_counter()
    while runner.run():
        pass
    seconds = time.perf_counter() - began
    db.dispose()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "tasks": [(name, times[name], used[name], done[name]) for name in times],
        "memory": memory,
        "seconds": seconds,
    }
