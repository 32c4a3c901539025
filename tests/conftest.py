"""Fixtures for every test: real servers (started only when a test asks), letters, a browser."""

import gc
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from tests.checks.translations import compile_catalogs
from tests.support import postgres, servers
from tests.support.smtp import SmtpSink
from tests.support.templates import CompiledTemplates

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def pytest_sessionstart(session: pytest.Session) -> None:
    """Spanish pages need compiled catalogs, also when pytest was started without make. Templates are compiled once."""
    compile_catalogs(session.config.rootpath)
    Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}


def pytest_collection_finish() -> None:
    """What is there by now lives as long as the tests: nobody looks for garbage among it any more."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The tests of a file run in one process, and so do all those that share the one running system."""
    from tests.support.sharing import Together

    return Together(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that runs a share of the tests hands on which servers it used."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["servers"] = servers.REPORT.lines


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The process that collects the results takes it over."""
    servers.REPORT.lines += getattr(node, "workeroutput", {}).get("servers", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which real servers the tests ran against."""
    if servers.REPORT.lines:
        terminalreporter.section("real servers")
        for line in servers.REPORT.lines:
            terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def logs_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that a test runs in its own process would set up the log lines of all tests after it."""
    monkeypatch.setattr("shared.cli.configure_logs", lambda _service: None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.PostgresServer]:
    """A real PostgreSQL 15 or newer, the same for the whole run."""
    try:
        with servers.running_postgres() as server:
            yield server
    except servers.Unavailable as error:
        servers.lacking(error)


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[servers.RabbitmqServer]:
    """A real RabbitMQ, the same for the whole run."""
    try:
        with servers.running_rabbitmq() as server:
            yield server
    except servers.Unavailable as error:
        servers.lacking(error)


@pytest.fixture(scope="session")
def databases(postgres_server: servers.PostgresServer) -> Iterator[tuple[str, str]]:
    """One set of databases for all tests, one test after the other: its prefix and its address."""
    prefix = f"t{secrets.token_hex(5)}"
    yield prefix, postgres.create_databases(postgres_server.url, prefix)
    postgres.drop_databases(postgres_server.url, prefix)


@pytest.fixture
def postgres_url(postgres_server: servers.PostgresServer, databases: tuple[str, str]) -> Iterator[str]:
    """Empty databases, one per service: an address with `{service}` in it."""
    prefix, url = databases
    yield url
    postgres.empty_databases(postgres_server.url, prefix)


@pytest.fixture
def rabbitmq_url(rabbitmq_server: servers.RabbitmqServer) -> Iterator[str]:
    """An empty virtual host: an amqp:// address."""
    url = rabbitmq_server.new_vhost()
    yield url
    rabbitmq_server.release_vhost(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Fresh SQLite files, one per service: an address with `{service}` in it."""
    return f"sqlite:///{tmp_path}/{{service}}.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases: an address with `{service}` in it."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A mail server that keeps what it gets, or answers what the test says."""
    sink = SmtpSink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A real browser; not for the whole run, because its event loop occupies the thread of the tests."""
    from tests.support.browser import NoBrowser, running_browser

    try:
        with running_browser() as running:
            yield running
    except NoBrowser as error:
        servers.REPORT.lines.append(f"no browser ({error})")
        servers.lacking(error)


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """A page in a fresh session, in Spanish."""
    from tests.support.browser import new_page

    opened = new_page(browser)
    yield opened
    opened.context.close()
