"""A bundle that Spinnaker doesn't have yet is something to do."""

from __future__ import annotations

import pytest

from accounts.lists.overview import ToDo, counts_by_environment, to_do
from accounts.models import Bundle, Delivery
from accounts.models.states import WORDS, State
from tests.rows import person

pytestmark = pytest.mark.django_db


def waiting() -> list[ToDo]:
    states = dict.fromkeys((*State.values, *WORDS), 0)
    return to_do(states, counts_by_environment(), person("approver"))


def test_the_first_bundle_is_to_be_installed() -> None:
    bundle = Bundle.objects.create(number=1, status=Bundle.Status.READY)

    (item,) = waiting()

    assert item.text == "Install bundle 1 in Spinnaker, then mark it as installed."
    assert item.url == bundle.get_absolute_url()


def test_no_bundle_must_be_installed_where_bowline_delivers() -> None:
    Bundle.objects.create(number=1, status=Bundle.Status.READY)
    Delivery.objects.create(number=1)

    assert waiting() == []
