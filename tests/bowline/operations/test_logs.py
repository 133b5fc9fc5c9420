"""A line of the log is one JSON document, says whose it is, and holds no secret."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from threading import Barrier
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.models import Delivery, Rollout, Run
from accounts.models.states import Status
from accounts.runs import stages
from accounts.runs.rollouts.decisions import approve_these, discard
from accounts.runs.rollouts.engine import begin_runs
from accounts.runs.rollouts.start import start
from accounts.work.log_ids import RUN, about
from bowline.operations.logs import Ids, JsonLines, RequestId, logging_settings
from onboarding.aws.client import together
from tests.rows import account_row, decider, managing_row, run_row

logger = logging.getLogger("tests.of.logs")


class Lines(io.StringIO):
    @property
    def read_back(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Write what is logged as the site does with LOG_FORMAT=json."""
    with closing(Lines()) as stream:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(JsonLines())
        handler.addFilter(Ids())
        root = logging.getLogger()
        before = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        yield stream
        root.setLevel(before)
        root.removeHandler(handler)


def test_a_line_is_one_document(lines: Lines) -> None:
    logger.warning("Two\nlines, and %s", "“signs”")

    (line,) = lines.read_back
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "tests.of.logs",
        "message": "Two\nlines, and “signs”",
    }


def test_a_traceback_stays_on_its_line(lines: Lines) -> None:
    try:
        raise ValueError("why")
    except ValueError:
        logger.exception("It failed.")

    (line,) = lines.read_back
    assert line["exc_info"].endswith("ValueError: why")


def test_what_a_library_attaches_is_not_written(lines: Lines) -> None:
    """Django attaches the request, whose headers and query may hold anything."""
    request = RequestFactory().get("/?token=hush-hush", headers={"cookie": "hush-hush"})

    logger.error("Refused.", extra={"request": request, "password": "hush-hush"})

    assert "hush-hush" not in lines.getvalue()
    assert "request" not in lines.read_back[0]


def test_lines_of_a_request_have_the_name_that_its_answer_has(lines: Lines) -> None:
    def page(request: HttpRequest) -> HttpResponse:
        logger.info("Within.")
        return HttpResponse()

    answers = [RequestId(page)(RequestFactory().get("/")) for _ in range(2)]
    logger.info("Outside.")

    first, second, outside = lines.read_back
    names = [answer.headers["X-Request-ID"] for answer in answers]
    assert [first["request"], second["request"]] == names
    assert names[0] != names[1]
    assert "request" not in outside


@pytest.mark.django_db
def test_a_client_does_not_choose_the_name(client: Client) -> None:
    answer = client.get("/sign-in/", headers={"x-request-id": "of-another"})

    assert len(answer.headers["X-Request-ID"]) == 32


