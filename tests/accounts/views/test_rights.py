"""The security reviewer's page, and the rotation of an external ID."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ManagedAccount
from accounts.states import State
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db


def signed_in(client: Client, role: str = "viewer") -> Client:
    client.force_login(person(role))
    return client


def test_it_says_who_gets_in_what_is_granted_and_why(client: Client) -> None:
    managing_row()
    account = account_row(providers={"ec2": {}, "lambda": {}})

    page = signed_in(client).get(reverse("accounts:rights", args=[account.pk]))

    text = page.content.decode()
    assert page.status_code == 200
    assert "ec2:DescribeInstances" in text
    assert "lambda:UpdateFunctionCode" in text
    assert "sts:ExternalId" in text
    assert "AmazonSubnetCachingAgent" in text
    assert "fewer than the documented PowerUserAccess" in text


def test_an_account_of_clusters_has_no_managed_role(client: Client) -> None:
    managing_row()
    clusters = [{"name": "apps", "region": "us-east-1"}]
    account = account_row(providers={"eks": {"clusters": clusters}})

    page = signed_in(client).get(reverse("accounts:rights", args=[account.pk]))

    assert "There is no managed role here" in page.content.decode()


def test_without_a_managing_account_there_is_nothing_to_review(client: Client) -> None:
    account = account_row()

    page = signed_in(client).get(reverse("accounts:rights", args=[account.pk]))

    assert page.status_code == 404


def test_an_external_id_is_rotated_and_the_former_one_let_go(client: Client) -> None:
    managing_row()
    account = account_row(granted_at=timezone.now(), state=State.VERIFIED)
    first = account.external_id
    operator = signed_in(client, "operator")

    operator.post(reverse("accounts:rotate", args=[account.pk]))
    account.refresh_from_db()
    between = (account.external_id, account.former_external_id)
    ManagedAccount.objects.update(proof=State.VERIFIED)
    operator.post(reverse("accounts:rotated", args=[account.pk]))

    account.refresh_from_db()
    assert between[0] != first
    assert between[1] == first
    assert (account.external_id, account.former_external_id) == (between[0], None)


def test_what_cannot_be_rotated_is_said(client: Client) -> None:
    managing_row()
    account = account_row()

    page = signed_in(client, "operator").post(
        reverse("accounts:rotate", args=[account.pk]), follow=True
    )

    assert "there is nothing to rotate" in page.content.decode()
