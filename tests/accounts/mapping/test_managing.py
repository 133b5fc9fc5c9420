from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from accounts.mapping.managing import ALIKE, COLUMNS, managing_columns, managing_of
from accounts.models import ManagingAccount
from onboarding.topology import (
    ExistingIdentity,
    InstanceRole,
    Managing,
    PodRole,
)
from tests.factories import image_key

STATES = {"id", "only", "state", "version", "applied", "updated_at"} | {
    "before_plan",
    "run_by",
    "revision",
    "other_site",
    "adopted_revision",
    "policy_set",
    "verification",
    "unapproved",
    "undeployable",
    "unknown_writes",
    "verified_at",
}
LEASE = {"lease", "leased_until"}
MADE_ONCE = {"external_id_prefix", "site"}
"""No choice: each account keeps its own copy of the first, and AWS of the other."""

ROLES = "arn:aws:iam::911111111111:role/"
names = st.text("abc-", min_size=1, max_size=8)
identities = st.one_of(
    st.builds(InstanceRole, name=names),
    st.builds(
        ExistingIdentity, arn=names.map("arn:aws:iam::911111111111:role/".__add__)
    ),
    st.builds(
        PodRole,
        name=names,
        cluster=names,
        region=names,
        namespace=names,
        service_account=names,
    ),
)
values = st.builds(
    Managing,
    name=names,
    account_id=st.just("911111111111"),
    identity=identities,
    partition=st.sampled_from(["aws", "aws-cn", "aws-us-gov"]),
    managed_role=names,
    base_role=names,
    organization=names,
    trust_organization=names,
    boundary=names,
    bakes=st.booleans(),
    ami_owner=names,
    image_keys=st.sampled_from([(), (image_key(),)]),
    access_role=names,
)


@given(values)
def test_a_value_and_its_columns_say_the_same(managing: Managing) -> None:
    row = ManagingAccount(trusts_bowline=False, **managing_columns(managing))

    assert managing_of(row) == managing


@given(values)
def test_the_columns_of_a_row_make_the_same_row(managing: Managing) -> None:
    row = ManagingAccount(
        trusts_bowline=True,
        bowline_principal="arn:aws:iam::911111111111:role/bowline",
        pod_issuer="oidc.example.com/id/1",
        **managing_columns(managing),
    )

    copy = ManagingAccount(**{name: getattr(row, name) for name in COLUMNS})

    assert managing_of(copy) == managing_of(row)


def test_every_detail_is_mapped() -> None:
    details = {f.name for f in fields(Managing)}
    columns = {f.name for f in ManagingAccount._meta.get_fields()}

    assert details == {*ALIKE, "identity", "image_keys", "bowline", "kept"}
    assert columns - STATES - LEASE - MADE_ONCE - {"authors"} == set(COLUMNS)
