"""An edit outdates what it makes a difference to, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.mapping.edits import editing, is_outdated_by, outdated_by
from accounts.mapping.managed import managed_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import State
from accounts.people.deciding import Outside
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from onboarding.topology import InstanceRole, Managing
from tests.factories import image_key, managing
from tests.rows import account_row, edit_managing, managing_row, person

pytestmark = pytest.mark.django_db

VERIFIED = {
    "state": State.VERIFIED,
    "verification": State.VERIFIED,
    "granted_at": timezone.now(),
}
CLUSTERS = {"clusters": [{"name": "apps", "region": "us-east-1"}]}


def verified(name: str, number: int, **fields: Any) -> ManagedAccount:
    return account_row(name, account_id=str(number) * 12, **{**VERIFIED, **fields})


def outdated() -> set[str]:
    rows = ManagedAccount.objects.filter(
        state=State.OUTDATED, verification="", version=2
    )
    return set(rows.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ({"name": "other"}, set()),
        ({"access_role": "Other"}, set()),
        ({"organization": "o-a1b2c3d4e5"}, set()),
        ({"trusts_bowline": False}, set()),
        ({"managed_role": "other"}, {"compute", "images"}),
        ({"trust_organization": "o-a1b2c3d4e5"}, {"compute", "images"}),
        ({"identity_name": "Other"}, {"compute", "images", "clusters"}),
        # Only the account that owns baked images may share them.
        ({"bakes": True}, set()),
        ({"bakes": True, "ami_owner": "images"}, {"images"}),
        ({"image_keys": [image_key("eu-west-1")]}, {"images"}),
    ],
)
def test_an_edit_of_the_managing_account_outdates_whom_it_concerns(
    columns: dict[str, Any], names: set[str]
) -> None:
    managing_row(bowline_principal="arn:aws:iam::911111111111:role/bowline")
    verified("compute", 1)
    verified("images", 2, regions=["eu-west-1"])
    verified("clusters", 3, providers={"eks": CLUSTERS})

    edit_managing(**columns)

    assert outdated() == names
    assert ManagingAccount.objects.get().version == 2


def test_another_owner_of_images_outdates_the_former_one_too() -> None:
    managing_row(bakes=True, ami_owner="images")
    for number, name in enumerate(("compute", "images", "others"), start=1):
        verified(name, number)

    edit_managing(ami_owner="others")

    assert outdated() == {"images", "others"}


def test_what_is_saved_without_a_change_is_no_edit(managing) -> None:
    verified("compute", 1)

    edit_managing(name="core")

    assert ManagingAccount.objects.get().version == 1
    assert outdated() == set()


def test_a_draft_stays_a_draft(managing) -> None:
    account_row("compute", account_id="1" * 12)

    edit_managing(managed_role="other")

    row = ManagedAccount.objects.get()
    assert (row.state, row.version) == (State.DRAFT, 2)


@pytest.mark.parametrize(
    ("columns", "is_outdated", "is_verified"),
    [
        ({"environment": "production"}, True, True),
        ({"read_roles": ["developers"]}, True, True),
        ({"regions": ["us-east-1", "eu-west-1"]}, True, True),
        ({"uses_external_id": False}, True, False),
        ({"name": "other"}, True, False),
        ({"access_role": "Other"}, False, True),
        ({"adopts": True}, True, True),
    ],
)
def test_an_edit_outdates_an_account_and_its_proof_if_it_makes_a_difference(
    columns: dict[str, Any], is_outdated: bool, is_verified: bool
) -> None:
    managing_row()
    account = verified("compute", 1)

    with editing(account, None):
        ManagedAccount.objects.filter(pk=account.pk).update(**columns)

    row = ManagedAccount.objects.get()
    assert (row.state == State.OUTDATED) is is_outdated
    assert bool(row.verification) is is_verified


def test_details_that_cannot_be_read_are_an_edit(managing) -> None:
    account = verified("compute", 1)

    with editing(account, None):
        account.providers.update(details={"unheard_of": True})

    assert outdated() == {"compute"}


base = managing(bakes=True)
edits = st.fixed_dictionaries(
    {},
    optional={
        "identity": st.just(InstanceRole("Other")),
        "managed_role": st.just("other"),
        "base_role": st.just("OtherBase"),
        "organization": st.just("o-a1b2c3d4e5"),
        "trust_organization": st.just("o-a1b2c3d4e5"),
        "boundary": st.just("arn:aws:iam::911111111111:policy/boundary"),
        "bakes": st.booleans(),
        "ami_owner": st.sampled_from(["", "compute-1", "images", "core"]),
        "image_keys": st.sampled_from([(), (image_key(),), (image_key("eu-west-1"),)]),
        "access_role": st.just("Other"),
    },
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=60,
)
@given(edits)
def test_accounts_that_are_alike_are_compared_once_with_the_same_result(
    several: list[ManagedAccount], fields: dict[str, Any]
) -> None:
    after: Managing = replace(base, **fields)

    outdated = set(outdated_by(base, after))

    assert outdated == {
        row.pk for row in several if is_outdated_by(managed_of(row), base, after)
    }


@pytest.fixture
def several() -> list[ManagedAccount]:
    return [
        account_row("core", account_id="911111111111", **VERIFIED),
        verified("compute-1", 1),
        verified("compute-2", 2, uses_external_id=False),
        verified("images", 3, regions=["eu-west-1"]),
        verified("clusters", 4, providers={"eks": CLUSTERS}),
        verified("functions", 5, providers={"lambda": {}}),
    ]


@pytest.mark.parametrize(("since", "to"), [("staging", "test"), ("test", "staging")])
def test_an_account_is_moved_by_whoever_may_edit_in_both(since: str, to: str) -> None:
    ada = person("operator", username="ada")
    limit(ada, OPERATOR, ["staging"], None)
    row = account_row(environment=since)

    def move() -> None:
        with editing(row, ada):
            row.environment = to
            row.save()

    with pytest.raises(Outside, match="is in test"):
        move()

    assert ManagedAccount.objects.get().environment == since


def test_who_edited_an_account_is_remembered() -> None:
    ada = person("operator", username="ada")
    row = account_row()

    with editing(row, ada):
        row.regions = ["eu-west-1"]
        row.save()

    assert list(ManagedAccount.objects.get().authors.all()) == [ada]
