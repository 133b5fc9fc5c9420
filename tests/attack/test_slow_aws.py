"""Tried: open every page while AWS hangs, and ask it far more than it can answer.

Refused: no request calls AWS. A worker does, the same question once, and no more than a
few of one person; pages say so, and look again by themselves.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.client import BaseClient
from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.datastructures import MultiValueDictKeyError

from accounts import tasks
from accounts.discover.looking import (
    calls_in,
    enabled_regions,
    found_by,
    possible_details,
)
from accounts.discover.organization.watching import added_members
from accounts.discover.questions import (
    KINDS,
    MOST_OF_ALL,
    MOST_OF_ONE,
    RECENT,
    ask,
    known,
    seen,
)
from accounts.models import (
    Bundle,
    Heartbeat,
    Question,
    Upload,
)
from accounts.models.states import Status
from accounts.web import urls
from accounts.web.wizard.steps import SLUGS
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.checks import Call
from onboarding.topology import Reach
from tests.accounts.mapping.adopted import adoption_row
from tests.rows import account_row, managing_row, person, run_row, search_row, step_row

pytestmark = pytest.mark.django_db

WEB = Path(urls.__file__).parent
PATTERNS = {pattern.name: str(pattern.pattern) for pattern in urls.urlpatterns}
LOOKS = ({}, {"look": "1"}, {"look": "answer"}, {"look": "again"})
MORE = ({}, {"switch": "1"}, {"regions": ""}, {"provider": "eks"})
QUERIES: list[dict[str, str]] = [{**look, **more} for look in LOOKS for more in MORE]
NAMES = {name for query in QUERIES for name in query}
OF_ONE = ("get", "getlist", "__getitem__", "__contains__")
OF_ALL = (
    *("__iter__", "__len__", "copy", "dict", "items", "keys"),
    *("lists", "urlencode", "values"),
)
"""What a view asks of a query for one name, and for all that were sent."""


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever calls AWS here, or begins to."""

    def hang(*_: Any, **__: Any) -> None:
        raise AssertionError("AWS was called in a request.")

    monkeypatch.setattr(BaseClient, "_make_api_call", hang)
    monkeypatch.setattr(Sessions, "__init__", hang)


@pytest.fixture
def everybody(client):
    client.force_login(person("operator", is_superuser=True))
    return client


def paths(name: str) -> list[str]:
    """Fill a URL's parameters with what exists."""
    route = PATTERNS[name]
    account = account_row(access_role="Admin")
    for key in ("eks", "ecs", "lambda"):
        account.providers.create(key=key)
    run = run_row(Status.PLANNED, account=account, fingerprint="a" * 32)
    step_row(run)
    values = {
        "pk": run.pk if route.startswith("runs/") else account.pk,
        "number": Bundle.objects.create(number=2).number,
        "since": Bundle.objects.create(number=1).number,
        **{"path": "README.md", "alike": "a" * 64, "slug": "tutorial"},
        "file": "clouddriver-local.yml",
        "person": User.objects.get().pk,
        "fingerprint": run.fingerprint,
        "name": account.name,
        "adding": added_members.begin(User.objects.get(), account_ids=[]).pk,
        "search": search_row(User.objects.get()).pk,
        "question": "0" * 64,
        "adoption": adoption_row(User.objects.get()).pk,
        "upload": Upload.objects.create(by=User.objects.get(), name="a.csv").pk,
    }
    needed = re.findall(r"<\w+:(\w+)>", route)
    steps = SLUGS if "step" in needed else ("",)
    return [
        reverse(
            f"accounts:{name}", kwargs={n: {**values, "step": s}[n] for n in needed}
        )
        for s in steps
    ]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Collect the names that requests are asked for, of all that they were sent."""
    names: set[str] = set()

    def noting(method: str) -> Callable[..., Any]:
        original = getattr(QueryDict, method)

        def noted(sent: QueryDict, *given: Any, **more: Any) -> Any:
            if not sent._mutable:  # or Django is still filling it
                names.update(given[:1] if method in OF_ONE else NAMES)
            return original(sent, *given, **more)

        return noted

    for method in (*OF_ONE, *OF_ALL):
        monkeypatch.setattr(QueryDict, method, noting(method), raising=False)
    return names


def told_apart(
    send: Callable[..., Any], path: str, asked: set[str]
) -> Iterator[HttpResponse]:
    """Send each query that the page can tell from those before: what it does not ask
    for, it does not see.
    """
    asked.clear()
    sent: list[dict[str, str]] = []

    def seen(query: dict[str, str]) -> set[tuple[str, str]]:
        return {(name, query[name]) for name in asked & {*query}}

    while new := [one for one in QUERIES if seen(one) not in map(seen, sent)]:
        sent.append(new[0])
        yield send(path, new[0])


@pytest.mark.exhaustive(after=40)
@pytest.mark.parametrize("name", PATTERNS)
def test_no_request_calls_aws(
    everybody, no_aws: None, asked: set[str], name: str
) -> None:
    managing_row()
    opened = [
        answer.status_code
        for path in paths(name)
        for send in (everybody.get, everybody.post)
        for answer in told_apart(send, path, asked)
    ]

    assert set(opened) <= {200, 302, 400, 403, 404, 405}


@pytest.mark.parametrize(
    ("reads", "sent"),
    [
        (lambda query: query.get("look"), 4),
        (lambda query: query.get("look") == "1" and query["regions"], 8),
        (lambda query: [*query], 16),
    ],
)
def test_every_query_that_a_page_can_tell_apart_is_sent(
    asked: set[str], reads: Callable[[QueryDict], Any], sent: int
) -> None:
    queries = []

    def send(_: str, query: dict[str, str]) -> None:
        queries.append(query)
        with suppress(MultiValueDictKeyError):
            reads(QueryDict(urlencode(query)))

    assert [*told_apart(send, "/", asked)]
    assert len(queries) == sent


def test_no_page_can_make_what_calls_aws() -> None:
    imported = {
        node.module
        for file in WEB.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom)
    }

    assert not imported & {"onboarding.aws.session", "onboarding.aws.client"}
    assert len(imported) > 100


def question(number: int = 1) -> Question:
    return enabled_regions.at("aws", Reach(f"{number:012}"))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what is sent to workers, who leave it."""
    messages: list[Any] = []
    monkeypatch.setattr(
        Celery, "send_task", lambda _, name, args, **__: messages.append((name, *args))
    )
    return messages


