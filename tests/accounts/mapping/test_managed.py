from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.mapping.managed import listed_rows, managed_of
from accounts.models import ManagedAccount
from onboarding.description.values import columns_of
from onboarding.topology import Managed, Permissions
from tests.rows import account_row, explained

pytestmark = pytest.mark.django_db

names = st.text("abc-", max_size=8)
roles = st.tuples(names)


@given(
    st.builds(
        Managed,
        name=names,
        account_id=st.just("922222222222"),
        regions=st.tuples(st.sampled_from(["us-east-1", "eu-west-1"])),
        environment=names,
        permissions=st.builds(Permissions, read=roles, write=roles),
        access_role=names,
        adopts=st.booleans(),
    )
)
def test_a_value_and_its_columns_say_the_same(managed: Managed) -> None:
    row = ManagedAccount(uses_external_id=False, **columns_of(managed))

    assert managed_of(row) == managed


def test_a_provider_without_its_details_is_left_out() -> None:
    account = account_row()
    account.providers.create(key="eks")

    assert [one.key for one in managed_of(account).providers] == ["ec2"]


def test_roles_that_an_organization_names_otherwise_are_found_by_an_index() -> None:
    """Each run asks for them, however many accounts there are."""
    assert "managed_own_role" in explained(listed_rows(in_organization=True))
