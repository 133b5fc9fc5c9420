"""A whole organizational unit of thousands is added at once, and planned as one."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Activity, ManagedAccount, Member, Organization, Rollout, Run
from accounts.organization.members import MOST_AT_ONCE
from tests.accounts.organization.organizations import CORE
from tests.accounts.web.answers import told
from tests.rows import managing_row, person

pytestmark = pytest.mark.django_db

COUNT = 1200
UNIT = "/accounts/organization/?unit=ou-a"
SHARED = {
    "everything": "on",
    "regions": "us-east-1",
    "access_role": "Access",
    "providers": ["ec2", "lambda"],
    "uses_external_id": "on",
}


@pytest.fixture
def operator(client):
    managing_row(
        name=CORE.name, account_id=CORE.account_id, organization="o-a1b2c3d4e5"
    )
    client.force_login(person("operator"))
    return client


@pytest.fixture
def unit(operator) -> Organization:
    """Keep an organization with a unit of many accounts, and some next to it."""
    kept = Organization.objects.create(
        partition="aws", account_id=CORE.account_id, read_at=timezone.now()
    )
    units = [
        kept.units.create(unit_id=f"ou-{one}", path=one, lineage=f"/r/ou-{one}/")
        for one in "ab"
    ]
    Member.objects.bulk_create(
        Member(
            organization=kept,
            account_id=f"{number:012}",
            name=f"web {number % 1000}",
            called=f"web-{number % 1000}",
            state="ACTIVE",
            unit=units[number > COUNT],
            unit_since=timezone.now(),
        )
        for number in range(1, COUNT + 6)
    )
    return kept


def test_a_whole_unit_is_added_with_few_queries(
    operator, unit, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(COUNT // 5):
        response = operator.post(UNIT, SHARED)

    assert f"{COUNT:,} accounts are described." in told(response)
    rows = ManagedAccount.objects.prefetch_related("providers")
    assert rows.count() == COUNT <= MOST_AT_ONCE
    assert len({*rows.values_list("name", flat=True)}) == COUNT
    assert {len(row.providers.all()) for row in rows} == {2}
    assert not rows.filter(account_id__gt=f"{COUNT:012}").exists()
    listed = operator.get(response.url).content.decode()
    assert f"of {COUNT:,} accounts" in listed
    described = Activity.objects.filter(what=Activity.What.DESCRIBE)
    assert described.count() == COUNT
    assert described.first().detail["changed"]["regions"] == [None, ["us-east-1"]]


def test_it_leads_to_one_rollout(operator, unit) -> None:
    response = operator.post(UNIT, {**SHARED, "plan": "on"})

    rollout = Rollout.objects.get()
    assert response.url == rollout.get_absolute_url()
    assert rollout.left_out == []
    runs = Run.objects.filter(rollout=rollout, kind=Run.Kind.ONBOARD)
    assert runs.count() == COUNT


def test_nothing_is_half_done(operator, unit, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("accounts.mapping.accounts_file.saving.record_many", fail)
    with pytest.raises(RuntimeError):
        operator.post(UNIT, {**SHARED, "plan": "on"})

    assert not ManagedAccount.objects.exists()
    assert not Rollout.objects.exists()
