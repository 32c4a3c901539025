"""The running system for the walks, started once for each file of tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import new_page
from tests.support.embedded import EmbeddedRun
from tests.support.processes import kill_tree

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRun]:
    """Everything that `make run` starts."""
    made = EmbeddedRun(tmp_path_factory.mktemp("installation"))
    made.start()
    yield made
    kill_tree(made.process)


@pytest.fixture
def open_page(browser: Browser, running: EmbeddedRun) -> Iterator[OpenPage]:
    """Pages of the running system, each in a session of its own."""
    with ExitStack() as stack:

        def opened(**options: object) -> Page:
            page = new_page(browser, base_url=running.system.url, **options)  # type: ignore[arg-type]
            stack.callback(page.context.close)
            return page

        yield opened