def test_the_same_question_is_asked_once_whoever_asks(
    sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = ask(question(), person("operator"))
        second = ask(question(), person("viewer"), again=True)

    assert first == second
    assert sent == [("accounts.tasks.carry_on", "question", str(first.pk))]


def test_a_person_asks_only_so_much_at_once(everybody, managing) -> None:
    account = account_row()
    olga = person("operator", username="olga")
    for number in range(MOST_OF_ONE):
        assert ask(question(number), olga)
    everybody.force_login(olga)

    page = everybody.get(f"/accounts/{account.pk}/details/?look=1").content.decode()

    assert ask(question(MOST_OF_ONE), olga) is None
    assert ask(question(MOST_OF_ONE), person("viewer")) is not None
    busy = "Many requests to AWS are waiting. This page retries automatically."
    assert busy in " ".join(page.split())
    assert 'look=1" hx-trigger="every 3s"' in page


def test_all_together_ask_only_so_much_at_once() -> None:
    for number in range(MOST_OF_ALL):
        asker = person("viewer", username=f"v{number}")
        assert ask(question(number), asker)

    assert ask(question(MOST_OF_ALL), person("operator")) is None


def test_what_nobody_answered_in_time_counts_no_more_and_is_asked_again(
    sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    olga = person("operator")
    for number in range(MOST_OF_ONE):
        ask(question(number), olga)
    Question.objects.update(expires_at=Now())

    with django_capture_on_commit_callbacks(execute=True):
        again = ask(question(), olga)

    assert seen(question()) == again
    assert sent == [("accounts.tasks.carry_on", "question", str(again.pk))]


def answered(monkeypatch: pytest.MonkeyPatch, gives: Any) -> Question:
    """Ask, and let a worker get this of AWS."""

    def regions(*_: Any) -> Any:
        if isinstance(gives, Exception):
            raise gives
        return gives

    monkeypatch.setitem(KINDS, "regions", replace(enabled_regions, answer=regions))
    lookup = ask(question(), person("operator"))
    assert lookup is not None
    tasks.carry_on("question", str(lookup.pk))
    lookup.refresh_from_db()
    return lookup


def test_an_answer_is_kept_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup = answered(monkeypatch, ("us-east-1",))

    assert known(question()) == lookup
    assert lookup.answer == ["us-east-1"]

    Question.objects.update(answered_at=Now() - RECENT)
    assert known(question()) is None


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (AwsError("1", "ec2:DescribeRegions", "AWS refused it.", "x"), "AWS refused"),
        (SoftTimeLimitExceeded(), "AWS didn't respond in time."),
        (KeyError("Regions"), "Bowline encountered an internal error while"),
    ],
)
def test_what_went_wrong_is_a_sentence_and_the_next_ask_asks(
    monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    lookup = answered(monkeypatch, error)

    assert lookup.message.startswith(message)
    assert lookup.hint
    assert seen(question()) == lookup
    assert known(question()) is None
    assert ask(question(), person("viewer")).waits


def test_an_answer_that_comes_late_does_not_take_a_newer_ones_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    olga = person("operator", username="olga")

    def late(_: Question) -> str:
        Question.objects.update(expires_at=Now())
        assert ask(question(), olga)
        return "late"

    lookup = answered(monkeypatch, ["us-east-1"])
    monkeypatch.setitem(KINDS, "regions", replace(enabled_regions, answer=late))
    ask(question(), olga, again=True)

    tasks.carry_on("question", str(lookup.pk))

    assert Question.objects.get().waits


def test_a_message_that_comes_twice_asks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lookup = answered(monkeypatch, ["us-east-1"])
    monkeypatch.delitem(KINDS, "regions")

    tasks.carry_on("question", str(lookup.pk))

    assert known(question()).answer == ["us-east-1"]


def test_a_page_that_waits_for_a_dead_worker_says_so(everybody) -> None:
    Heartbeat.note(seen_at=Now() - timedelta(minutes=4))
    account = account_row()
    managing_row()

    page = everybody.get(f"/accounts/{account.pk}/details/?look=1").content.decode()

    assert "No worker has answered since" in " ".join(page.split())
    assert 'look=answer" hx-trigger="every 1s"' in page


def test_calls_come_back_as_they_were_asked() -> None:
    calls = (
        Call("ec2", "describe_key_pairs", "us-east-1"),
        Call("eks", "list_clusters", "us-east-1", (("maxResults", 5),)),
    )
    asked = possible_details.at("aws", Reach("1" * 12, "Admin"), calls=calls)

    lookup = ask(asked, person("operator"))
    lookup.refresh_from_db()
    lookup.answer = ["pairs", "clusters"]

    assert calls_in(lookup) == calls
    assert found_by(lookup) == dict(zip(calls, lookup.answer, strict=True))
