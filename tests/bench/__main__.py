"""`make bench`: the main job on PostgreSQL, RabbitMQ and a local SMTP sink, measured beside the bare limit.

`make bench ARGS="batch cancel"` picks some of: batch, cancel, single, sign-in, memory, lists (with 100,000 parties and
500,000 letters: every list, filter, order and chart), area (with 1,000,000 invoices: the client's pages and the desk),
papers (invoices as PDF, and a ZIP of 500), daily (the run of a day over 100,000 clients with 300,000 open invoices).
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.settings import CommonSettings
from tests.bench import limits
from tests.bench.daily import bench_daily
from tests.bench.lists import bench_area, bench_lists
from tests.bench.papers import bench_papers
from tests.support import letters, postgres, servers
from tests.support.people import as_csv, person
from tests.support.smtp import SmtpSink
from tests.support.system import Client, System
from tests.support.waiting import wait_until

EXTRA = {"PORTERIA_INITIAL_MUST_CHANGE": "no"}
BATCH = 10_000
LARGE = 50_000


def main() -> None:
    """Start the real parts, measure what was asked for, print a line for each."""
    chosen = sys.argv[1:] or list(MEASUREMENTS)
    if unknown := set(chosen) - set(MEASUREMENTS):
        sys.exit(f"There is no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}.")
    with servers.running_postgres(durable=True) as database, servers.running_rabbitmq() as broker:
        print("\n".join(servers.REPORT.lines), flush=True)
        for number, name in enumerate(chosen):
            with running(database, broker, f"bench{number}") as (system, sink):
                MEASUREMENTS[name](system, sink)


@contextmanager
def running(database: Any, broker: Any, prefix: str) -> Iterator[tuple[System, SmtpSink]]:
    """A fresh system, so that one measurement does not weigh on the next."""
    sink = SmtpSink()
    sink.start()
    with tempfile.TemporaryDirectory() as folder:
        url = postgres.create_databases(database.url, prefix)
        system = System(Path(folder), database_url=url, broker_url=broker.new_vhost(), smtp_url=sink.url, extra=EXTRA)
        system.prepare()
        system.start()
        try:
            yield system, sink
        finally:
            system.stop()
            sink.stop()


def say(what: str, value: str, beside: str = "") -> None:
    """One line of the result."""
    print(f"{what:<58} {value:>14}   {beside}", flush=True)


def load(api: Client, number: int, first: int = 0) -> None:
    """Fill the directory and wait until identity knows everybody."""
    before = api.get("directory/v1/parties/count")["count"]
    began = time.perf_counter()
    state = api.import_csv(as_csv(person(index) for index in range(first, first + number)))
    say(f"import of {number} people from CSV", f"{number / (time.perf_counter() - began):.0f}/s")
    assert state["created"] == number, state
    request = {"classes": ["tenant", "owner"], "scope": "all", "party_ids": [], "delivery": "password"}

    def known() -> bool:
        return bool(api.post("identity/v1/credential-batches/preview", request)["total"] >= before + number)

    wait_until(known, timeout=120, interval=0.5, message="identity does not know everybody")


def bench_batch(system: System, sink: SmtpSink) -> None:
    """Parties per second from the request to the last letter accepted."""
    api = system.client()
    load(api, BATCH)
    bare = [
        limits.hashes(4, 2_000),
        limits.copied(CommonSettings(database_pattern=system.database_url or "").database_url("identity")),
        limits.published(system.broker_url or ""),
        limits.sent(sink.port),
    ]
    sink.messages.clear()
    before = processor_seconds(system)
    began = time.perf_counter()
    api.issue_batch(wait=False)
    wait_until(lambda: len(sink.messages) >= BATCH, timeout=300, message=lambda: f"{len(sink.messages)} letters")
    rate = BATCH / (time.perf_counter() - began)
    after = processor_seconds(system)
    hashed, copied, published, sent = bare
    limit = limits.together(hashed, copied, published, sent)
    say(
        f"batch of {BATCH}: request to last letter accepted",
        f"{rate:.0f}/s",
        f"aim 350; bare {limit:.0f}/s (hash {hashed:.0f}, copy {copied:.0f}, publish {published:.0f}, send {sent:.0f})",
    )
    for name, seconds in after.items():
        say(f"  processor time of {name}", f"{(seconds - before[name]) / BATCH * 1000:.2f} ms", "for each letter")
    assert len(letters.passwords(sink.messages)) == BATCH


def processor_seconds(system: System) -> dict[str, float]:
    """What each part has used of the processors so far."""
    used = {name: cpu_of(process.pid) for name, process in system.processes.items() if name != "frontdoor"}
    everything = {int(path.parent.name): path for path in Path("/proc").glob("[0-9]*/stat")}
    for name, program in (("PostgreSQL", "(postgres)"), ("RabbitMQ", "(beam.smp)")):
        pids = [pid for pid, path in everything.items() if program in path.read_text(errors="replace")]
        used[name] = sum(map(cpu_of, pids))
    used["the sink and this program"] = cpu_of(os.getpid())
    return used


def cpu_of(pid: int) -> float:
    """User and system time of a process and of its children that ended, in seconds."""
    try:
        values = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, values[11:15])) / os.sysconf("SC_CLK_TCK")


def bench_cancel(system: System, _sink: SmtpSink) -> None:
    """The time to cancel waiting letters."""
    api = system.client()
    load(api, BATCH)
    api.post("mailer/v1/queue/pause")
    batch = api.issue_batch(timeout=300)

    def waiting() -> int:
        return int(api.get("mailer/v1/queue")["counts"].get("pending", 0))

    wait_until(lambda: waiting() >= BATCH, timeout=120, message=lambda: f"{waiting()} letters wait")
    began = time.perf_counter()
    answer = api.post("mailer/v1/letters/cancel", {"batch_id": batch["id"]})
    say(f"cancel {answer['cancelled']} waiting letters", f"{time.perf_counter() - began:.2f} s", "aim 1 s")


def bench_single(system: System, sink: SmtpSink) -> None:
    """The delay from a single issue to its letter."""
    api = system.client()
    ids = [api.post("directory/v1/parties", person(number))["id"] for number in range(60)]
    delays = []
    for party_id in ids:
        sink.messages.clear()
        began = time.perf_counter()
        api.post("identity/v1/credentials", {"party_id": party_id, "mode": "random", "delivery": "password"})
        wait_until(lambda: sink.messages, message="the letter did not arrive", interval=0.001)
        delays.append((time.perf_counter() - began) * 1000)
    delays = delays[10:]
    p95 = statistics.quantiles(delays, n=20)[-1]
    say("single issue to its letter, median", f"{statistics.median(delays):.0f} ms", f"95th {p95:.0f} ms; aim 250 ms")


def bench_sign_in(system: System, _sink: SmtpSink) -> None:
    """Sign-ins per second against bare verification of the same hashes."""
    api = system.client()
    people = [person(number) for number in range(40)]
    ids = [api.post("directory/v1/parties", one)["id"] for one in people]
    for party_id in ids:
        body = {"party_id": party_id, "mode": "manual", "password": "caracol-azul-vuela-7", "delivery": "none"}
        api.post("identity/v1/credentials", body)
    logins = [one["document_number"] for one in people] * 2
    for login in logins[: len(people)]:  # the first use of a credential writes more than the ones after it
        assert api.can_sign_in(login, "caracol-azul-vuela-7")
    began = time.perf_counter()
    with ThreadPoolExecutor(2 * limits.CORES) as pool:
        good = sum(pool.map(lambda login: api.can_sign_in(login, "caracol-azul-vuela-7"), logins))
    rate = good / (time.perf_counter() - began)
    bare = limits.hashes(12, 24)
    say("sign-ins over REST", f"{rate:.1f}/s", f"bare bcrypt {bare:.1f}/s: {rate / bare:.2f} of it; aim 0.95")


def bench_memory(system: System, sink: SmtpSink) -> None:
    """Peak memory of the workers for a small and a large batch."""
    api = system.client()
    load(api, LARGE)
    everybody = [party["id"] for party in api.all("directory/v1/parties", limit=500)]
    for number in (1_000, LARGE):
        for name in ("identity.worker", "mailer.worker"):
            system.kill(name)
            system.start(name)
        sink.messages.clear()
        scope = {"scope": "only", "party_ids": everybody[:number]} if number < LARGE else {"scope": "all"}
        api.issue_batch(wait=False, **scope)
        wait_until(lambda: len(sink.messages) >= number, timeout=900, message="letters are missing")  # noqa: B023
        for name in ("identity.worker", "mailer.worker"):
            say(f"peak memory of {name}, batch of {number}", f"{peak(system.processes[name].pid)} MiB")


def peak(pid: int) -> int:
    """The highest resident memory of a process, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    return 0


def measure_daily(system: System, _sink: SmtpSink) -> None:
    """The run of a day alone: the system's own worker would take turns at it."""
    url = CommonSettings(database_pattern=system.database_url or "").database_url("portal")
    system.stop()
    bench_daily(url, say)


MEASUREMENTS: dict[str, Callable[[System, SmtpSink], None]] = {
    "batch": bench_batch,
    "cancel": bench_cancel,
    "single": bench_single,
    "sign-in": bench_sign_in,
    "memory": bench_memory,
    "lists": lambda system, _sink: bench_lists(system),
    "area": lambda system, _sink: bench_area(system),
    "papers": lambda _system, _sink: bench_papers(say),
    "daily": measure_daily,
}

if __name__ == "__main__":
    main()
