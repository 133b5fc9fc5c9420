"""The access role's template on the wizard's step, and as a file."""

from __future__ import annotations

from datetime import timedelta

import yaml
from django.urls import reverse

from accounts.models import ManagedAccount, Question
from script.emulated_organization import MANAGING
from tests.accounts.web.answers import looked, url
from tests.rows import account_row, managing_row

BOWLINE = MANAGING.arn("user/bowline")
READING = timedelta(minutes=30)


def role_url(account: ManagedAccount) -> str:
    return reverse("accounts:access-role", args=[account.pk])


def file_url(account: ManagedAccount) -> str:
    return reverse("accounts:access-role-file", args=[account.pk])


def test_the_step_offers_it_folded_and_asks_nobody(operator, managing) -> None:
    account = account_row(providers={})

    html = operator.get(url(account, "access")).content.decode()

    assert "Create the access role in every account at once" in html
    assert f'hx-get="{role_url(account)}"' in html
    assert not Question.objects.exists()


def test_bowline_is_asked_who_it_is_and_named_in_the_trust(operator, aws) -> None:
    managing_row(account_id=MANAGING.account_id)
    account = account_row(providers={}, regions=["eu-west-1"])

    response = looked(operator, role_url(account), headers={"HX-Request": "true"})

    html = response.content.decode()
    assert "<html" not in html
    assert response.context["role"].bowline == BOWLINE
    assert "create-stack-set" in html
    assert "--regions eu-west-1" in html
    assert "OrganizationalUnitIds=" in html
    assert "management account, which no such StackSet covers" in html
    assert "which trusts only the organization's management account" in " ".join(
        html.split()
    )


def test_it_is_shown_without_javascript(operator, aws) -> None:
    managing_row(account_id=MANAGING.account_id)
    account = account_row(providers={}, access_role="Enter")

    html = looked(operator, role_url(account)).content.decode()

    assert "<h1>" in html
    assert '<details class="access-role" open>' in html
    assert "RoleName: &quot;Enter&quot;" in html


def test_who_bowline_is_may_be_unknown(operator, managing) -> None:
    response = looked(operator, role_url(account_row()))

    assert "own AWS credentials" in response.context["bowline_refused"].message
    assert "create-stack-set" not in response.content.decode()


def test_the_file_is_the_template_that_was_shown(operator, aws) -> None:
    managing_row(account_id=MANAGING.account_id)
    account = account_row(providers={})
    shown = looked(operator, role_url(account)).context["role"]
    Question.objects.update(answered_at=Question.objects.get().answered_at - READING)

    response = operator.get(file_url(account))

    assert "bowline-access.yml" in response["Content-Disposition"]
    assert response.content.decode() == shown.template
    (made,) = yaml.safe_load(response.content)["Resources"].values()
    trust = made["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [one["Principal"] for one in trust] == [{"AWS": BOWLINE}]


def test_there_is_no_file_before_bowline_is_known(operator, managing) -> None:
    account = account_row()

    response = operator.get(file_url(account))

    assert response["Location"] == f"{role_url(account)}?look=1"
