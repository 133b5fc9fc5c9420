"""The page of watched units: who may watch, what is said, what is asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.discover.organization.watching import template_of
from accounts.models import Member, Organization, Unit, Watch
from tests.accounts.discover.organization.organizations import member_row
from tests.accounts.web.answers import messages_of
from tests.accounts.web.organization.test_views import SHARED
from tests.rows import account_row

pytestmark = pytest.mark.django_db

URL = "/accounts/organization/watch/"
NEW = "/accounts/?organization=new"


@pytest.fixture
def unit() -> Unit:
    member_row("000000000001", "m1")
    return Unit.objects.create(
        organization=Organization.objects.get(),
        unit_id="ou-a",
        path="Root / <i>A</i>",
        lineage="/r/ou-a/",
    )


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_nothing_is_watched_until_an_operator_does(operator, unit) -> None:
    assert "No units are watched." in words(operator.get(URL))

    response = operator.post(URL, {**SHARED, "unit": unit.pk}, follow=True)

    html = words(response)
    assert "Root / &lt;i&gt;A&lt;/i&gt; is watched" in html
    assert "New accounts become drafts with EC2, Lambda in us-east-1, the" in html
    assert "developers has read access; operators has write access." in html
    assert Watch.objects.get().created_by_name == "operator"
    assert not Organization.objects.get().reads_tags


def test_the_organization_may_create_the_roles_of_new_accounts(operator, unit) -> None:
    fields = {**SHARED, "unit": unit.pk, "made_by": "organization"}

    html = words(operator.post(URL, fields, follow=True))

    assert "in us-east-1, the environment staging, roles that the organization" in html
    watch = Watch.objects.get()
    assert (watch.made_by, watch.access_role) == ("organization", "")
    assert template_of(watch, Member.objects.get())["made_by"] == "organization"


def test_a_watch_with_a_tag_reads_tags_from_now_on(operator, unit) -> None:
    fields = {**SHARED, "unit": unit.pk, "roles_tag": "team"}

    html = words(operator.post(URL, fields, follow=True))

    assert 'the group in the tag <span class="mono">team</span>, or, without' in html
    assert Organization.objects.get().reads_tags


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"unit": ""}, "required"),
        ({"unit": "999"}, "valid choice"),
        (
            {"roles_tag": "team", "write_roles": ""},
            ("tag. Without groups, everyone or no one has write access"),
        ),
        ({"providers": ["ecs"]}, "ECS can&#x27;t be combined with an external ID"),
    ],
)
def test_the_template_is_checked(operator, unit, fields, error: str) -> None:
    response = operator.post(URL, {**SHARED, "unit": unit.pk, **fields})

    assert error in str(response.context["form"].errors)
    assert not Watch.objects.exists()


def test_watching_ends_where_somebody_says_so(operator, unit) -> None:
    operator.post(URL, {**SHARED, "unit": unit.pk})
    watch = Watch.objects.get()
    stop = f"{URL}{watch.pk}/stop/"

    response = operator.post(stop)

    assert "is no longer watched" in messages_of(response)
    assert not Watch.objects.exists()


def test_the_organization_is_read_first(operator) -> None:
    response = operator.get(URL)

    assert response["Location"] == "/accounts/organization/"


def test_what_could_not_become_a_draft_is_named(operator, unit) -> None:
    Member.objects.update(drafted_at=timezone.now(), draft_refused="<b>Taken</b>.")

    html = words(operator.get(URL))

    assert "m1 (000000000001)</b>: &lt;b&gt;Taken&lt;/b&gt;." in html


def test_new_drafts_are_counted_on_the_overview_until_they_are_planned(
    operator, unit
) -> None:
    account = account_row("m1", account_id="000000000001")
    account_row("other", account_id="000000000002")
    Member.objects.update(drafted_at=timezone.now())

    html = words(operator.get("/"))
    found = operator.get(NEW).context["page"]

    assert "1 account is new in a watched unit. Review and plan it." in html
    assert f'href="{NEW}"' in html
    assert [one.name for one in found] == ["m1"]

    account.granted_at = timezone.now()
    account.save(update_fields=["granted_at"])
    assert "new in a watched unit" not in words(operator.get("/")).replace(
        "New in a watched unit", ""
    )
