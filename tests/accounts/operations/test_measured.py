"""Each scrape says what the database says, in as many series whatever there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import (
    AwsAnswers,
    DeliveryStep,
    Heartbeat,
    ManagedAccount,
    Rollout,
    Run,
)
from accounts.models.states import WORDS, State, Status
from accounts.operations.measured import Measured
from tests.accounts.spinnaker.deliveries.delivering import (
    deliver,
    plan,
    prove_again,
    proved_row,
)
from tests.onboarding.delivery.strict_gate import StrictGate
from tests.rows import account_row

pytestmark = pytest.mark.django_db


QUERIES = 12

"""Of a scrape, whatever there is."""


class Scrape(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    def of(self, name: str, **labels: str) -> float:
        return self[name, frozenset(labels.items())]

    def has(self, name: str) -> bool:
        return any(one == name for one, _ in self)


def scrape() -> Scrape:
    """Read what a scrape gives, as Prometheus would."""
    registry = CollectorRegistry()
    registry.register(Measured())
    text = generate_latest(registry).decode()
    samples = (
        sample
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )
    found = Scrape()
    for sample in samples:
        key = (sample.name, frozenset(sample.labels.items()))
        assert key not in found, f"{key} is there twice: Prometheus refuses that"
        found[key] = sample.value
    return found


def verified(name: str, number: int, age: timedelta, **fields: Any) -> None:
    verified_at = timezone.now() - age
    fields = {"verification": State.VERIFIED, "state": State.VERIFIED, **fields}
    account_row(
        name,
        account_id=f"{number:012}",
        verified_at=verified_at,
        providers={},
        **fields,
    )


def ended(kind: str, status: str, seconds: float, ago: timedelta) -> Run:
    """Make a run that took so long after it was approved, an hour after its start."""
    finished = timezone.now() - ago
    approved = finished - timedelta(seconds=seconds)
    run = Run.objects.create(
        kind=kind, status=status, finished_at=finished, approved_at=approved
    )
    Run.objects.filter(pk=run.pk).update(created_at=approved - timedelta(hours=1))
    return run


def test_accounts_are_counted_by_the_state_that_pages_show() -> None:
    verified("new", 1, timedelta(hours=2))
    verified("old", 2, timedelta(days=8))
    account_row("draft", account_id="000000000003")

    found = scrape()

    assert found.of("bowline_accounts", state="verified") == 1
    assert found.of("bowline_accounts", state="verified, stale") == 1
    assert found.of("bowline_accounts", state="draft") == 1
    assert found.of("bowline_accounts", state="failed") == 0
    assert len([name for name, _ in found if name == "bowline_accounts"]) == len(WORDS)


def test_no_proof_is_stale_where_none_can_be(settings: Any) -> None:
    settings.VERIFICATION_MAX_AGE = 0
    verified("old", 2, timedelta(days=800))

    found = scrape()

    assert found.of("bowline_accounts", state="verified") == 1
    assert found.of("bowline_accounts", state="verified, stale") == 0


def test_proofs_are_counted_by_their_age() -> None:
    verified("new", 1, timedelta(minutes=30))
    verified("older", 2, timedelta(days=3))
    verified("oldest", 3, timedelta(days=99))
    verified("lost", 4, timedelta(days=1), verification="", state=State.FAILED)

    found = scrape()

    assert found.of("bowline_verification_age_seconds_bucket", le="3600.0") == 1
    assert found.of("bowline_verification_age_seconds_bucket", le="172800.0") == 1
    assert found.of("bowline_verification_age_seconds_bucket", le="604800.0") == 2
    assert found.of("bowline_verification_age_seconds_bucket", le="+Inf") == 3
    assert found.of("bowline_verification_age_seconds_gcount") == 3
    age = found.of("bowline_verification_age_seconds_gsum") / 86400
    assert age == pytest.approx(102.02, abs=0.01)


def test_open_runs_are_counted_and_those_that_ended_are_not() -> None:
    account = account_row()
    Run.objects.create(kind="verify", status=Status.PLANNED, account=account)
    ended("verify", Status.VERIFIED, 20, timedelta(minutes=5))

    found = scrape()

    assert found.of("bowline_runs_open", kind="verify", status="planned") == 1
    assert found.of("bowline_runs_open", kind="onboard", status="applying") == 0
    with pytest.raises(KeyError):
        found.of("bowline_runs_open", kind="verify", status="verified")


def test_no_second_of_a_run_is_lost_to_how_a_database_keeps_moments() -> None:
    for milliseconds in range(0, 400, 7):
        ago = timedelta(minutes=5, milliseconds=milliseconds)
        ended("verify", Status.VERIFIED, 20, ago)

    found = scrape()

    runs = len(range(0, 400, 7))
    time = found.of("bowline_run_duration_seconds_gsum", kind="verify")
    assert time == 20 * runs


def test_runs_that_ended_are_counted_for_an_hour_with_their_time() -> None:
    ended("verify", Status.VERIFIED, 20, timedelta(minutes=5))
    ended("verify", Status.FAILED, 400, timedelta(minutes=5))
    ended("verify", Status.VERIFIED, 20, timedelta(hours=2))

    found = scrape()

    recent = "bowline_runs_ended_last_hour"
    assert found.of(recent, kind="verify", status="verified") == 1
    assert found.of(recent, kind="verify", status="failed") == 1
    assert found.of(recent, kind="remove", status="removed") == 0
    bucket = "bowline_run_duration_seconds_bucket"
    assert found.of(bucket, kind="verify", le="15.0") == 0
    assert found.of(bucket, kind="verify", le="30.0") == 1
    assert found.of(bucket, kind="verify", le="+Inf") == 2
    time = found.of("bowline_run_duration_seconds_gsum", kind="verify")
    assert time == pytest.approx(420, abs=1)
    assert found.of("bowline_run_duration_seconds_gsum", kind="onboard") == 0


def test_a_queue_is_as_old_as_what_waits_longest() -> None:
    for name, origin, minutes in (
        ("a", "page", 1),
        ("b", "page", 3),
        ("c", "schedule", 9),
    ):
        account = account_row(name, account_id=f"{ord(name):012}", providers={})
        run = Run.objects.create(account=account, started_from=origin)
        moved_at = Now() - timedelta(minutes=minutes)
        Run.objects.filter(pk=run.pk).update(moved_at=moved_at)
    carried = account_row("d", account_id="000000000999", providers={})
    held = Run.objects.create(account=carried, started_from="page")
    Run.objects.filter(pk=held.pk).update(moved_at=Now() - timedelta(days=1))
    assert held.take_lease()

    found = scrape()

    assert found.of("bowline_queue_runs", queue="bowline") == 2
    assert found.of("bowline_queue_runs", queue="schedule") == 1
    age = found.of("bowline_queue_age_seconds", queue="bowline")
    assert age == pytest.approx(180, abs=30)
    age = found.of("bowline_queue_age_seconds", queue="schedule")
    assert age == pytest.approx(540, abs=30)


def test_an_empty_queue_has_no_age() -> None:
    assert scrape().of("bowline_queue_age_seconds", queue="bowline") == 0


def test_rollouts_that_are_under_way_are_counted() -> None:
    Rollout.objects.create(state=Rollout.State.PAUSED)
    Rollout.objects.create(state=Rollout.State.FINISHED)

    found = scrape()

    assert found.of("bowline_rollouts_open", state="paused") == 1
    assert found.of("bowline_rollouts_open", state="planned") == 0
    assert ("bowline_rollouts_open", frozenset({("state", "finished")})) not in found


def test_what_never_happened_has_no_age() -> None:
    Heartbeat.note(seen_at=Now() - timedelta(seconds=30))

    found = scrape()

    age = found.of("bowline_heartbeat_age_seconds", queue="bowline")
    assert age == pytest.approx(30, abs=15)
    assert len([name for name, _ in found if name.startswith("bowline_heart")]) == 1
    assert not found.has("bowline_sweep_age_seconds")


def test_the_sweep_says_when_it_was(prompt_worker: None) -> None:
    from accounts.tasks import sweep

    sweep()

    assert scrape().of("bowline_sweep_age_seconds") < 60


def test_throttles_are_those_errors_that_say_so() -> None:
    for error, count in (("", 90), ("Throttling", 7), ("AccessDenied", 3)):
        AwsAnswers.objects.create(operation="iam:GetRole", error=error, count=count)

    found = scrape()

    calls = "bowline_aws_calls_total"
    assert found.of(calls, operation="iam:GetRole", error="") == 90
    assert found.of(calls, operation="iam:GetRole", error="AccessDenied") == 3
    assert found.of("bowline_aws_throttles_total", operation="iam:GetRole") == 7


def test_refused_credentials_are_counted_from_nothing_on() -> None:
    assert scrape().of("bowline_aws_credentials_refused_total") == 0

    for operation, error, count in (
        ("sts:AssumeRole", "ExpiredToken", 40),
        ("sts:AssumeRole", "InvalidClientTokenId", 2),
        ("autoscaling:DescribeAutoScalingGroups", "InvalidClientTokenId", 7),
        ("iam:GetRole", "AccessDenied", 5),
    ):
        AwsAnswers.objects.create(operation=operation, error=error, count=count)

    assert scrape().of("bowline_aws_credentials_refused_total") == 42


@pytest.fixture
def none() -> Scrape:
    return scrape()


@pytest.fixture
def ten_thousand(none: Scrape, managing) -> None:
    """Make so many accounts with hostile names, each with a run that ended."""
    now = timezone.now()
    accounts = ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f'prod"}} 1\n{number}',
            account_id=f"{number:012}",
            state=State.VERIFIED,
            verification=State.VERIFIED,
            verified_at=now - timedelta(minutes=number),
        )
        for number in range(10_000)
    )
    Run.objects.bulk_create(
        Run(
            account=account,
            account_name=account.name,
            kind=Run.Kind.VERIFY,
            status=Status.VERIFIED,
            finished_at=now,
        )
        for account in accounts
    )


@pytest.mark.exhaustive
def test_ten_thousand_accounts_have_no_more_series_than_none(
    ten_thousand: None, none: Scrape
) -> None:
    with CaptureQueriesContext(connection) as queries:
        many = scrape()

    assert many.of("bowline_verification_age_seconds_gcount") == 10_000
    assert {*many} == {*none}
    assert len(many) < 200
    assert len(queries) == QUERIES


def test_without_deliveries_every_number_is_zero() -> None:
    found = scrape()

    for state in ("loaded", "not loaded", "leaving"):
        assert found.of("bowline_spinnaker_accounts", state=state) == 0
    assert found.of("bowline_spinnaker_accounts_differing") == 0
    assert found.of("bowline_spinnaker_load_seconds_gcount") == 0


def test_loaded_accounts_are_counted_with_the_time_that_it_took(managing) -> None:
    proved_row()
    strict = StrictGate()
    deliver(strict)

    found = scrape()

    step = DeliveryStep.objects.get()
    assert step.took
    took = step.took.total_seconds()
    assert 15 < took <= 60
    assert found.of("bowline_spinnaker_accounts", state="loaded") == 1
    assert found.of("bowline_spinnaker_accounts_differing") == 0
    assert found.of("bowline_spinnaker_load_seconds_bucket", le="15.0") == 0
    assert found.of("bowline_spinnaker_load_seconds_bucket", le="60.0") == 1
    assert found.of("bowline_spinnaker_load_seconds_gsum") == pytest.approx(took, 0.01)


def test_what_is_planned_and_not_seen_yet_differs(managing) -> None:
    account, strict = proved_row(), StrictGate()
    deliver(strict)
    prove_again(account, regions=["us-east-1", "us-west-2"])

    plan(strict)

    assert scrape().of("bowline_spinnaker_accounts_differing") == 1


@pytest.mark.parametrize("skew", [0, 600, -45])
def test_a_worker_s_wrong_clock_is_said(skew: int) -> None:
    if skew:
        Heartbeat.note(skewed_host="host", skew_seconds=skew, skewed_at=Now())

    assert scrape().of("bowline_clock_skew_seconds") == skew
