"""Downloads are counted while they are open: few of one person."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from accounts.web.bulk import exports as streams
from tests.rows import person

TWO = streams.MOST_OF_ONE
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "open_of", Counter())
    monkeypatch.setattr(streams, "MOST_OF_ONE", TWO)


def as_one(name: str) -> Client:
    client = Client()
    client.force_login(person("viewer", username=name))
    return client


@pytest.mark.django_db(transaction=True)
def test_two_of_a_person_are_sent_and_then_the_next_one() -> None:
    ann, olga = as_one("ann"), as_one("olga")
    first, second, third = [ann.get("/runs.csv") for _ in range(3)]
    of_olga = olga.get("/activity.json")

    assert [one.status_code for one in (first, second, third)] == [200, 200, 429]
    assert third["Retry-After"] == "5"
    assert b"Wait until one of them finishes" in third.content
    assert of_olga.status_code == 200

    assert b"".join(first).startswith(b'"number"')  # read to its end
    assert ann.get("/runs.csv").status_code == 200
    second.close()  # given up by the client
    second.close()
    assert ann.get("/runs.csv").status_code == 200
    assert ann.get("/runs.csv").status_code == 429


def test_what_fails_halfway_is_open_no_longer() -> None:
    def lines() -> Any:
        yield "a"
        raise ZeroDivisionError

    request: Any = SimpleNamespace(user=SimpleNamespace(pk=1))
    found: Any = streams.saved_as(request, "list.csv", "csv", lines())
    with pytest.raises(ZeroDivisionError), closing(found):
        list(found)

    assert streams.open_of.total() == 0
