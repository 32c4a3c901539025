"""PDFs per second beside bare typst, and the memory of a ZIP of many."""

import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import typst

from services.portal.clients.lettering import letter_invoice
from services.portal.clients.papers import SOURCES, invoice_pdf, qr_drawing, zip_stream
from services.portal.rules.papers import InvoicePaper
from tests.bench import limits
from tests.support.papers import invoice_paper

PAPERS = 300
MANY = 500


def bench_papers(say: Callable[..., None]) -> None:
    """How many invoices a second are set by one caller and by two, and what a ZIP of them needs."""
    bare = limits.per_second(PAPERS, lambda: set_bare(PAPERS))
    alone = limits.per_second(PAPERS, lambda: make(0, PAPERS))
    say("invoices as PDF, one after the other", f"{alone:.0f}/s", f"bare typst {bare:.0f}/s: {alone / bare:.2f} of it")
    with ThreadPoolExecutor(2) as threads:
        say("  in two threads", f"{together(threads):.0f}/s")
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        list(processes.map(make, [0, 0], [10, 10]))  # until both run and have read their fonts
        say("  in two processes", f"{together(processes):.0f}/s")
    for number in (MANY // 10, MANY):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
            first, seconds, size, memory = fresh.submit(zip_of, number).result()
        say(
            f"a ZIP of {number} invoices ({size // 1024} KiB)",
            f"{seconds:.1f} s",
            f"first bytes after {first * 1000:.0f} ms; peak memory {memory} MiB",
        )


def paper(number: int) -> InvoicePaper:
    """One that differs from all others, as real ones do."""
    return invoice_paper(
        number=f"FV-{number:06}", concept=f"Arriendo {number}", public_url=f"https://x.example/{number}"
    )


def make(first: int, number: int) -> None:
    """Some invoices, the way from the paper to the bytes."""
    for index in range(first, first + number):
        made(index)


def made(number: int) -> bytes:
    """One of them."""
    return invoice_pdf(paper(number))


def set_bare(number: int) -> None:
    """The same source with one text that is ready, and one thing that differs: what typst alone can do."""
    data = letter_invoice(paper(0))
    drawing = qr_drawing(data["qr"])
    compiler = typst.Compiler(
        root=SOURCES, font_paths=typst.Fonts(include_system_fonts=False), ignore_system_fonts=True
    )
    for index in range(number):
        inputs = {"paper": json.dumps(data | {"number": str(index)}), "qr": drawing}
        compiler.compile(SOURCES / "invoice.typ", format="pdf", sys_inputs=inputs, pdf_standards=["a-2a", "ua-1"])


def together(pool: Executor) -> float:
    """Invoices a second, made by two at once."""
    return limits.per_second(PAPERS, lambda: list(pool.map(make, [1_000, 2_000], [PAPERS // 2] * 2)))


def zip_of(number: int) -> tuple[float, float, int, int]:
    """Seconds to the first piece, seconds in all, bytes, and the peak memory of this process in MiB."""
    began, first, size = time.perf_counter(), 0.0, 0
    entries = ((f"{index}.pdf", partial(made, index)) for index in range(number))
    for piece in zip_stream(entries):
        first = first or time.perf_counter() - began
        size += len(piece)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return first, time.perf_counter() - began, size, peak
