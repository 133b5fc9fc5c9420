"""A decision happens once: of two people who decide at once, the second one waits, and
finds what the first one decided.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import pytest
from celery import Celery
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.models import (
    Activity,
    Bundle,
    Delivery,
    ManagedAccount,
    Rollout,
    Run,
)
from accounts.models.states import State
from tests.accounts.pressed import (
    ALONE,
    DONE,
    EACH,
    SAME,
    TOGETHER,
    Decision,
    Press,
    build,
)
from tests.rows import account_row, decider, managing_row, run_row, step_row

pytestmark = pytest.mark.django_db(transaction=True)


class Outcome(NamedTuple):
    first: str
    second: str
    rows: list[tuple[Any, ...]]
    log: list[tuple[Any, ...]]

    @property
    def turned(self) -> Outcome:
        return self._replace(first=self.second, second=self.first)


@pytest.fixture(autouse=True)
def only_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    monkeypatch.setattr(Celery, "send_task", lambda *args, **options: None)


@pytest.fixture
def second_person() -> Iterator[ThreadPoolExecutor]:
    """Let somebody decide on a connection of their own."""
    with ThreadPoolExecutor(1) as pool:
        yield pool
        pool.submit(connections.close_all).result()


@pytest.fixture
def people() -> tuple[User, User]:
    return decider("ada"), decider("bob")


def situate() -> None:
    """Let everything wait that somebody may decide about."""
    managing_row(state=State.VERIFIED, verification=State.VERIFIED)
    now = timezone.now()
    fields = {"granted_at": now, "state": State.PLANNED, "verified_at": now}
    account_row("verified", account_id="9" * 12, verification=State.VERIFIED, **fields)
    fields["verification"] = State.EVALUATED
    rollout = Rollout.objects.create(state=Rollout.State.PLANNED)
    for number, (name, part_of) in enumerate(
        {ALONE: None, TOGETHER: rollout}.items(), start=1
    ):
        account = account_row(name, account_id=str(number) * 12, **fields)
        run = run_row(
            account=account, rollout=part_of, fingerprint=SAME, plan_digest="d" * 64
        )
        step_row(run, account_id=account.account_id, account_name=name)
    Delivery.objects.create(number=1, status=Delivery.Status.PLANNED)


class Kept:
    """The rows as they are now, to be put back: quicker than to make them again."""

    def __init__(self) -> None:
        models = apps.get_app_config("accounts").get_models(include_auto_created=True)
        self.tables = {
            model._meta.db_table: ", ".join(
                f'"{field.column}"'
                for field in model._meta.concrete_fields
                if not field.generated
            )
            for model in models
        }
        self.do(f"CREATE TEMP TABLE kept_{one} AS TABLE {one}" for one in self.tables)

    def put_back(self) -> None:
        # What refuses it, such as the activity log, is off meanwhile.
        self.do(
            [
                "SET session_replication_role = replica",
                *(f"DELETE FROM {one}" for one in self.tables),
                *(
                    f"INSERT INTO {one} ({columns}) SELECT {columns} FROM kept_{one}"
                    for one, columns in self.tables.items()
                ),
                "SET session_replication_role = DEFAULT",
            ]
        )

    def forget(self) -> None:
        self.do(f"DROP TABLE kept_{one}" for one in self.tables)

    @staticmethod
    def do(statements: Iterable[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("; ".join(statements))


@pytest.fixture
def kept(people: tuple[User, User]) -> Iterator[Kept]:
    situate()
    kept = Kept()
    yield kept
    kept.forget()


def outcome(first: str, second: str) -> Outcome:
    """Read what became of it all; runs and rollouts are numbered from 1."""
    runs = list(Run.objects.order_by("number"))
    places = {run.number: place for place, run in enumerate(runs, start=1)}

    def said(text: str) -> str:
        text = re.sub(r"ollout \d+", "ollout 1", text)
        return re.sub(r"un (\d+)", lambda m: f"un {places[int(m[1])]}", text)

    rows: list[tuple[Any, ...]] = [
        (run.account_name, run.kind, run.status, run.approved_by_name) for run in runs
    ]
    rows += [
        (
            one.name,
            one.state,
            one.version,
            one.verification,
            one.accepted_by_name,
            one.regions,
            one.former_external_id == "",
            bool(one.verified),
        )
        for one in ManagedAccount.objects.order_by("name")
    ]
    rows += [(one.state, one.reason) for one in Rollout.objects.all()]
    rows += [(one.number, one.accounts.count()) for one in Bundle.objects.all()]
    rows += [
        (one.number, one.status, one.approved_by_name) for one in Delivery.objects.all()
    ]
    log = [
        (one.who, one.what, said(one.about))
        for one in Activity.objects.exclude(what=Activity.What.SIGN_IN)
    ]
    return Outcome(said(first), said(second), rows, sorted(log))


def one_after_the_other(first: Press, second: Press) -> Outcome:
    """Decide one after the other, and take it back."""
    with transaction.atomic():
        found = outcome(first(), second())
        transaction.set_rollback(True)
    return found


def at_once(first: Press, second: Press, other: ThreadPoolExecutor) -> Outcome:
    """Decide while the first one's transaction still lasts: the second one waits for a
    lock before it ends, if it is only that of the activity log.
    """
    with transaction.atomic():
        said = first()
        coming = other.submit(second)
        while not (coming.done() or somebody_waits()):
            time.sleep(0.002)
    return outcome(said, coming.result(20))


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_two_at_once_come_to_the_same_as_one_after_the_other(
    people: tuple[User, User], kept: Kept, second_person: ThreadPoolExecutor
) -> None:
    wrong = []
    for first, second in product(EACH, repeat=2):
        opened = partial(open_both, first, second, people)
        expected = one_after_the_other(*opened())
        came = at_once(*opened(), second_person)
        kept.put_back()
        if came != expected:
            # The second may also be the first, where neither concerns the other.
            a, b = opened()
            if came != one_after_the_other(b, a).turned:
                wrong.append((f"{first}, {second}", came, expected))
    assert not wrong, wrong


def open_both(
    first: Decision, second: Decision, people: tuple[User, User]
) -> tuple[Press, Press]:
    """Let each of the two open a page, and only then press."""
    ada, bob = people
    return first.opened(first.about, ada), second.opened(second.about, bob)


LOSERS = {
    ("approve", "approve"): "Run 1 was approved by ada before you decided.",
    ("approve", "discard"): "Run 1 was approved by ada before you decided.",
    ("approve", "plan"): "Run 1 of staging, approved by ada, is in progress. Wait "
    "until it finishes.",
    ("discard", "approve"): "Run 1 was discarded by ada before you decided.",
    ("discard", "discard"): "Run 1 was discarded by ada before you decided.",
    ("edit", "approve"): "staging was edited after it was planned. Plan again.",
    ("edit testing", "roll_out"): "testing was edited after it was planned. Plan "
    "again.",
    ("edit_managing", "approve"): (
        "The managing account was edited after this was planned. Plan again."
    ),
    ("edit_managing", "roll_out"): (
        "testing: The managing account was edited after this was planned. Plan again."
    ),
    ("approve testing", "roll_out"): "testing: Run 2 was approved by ada before you "
    "decided.",
    ("stop", "approve testing"): "Run 2 was discarded by ada, who stopped rollout 1, "
    "before you decided.",
    ("plan", "approve"): "Run 1 was discarded for run 3 of ada before you decided.",
    ("plan", "discard"): "Run 1 was discarded for run 3 of ada before you decided.",
    ("plan", "plan"): "Run 3 of staging is in progress. Wait until it finishes.",
    ("rotate", "approve"): "staging was edited after it was planned. Plan again.",
    ("rotate", "rotate"): (
        "The external ID of staging is already being rotated. Finish that rotation "
        "first."
    ),
    ("accept", "accept"): "staging was accepted by ada before you decided.",
    ("deliver", "deliver"): "Delivery 2 is in progress. Wait until it finishes.",
    ("deliver", "send"): "Delivery 1 was discarded for delivery 2 of ada before you "
    "decided.",
    ("send", "send"): "Delivery 1 was approved by ada before you decided.",
    ("send", "withhold"): "Delivery 1 was approved by ada before you decided.",
    ("send", "deliver"): "Delivery 1 is in progress. Wait until it finishes.",
    ("withhold", "send"): "Delivery 1 was discarded by ada before you decided.",
    ("roll_out", "roll_out"): "testing: Run 2 was approved by ada before you decided.",
    ("stop", "roll_out"): "Rollout 1 is stopped: ada stopped it. Nothing was changed.",
    ("pause", "pause"): "Rollout 1 is paused: ada paused it. Nothing was changed.",
    ("stop", "pause"): "Rollout 1 is stopped: ada stopped it. Nothing was changed.",
    ("stop", "stop"): "Rollout 1 is stopped: ada stopped it. Nothing was changed.",
}
"""What the second one reads, where only one of two can be: it says who was quicker."""


def test_whoever_comes_second_reads_who_was_quicker(
    people: tuple[User, User], kept: Kept, second_person: ThreadPoolExecutor
) -> None:
    by_name = {one.opened.__name__: one for one in reversed(EACH)}
    by_name |= {str(one): one for one in EACH}
    said = {}
    for names in LOSERS:
        first, second = (by_name[name] for name in names)
        opened = open_both(first, second, people)
        came = at_once(*opened, second_person)
        said[names] = came.second
        kept.put_back()
        assert came.first == DONE
        assert [who for who, *_ in came.log].count("bob") == 0
    assert said == LOSERS


def test_both_of_two_who_build_at_once_get_a_bundle(
    people: tuple[User, User], kept: Kept, second_person: ThreadPoolExecutor
) -> None:
    build_one = Decision(build)

    came = at_once(*open_both(build_one, build_one, people), second_person)

    assert (came.first, came.second) == (DONE, DONE)
    numbers = Bundle.objects.order_by("number").values_list("number", flat=True)
    assert [*numbers] == [1, 2]
