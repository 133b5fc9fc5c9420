"""Which test is in which tier: quick, short or all. CONTRIBUTING.md says what for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest


def uses_database(item: pytest.Item) -> bool:
    fixtures = {*getattr(item, "fixturenames", ())}
    by_fixture = fixtures & {"db", "live_server", "transactional_db"}
    return bool(by_fixture) or item.get_closest_marker("django_db") is not None


BROWSER = "browser_type_launch_args"
OTHER_PROGRAMS = {
    BROWSER,
    "emulator",
    "fresh_clone",
    "cfn_lint",
    "delivering_workers",
    "hal",
    "java",
    "postgres",
    "seeded",
    "site_behind_nginx",
    "upgraded",
    "valkey",
}
"""Fixtures behind which another program runs; those that build on them need not be
named.
"""


TESTS = Path(__file__).parent
ATTACKS = TESTS / "attack"
NOT_QUICK = {ATTACKS, TESTS / "accounts" / "web", TESTS / "script"}
"""Folders that ask for pages, try all of a site, or run programs of ours."""
SLOW = frozenset((TESTS / "data" / "slow_tests.txt").read_text().split())
"""Tests that take longer than a quick one may."""
OF_EACH = 1
"""How many tests of a module that need another program are in the short tier."""
DEAR = {TESTS / name for name in ("conformance", "journey", "strict_aws")}
"""Folders whose tests wait for several programs, or for all of a site: as in a browser,
only those marked `smoke` are in the short tier, and each with one of its parameters.
"""
ON_POSTGRESQL = {
    TESTS / name
    for name in (
        "accounts/api/test_conditional.py",
        "accounts/api/test_idempotency.py",
        "accounts/management/test_migrate.py",
        "accounts/models",
        "accounts/notify",
        "accounts/operations",
        "accounts/discover/organization",
        "accounts/factors/test_keeping.py",
        "accounts/people/role_limits",
        "accounts/runs/deciding/test_forgetting_at_once.py",
        "accounts/runs/rollouts",
        "accounts/runs/test_approve_same.py",
        "accounts/runs/test_endings.py",
        "accounts/runs/test_folding.py",
        "accounts/runs/test_many_at_once.py",
        "accounts/work/test_queue.py",
        "accounts/runs/test_retention.py",
        "accounts/runs/test_steps_noted.py",
        "accounts/people/test_activity.py",
        "accounts/test_decided_once.py",
        "accounts/web/people",
        "accounts/workers",
        "attack/test_activity_is_append_only.py",
        "attack/test_dead_worker.py",
        "attack/test_frozen_worker.py",
    )
}
"""Whose tests ask for locks, leases, triggers, constraints, the database's clock and
the SQL of lists, which a database answers in its own way.
"""
MIRRORS = {"accounts", "bowline", "onboarding"}
"""Folders whose tests say what the code of the same folders does."""


def counts_for_coverage(item: pytest.Item) -> bool:
    """Say whether a line that this test reaches counts as tested.

    An attack, a journey or a browser passes lines without a word about them, and takes
    more than twice the time under coverage.
    """
    folder = item.path.relative_to(TESTS).parts[0]
    return folder in MIRRORS and item.get_closest_marker("browser") is None


def is_for_postgresql(path: Path) -> bool:
    return bool(ON_POSTGRESQL & {path, *path.parents})


def is_dear(item: pytest.Item) -> bool:
    in_browser = item.get_closest_marker("browser") is not None
    return in_browser or bool(DEAR & {*item.path.parents})


def needs_more(item: pytest.Item) -> bool:
    """Return whether it needs another program, or attacks a site. A test of the attacks
    that takes nothing reads the code, such as whether each form is tried.
    """
    fixtures = {*getattr(item, "fixturenames", ())}
    takes = signature(item.obj).parameters  # type: ignore[attr-defined]
    attacks = item.path.parent == ATTACKS and (takes or uses_database(item))
    return bool(fixtures & OTHER_PROGRAMS or attacks)


def is_quick(item: pytest.Item) -> bool:
    slow = item.nodeid.partition("[")[0] in SLOW
    return not (slow or needs_more(item) or NOT_QUICK & {*item.path.parents})


def left_to_all(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield what the short tier leaves out: see CONTRIBUTING.md."""
    asked: Counter[str] = Counter()
    of_module: dict[Path, set[str]] = defaultdict(set)
    for item in items:
        test = item.nodeid.partition("[")[0]
        asked[test] += 1
        marked = item.get_closest_marker("exhaustive")
        if marked and asked[test] > marked.kwargs.get("after", 0):
            yield item
        elif item.get_closest_marker("smoke"):
            if asked[test] > 1:
                yield item
        elif is_dear(item):
            yield item
        elif needs_more(item):
            of_module[item.path].add(test)
            if asked[test] > 1 or len(of_module[item.path]) > OF_EACH:
                yield item


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the files unread in which a tier has no test: reading all takes a worker
    half a minute.
    """
    asked = config.option.markexpr
    if asked.startswith("postgresql") and collection_path.is_file():
        return not is_for_postgresql(collection_path) or None
    if asked.startswith("quick"):
        return bool((NOT_QUICK | DEAR) & {collection_path}) or None
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark, by the fixtures that it needs, what opens a browser, uses the database, is
    for PostgreSQL, counts for coverage or is quick, and what the short tier omits.
    """
    for item in items:
        fixtures = {*getattr(item, "fixturenames", ())}
        if BROWSER in fixtures:
            item.add_marker("browser")
        if not counts_for_coverage(item):
            item.add_marker("no_cover")
        if uses_database(item):
            item.add_marker("database")
            if is_for_postgresql(item.path):
                item.add_marker("postgresql")
        if is_quick(item):
            item.add_marker("quick")
    for item in left_to_all(items):
        item.add_marker("in_all_only")
