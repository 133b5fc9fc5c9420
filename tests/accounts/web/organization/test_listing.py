"""The list of the organization's accounts: what the URL says, as quick for many."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, Member, MemberTag, Organization, Unit
from tests.accounts.discover.organization.organizations import JOINED, member_row
from tests.rows import account_row

pytestmark = pytest.mark.django_db

URL = "/accounts/organization/"
QUERIES = 21
"""Session, person, two of permissions, trouble, managing account, organization, saved
filters; how many match, the page, its units' paths, tags, what is described of it,
twins, names of accounts and in Spinnaker; how many there are, are described and can be;
the last account that was described, environments: and no more for many."""


@pytest.fixture
def four() -> None:
    """Keep four accounts, in two units of which one is below the other."""
    lake = member_row("000000000001", "Data Lake")
    web = member_row("000000000002", "web")
    omega = member_row("000000000003", "Ωmega", "SUSPENDED")
    left = member_row("000000000004", "old")
    organization = Organization.objects.get()
    above, below = (
        Unit.objects.create(
            organization=organization, unit_id=unit_id, path=path, lineage=lineage
        )
        for unit_id, path, lineage in (
            ("ou-a", "Root / <i>A</i>", "/r/ou-a/"),
            ("ou-ab", "Root / <i>A</i> / B", "/r/ou-a/ou-ab/"),
        )
    )
    Member.objects.filter(pk=lake.pk).update(unit=above, joined_at=JOINED)
    Member.objects.filter(pk=web.pk).update(unit=below, joined_at=timezone.now())
    Member.objects.filter(pk=left.pk).update(gone_at=timezone.now())
    for one, key, value in (
        (lake, "team", "data"),
        (web, "team", "w=b"),
        (web, "a", ""),
    ):
        MemberTag.objects.create(member=one, key=key, value=value)
    assert omega.state == "SUSPENDED"


def shown(response: Any) -> list[str]:
    return [one.member.name for one in response.context["listed"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Data Lake", "old", "web", "Ωmega"]),
        ("text=LAKE", ["Data Lake"]),
        ("text=data-lake", ["Data Lake"]),
        ("text=0000-0000-0002", ["web"]),
        ("text=shop", ["web"]),
        ("text=000000000001@example.com", ["Data Lake"]),
        ("text=-", ["Data Lake", "web"]),
        ("known=no", ["Data Lake", "old", "Ωmega"]),
        ("known=yes", ["web"]),
        ("known=yes&text=lake", []),
        ("state=active", ["Data Lake", "web"]),
        ("state=suspended", ["Ωmega"]),
        ("state=closing", []),
        ("state=left", ["old"]),
        ("state=dead", []),
        ("unit=ou-a", ["Data Lake", "web"]),
        ("unit=ou-ab", ["web"]),
        ("unit=ou", []),
        ("joined=30", ["web"]),
        ("joined=never", []),
        ("tag=team", ["Data Lake", "web"]),
        ("tag=team%3Dw%3Db", ["web"]),
        ("tag=a%3D", ["web"]),
        ("tag=data", []),
        ("sort=secret", ["Data Lake", "old", "web", "Ωmega"]),
        ("sort=-account_id", ["old", "Ωmega", "web", "Data Lake"]),
    ],
)
def test_the_url_says_what_is_shown(
    operator, four: None, query: str, found: list[str]
) -> None:
    account_row("web-shop", account_id="000000000002")

    assert shown(operator.get(f"{URL}?{query}")) == found


def test_each_account_has_its_unit_its_tags_and_its_day(operator, four: None) -> None:
    html = operator.get(URL).content.decode()

    assert 'href="?unit=ou-ab">Root / &lt;i&gt;A&lt;/i&gt; / B</a>' in html
    assert "team=w=b" in html
    assert "2 Jan 2026" in html
    assert "left the organization" in html
    assert "<i>A" not in html


def test_the_answer_says_how_old_it_is_and_can_be_had_again(operator, four) -> None:
    Organization.objects.update(read_at=timezone.now() - timedelta(hours=2))

    html = operator.get(URL).content.decode()

    assert "2 h ago" in html
    assert 'action="/accounts/organization/read/"' in html
    assert "Read again" in html


@pytest.mark.parametrize("count", [3, 3000])
def test_it_is_as_quick_for_many(
    operator, django_assert_num_queries: Any, count: int
) -> None:
    first = member_row("999999999999", "first")
    Member.objects.bulk_create(
        Member(
            organization=first.organization,
            account_id=f"{number:012}",
            name=f"m{number:04}",
            called=f"m{number:04}",
            state="ACTIVE",
            unit_since=JOINED,
        )
        for number in range(1, count)
    )
    ManagedAccount.objects.bulk_create(
        ManagedAccount(name=f"a{n}", account_id=f"{n:012}") for n in range(count // 2)
    )

    with django_assert_num_queries(QUERIES):
        response = operator.get(URL)

    assert len(shown(response)) == min(count, 50)