@pytest.mark.django_db
def test_lines_of_a_run_name_it(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    def stage(*_: object, **__: object) -> None:
        logger.info("At work.")

    run = Run.objects.create(account=account_row())
    monkeypatch.setattr(stages, "carry_to_its_end", stage)

    stages.carry_on(run)
    logger.info("Afterwards.")

    of_test = [one for one in lines.read_back if one["logger"] == logger.name]
    assert [one.get("run") for one in of_test] == [str(run.pk), None]


def test_threads_that_help_a_run_name_it_too(lines: Lines) -> None:
    """A pool's thread does not inherit what the one that calls it has set."""
    both = Barrier(2)

    def ask() -> None:
        both.wait(30)  # so that no thread does it for the other
        logger.info("Asked.")

    with about(RUN, "the-run"):
        together([ask, ask])

    of_test = [one for one in lines.read_back if one["logger"] == logger.name]
    assert [one["run"] for one in of_test] == ["the-run", "the-run"]


def of_states(lines: Lines) -> list[tuple[str, str | None]]:
    return [
        (one["message"], one.get("run"))
        for one in lines.read_back
        if one["logger"] == "accounts.models.states"
    ]


@pytest.mark.django_db
def test_each_state_of_a_run_is_a_line_that_names_it(
    lines: Lines, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = run_row(Status.PLANNING, account=account_row())
        run.take_lease()
        run.carry(Status.PLANNED)
        run.move(Status.DISCARDED, since=(Status.PLANNED,))

    says = f"Run {run.number}: Onboard staging"
    assert of_states(lines) == [
        (f"{says}: {status}", str(run.pk))
        for status in ("planning", "planned", "discarded")
    ]


@pytest.mark.django_db
def test_a_change_that_is_rolled_back_is_no_line(
    lines: Lines, django_capture_on_commit_callbacks: Any
) -> None:
    run = run_row(Status.PLANNED, account=account_row())

    with django_capture_on_commit_callbacks(execute=True):  # noqa: SIM117
        with suppress(ZeroDivisionError), transaction.atomic():
            run.move(Status.DISCARDED, since=(Status.PLANNED,))
            raise ZeroDivisionError

    assert of_states(lines) == []


@pytest.mark.django_db
def test_deliveries_and_rollouts_say_their_states_too(
    lines: Lines, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        delivery = Delivery.objects.create(number=4)
        delivery.take_lease()
        delivery.carry(Delivery.Status.PLANNED)
        rollout = Rollout.objects.create()
        rollout.move(Rollout.State.STOPPED)

    assert of_states(lines) == [
        ("Delivery 4: planning", None),
        ("Delivery 4: planned", None),
        (f"Rollout {rollout.number}: stopped", None),
    ]


@pytest.mark.django_db
def test_runs_that_a_rollout_moves_together_have_a_line_each(
    lines: Lines, django_capture_on_commit_callbacks: Any
) -> None:
    managing_row()
    rollout = Rollout.objects.create()
    for account_id in ("922222222222", "933333333333"):
        account = account_row(account_id, account_id=account_id)
        run_row(Status.APPROVED, account=account, rollout=rollout)
    runs = Run.objects.filter(rollout=rollout)

    with django_capture_on_commit_callbacks(execute=True):
        begin_runs(rollout, 0, 1)
        discard(runs)

    states = [message.rpartition(": ")[2] for message, _ in of_states(lines)]
    assert states == ["applying", "discarded"]
    assert {run for _, run in of_states(lines)} == {str(run.pk) for run in runs}


@pytest.mark.django_db
def test_plans_that_are_approved_or_replaced_together_have_a_line_each(
    lines: Lines, django_capture_on_commit_callbacks: Any
) -> None:
    managing_row()
    approved, replaced = (
        run_row(Status.PLANNED, account=account_row(name, account_id=name))
        for name in ("922222222222", "933333333333")
    )

    with django_capture_on_commit_callbacks(execute=True):
        approve_these([approved], decider("ann"), "")
        rollout = start([replaced.account], Rollout.Kind.ONBOARD, None)

    assert {
        (f"Run {approved.number}: Onboard 922222222222: approved", str(approved.pk)),
        (f"Run {replaced.number}: Onboard 933333333333: discarded", str(replaced.pk)),
        (f"{rollout}: planning", None),
    } <= {*of_states(lines)}


@pytest.mark.parametrize(
    "name", ["celery.worker.strategy", "celery.app.trace", "celery.beat"]
)
def test_messages_without_news_are_no_lines(name: str) -> None:
    described = logging_settings("json", "INFO")

    assert described["loggers"][name] == {"level": "WARNING"}


@pytest.mark.parametrize("form", ["line", "json"])
def test_no_level_lets_boto3_write_credentials(form: str) -> None:
    """Not even DEBUG: its lines hold what requests are signed with."""
    described = logging_settings(form, "DEBUG")
    script = (
        "import json, logging, logging.config, sys, boto3\n"
        "logging.config.dictConfig(json.loads(sys.argv[1]))\n"
        "logging.getLogger('bowline').debug('Here.')\n"
        "client = boto3.client('sts', region_name='us-east-1',"
        " aws_access_key_id='AKIDEXAMPLE', aws_secret_access_key='hush-hush',"
        " endpoint_url='http://127.0.0.1:9')\n"
        "try: client.get_caller_identity()\n"
        "except Exception: pass\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(described)],
        capture_output=True,
        text=True,
        check=True,
        env={"AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"},
    )

    assert "Here." in done.stderr
    assert "hush-hush" not in done.stderr
    assert "AKIDEXAMPLE" not in done.stderr
