"""A command acts as the person of the API token that a pipeline holds."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.utils import timezone

from accounts.management.people import acting_person
from accounts.models import ApiToken
from accounts.models.api.token import Scope
from accounts.tokens.api_tokens import make
from tests.rows import person

pytestmark = pytest.mark.django_db


def token(
    monkeypatch: pytest.MonkeyPatch, *scopes: str, role: str = "approver"
) -> None:
    someone = person(role, username="olga")
    until = timezone.now() + timedelta(days=1)
    text = make(someone, uuid.uuid4(), name="ci", scopes=list(scopes), expires_at=until)
    monkeypatch.setenv("BOWLINE_TOKEN", text)


def test_the_tokens_person_acts_and_its_use_is_noted(monkeypatch) -> None:
    token(monkeypatch, Scope.APPROVE)

    found = acting_person(None, Scope.APPROVE)

    assert found is not None
    assert found.username == "olga"
    assert acting_person("olga", Scope.APPROVE) == found
    assert ApiToken.objects.get().last_used_at is not None


def test_a_token_that_allows_less_is_refused(monkeypatch) -> None:
    token(monkeypatch, Scope.READ)

    with pytest.raises(CommandError, match="needs the scope approve"):
        acting_person(None, Scope.APPROVE)


def test_a_person_who_lost_the_role_is_refused(monkeypatch) -> None:
    token(monkeypatch, Scope.APPROVE, role="operator")

    with pytest.raises(CommandError, match="BOWLINE_TOKEN: "):
        acting_person(None, Scope.APPROVE)


def test_a_token_is_nobody_elses(monkeypatch) -> None:
    token(monkeypatch, Scope.APPROVE)
    person("operator", username="paul")

    with pytest.raises(CommandError, match="isn't paul's"):
        acting_person("paul", Scope.APPROVE)


def test_a_token_that_opens_nothing_is_refused(monkeypatch) -> None:
    token(monkeypatch, Scope.APPROVE)
    ApiToken.objects.update(revoked_at=timezone.now())

    with pytest.raises(CommandError, match="This token was revoked"):
        acting_person(None, Scope.APPROVE)
    monkeypatch.setenv("BOWLINE_TOKEN", "bowline-api-no")
    with pytest.raises(CommandError, match="the token isn't valid"):
        acting_person(None, Scope.APPROVE)


def test_without_a_token_whoever_is_named_acts(monkeypatch) -> None:
    monkeypatch.delenv("BOWLINE_TOKEN", raising=False)
    paul = person("operator", username="paul")

    assert acting_person("paul", Scope.APPROVE) == paul
    assert acting_person(None, Scope.APPROVE) is None


def test_a_deactivated_person_is_nobody(monkeypatch) -> None:
    monkeypatch.delenv("BOWLINE_TOKEN", raising=False)
    person("operator", username="paul", is_active=False)

    with pytest.raises(CommandError, match="--by: paul is deactivated"):
        acting_person("paul", Scope.OPERATE)
