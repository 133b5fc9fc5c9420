"""An administrator always remains, whoever acts at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import Group, User
from django.db import connections

from accounts.people.deciding import Outside
from accounts.people.roles import administrators
from accounts.web.people.views import change_roles, set_active
from tests.rows import person

Change = Callable[[User, User], object]


def takes_the_role(by: User, person: User) -> None:
    change_roles(person, by, roles=["viewer"], limits={})


def deactivates(by: User, person: User) -> None:
    set_active(person, by, active=False)


@pytest.mark.parametrize("change", [takes_the_role, deactivates])
@pytest.mark.django_db(transaction=True)
def test_of_two_who_remove_each_other_one_remains(change: Change) -> None:
    ada = person("administrator", username="ada")
    bob = person("administrator", username="bob")
    both = Barrier(2)

    def remove(by: User, other: User) -> str:
        try:
            both.wait()
            change(by, other)
            return "done"
        except Outside as refused:
            return str(refused)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        ends = list(threads.map(remove, (ada, bob), (bob, ada)))

    refused, done = sorted(ends)
    assert ("administrator" in refused, done) == (True, "done")
    assert len(administrators()) == 1


@pytest.mark.django_db
def test_who_lost_the_role_meanwhile_changes_nobody() -> None:
    ada = person("administrator", username="ada")
    olga = person("operator", username="olga")
    ada.groups.set(Group.objects.filter(name="operator"))

    with pytest.raises(Outside):
        set_active(olga, ada, active=False)

    olga.refresh_from_db()
    assert olga.is_active
