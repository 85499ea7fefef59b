"""The browser of the browser tests, and what a full run must have run.

At its end, every test that a ledger row names must have run and passed. A test can be skipped, marked as an expected
failure or deselected without turning a run red; as evidence for a verdict that is not enough. Runs of a part of the
suite are left alone.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from hypothesis import settings

# A slow machine is no failure of the mathematics: no test fails for the time that one example takes
settings.register_profile("book", deadline=None)
settings.load_profile("book")

ROOT = Path(__file__).resolve().parents[1]
OUTCOMES = pytest.StashKey[dict[str, set[str]]]()
MISSING = pytest.StashKey[list[str]]()


@pytest.fixture(scope="module")
def browser():
    """A Chromium; without one the test is skipped, and fails where `CI` is set."""
    from playwright.sync_api import sync_playwright  # the tests of the package alone need neither

    from site_checks import chromium
    from support import unavailable

    if (executable := chromium()) is None:
        unavailable("no Chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()


def pytest_configure(config):
    config.stash[OUTCOMES] = defaultdict(set)
    config.stash[MISSING] = []
    config.pluginmanager.register(Outcomes(config))


class Outcomes:
    """Collects what became of each test, all parameters of a test together."""

    def __init__(self, config):
        self.seen = config.stash[OUTCOMES]

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or not report.passed:
            plain = report.passed and not hasattr(report, "wasxfail")
            self.seen[report.nodeid.partition("[")[0]].add("passed" if plain else "other")


def complete(session) -> bool:
    """Whether the run was meant to run the whole suite, and got to its end."""
    option = session.config.option
    whole = {Path(argument).resolve() for argument in session.config.args} <= {ROOT / "tests", ROOT}
    limited = option.keyword or option.markexpr or option.collectonly or option.deselect or option.ignore
    stopped = session.shouldstop or session.shouldfail
    return whole and not limited and not stopped


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput") or not complete(session):
        return
    rows = yaml.safe_load((ROOT / "book" / "claims.yml").read_text(encoding="utf-8"))
    seen = session.config.stash[OUTCOMES]
    named = [(row["id"], test) for row in rows for test in row.get("tests", [])]
    missing = [f"{row}: {test}" for row, test in named if seen.get(test) != {"passed"}]
    session.config.stash[MISSING] = missing
    if missing:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    if missing := config.stash[MISSING]:
        terminalreporter.section("tests named in the ledger that did not run and pass")
        for line in missing:
            terminalreporter.write_line(line)
