"""The admin site's pages of people take turns with the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from accounts.factors.keeping import has_factor
from accounts.models import Activity
from accounts.web.people import listing, views
from tests.rows import PASSWORD, factor_rows, person

pytestmark = pytest.mark.django_db

CHOSEN = "another-password-of-tests"


@pytest.fixture
def olga() -> User:
    olga = person("operator", username="olga")
    factor_rows(olga)
    return olga


@pytest.fixture
def meanwhile(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let somebody take ada's role after her request was let in."""

    def turn_of(by: User) -> Any:
        by.groups.clear()
        return views.turn_of(by)

    monkeypatch.setattr(listing, "turn_of", turn_of)


def reset(browser: Client, user: User) -> Any:
    sent = {"action": "reset_factors", "_selected_action": [user.pk]}
    return browser.post(reverse("admin:auth_user_changelist"), sent)


def set_password(browser: Client, user: User) -> Any:
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    sent = {"usable_password": "true", "password1": CHOSEN, "password2": CHOSEN}
    return browser.post(url, sent)


@pytest.mark.parametrize("send", [reset, set_password])
def test_whoever_just_lost_the_role_changes_nobody(
    ada: Client, olga: User, meanwhile: None, send: Any
) -> None:
    answer = send(ada, olga)

    assert answer.status_code == 403
    assert has_factor(olga)
    assert User.objects.get(pk=olga.pk).check_password(PASSWORD)
    assert not Activity.objects.exists()


def test_an_administrator_does_both(ada: Client, olga: User) -> None:
    answers = [reset(ada, olga), set_password(ada, olga)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert not has_factor(olga)
    assert User.objects.get(pk=olga.pk).check_password(CHOSEN)
