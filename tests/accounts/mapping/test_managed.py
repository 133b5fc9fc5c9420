"""Accounts on their way through the database: what is described, carried and proved."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from accounts.mapping.accounts_file.uploading import check
from accounts.mapping.entries import (
    described_entries,
    keep_verified,
    managed_from,
    unplanned_entries,
    verified_of,
)
from accounts.mapping.managed import listed_rows, managed_of
from accounts.mapping.managing import ALIKE, COLUMNS, managing_columns, managing_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import State
from accounts.runs.actions import accept
from onboarding.description.values import columns_of
from onboarding.spinnaker.entries import entries_of
from onboarding.topology import (
    ExistingIdentity,
    InstanceRole,
    Managed,
    Managing,
    Permissions,
    PodRole,
)
from tests.factories import image_key
from tests.rows import account_row, explained, managing_row, person

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


some_name = st.text("abc-", min_size=1, max_size=8)

identities = st.one_of(
    st.builds(InstanceRole, name=some_name),
    st.builds(
        ExistingIdentity, arn=some_name.map("arn:aws:iam::911111111111:role/".__add__)
    ),
    st.builds(
        PodRole,
        name=some_name,
        cluster=some_name,
        region=some_name,
        namespace=some_name,
        service_account=some_name,
    ),
)

values = st.builds(
    Managing,
    name=some_name,
    account_id=st.just("911111111111"),
    identity=identities,
    partition=st.sampled_from(["aws", "aws-cn", "aws-us-gov"]),
    managed_role=some_name,
    base_role=some_name,
    organization=some_name,
    trust_organization=some_name,
    boundary=some_name,
    bakes=st.booleans(),
    ami_owner=some_name,
    image_keys=st.sampled_from([(), (image_key(),)]),
    access_role=some_name,
)


@given(values)
def test_a_managing_value_and_its_columns_say_the_same(managing: Managing) -> None:
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


EVERY_PROVIDER = {"ec2": {}, "ecs": {}, "lambda": {}}


def test_it_reads_back_what_it_wrote() -> None:
    row = account_row(
        providers=EVERY_PROVIDER,
        regions=["us-east-1", "eu-west-1"],
        read_roles=["developers"],
        write_roles=["operators"],
        environment="production",
    )

    stored = json.loads(json.dumps(verified_of(row, State.VERIFIED)))

    assert managed_from(stored) == managed_of(row)


def test_an_edit_meanwhile_wins(managing) -> None:
    row = account_row(verification=State.VERIFIED)
    before = row.verified
    ManagedAccount.objects.update(version=row.version + 1)
    row.regions = ["eu-west-1"]

    keep_verified(row, State.VERIFIED)

    assert ManagedAccount.objects.get().verified == before


@pytest.mark.parametrize("accepted", [True, False])
def test_what_was_only_evaluated_is_kept_once_a_person_accepts(accepted: bool) -> None:
    managing_row()
    row = account_row(verification=State.EVALUATED, state=State.EVALUATED)

    if accepted:
        accept(row, None)

    assert ManagedAccount.objects.ready().exists() is accepted


def test_a_removed_account_is_in_no_bundle(managing) -> None:
    row = account_row(verification=State.VERIFIED)

    ManagedAccount.objects.filter(pk=row.pk).remove()

    assert ManagedAccount.objects.get().verified == {}


CARRIED = {
    "aws": {"accountType": "main", "permissions": {"EXECUTE": ["sre"]}},
}

FILE = """
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  external_id: false
  providers: {{ec2: {{}}}}
  carried: {}
"""


def previewed(said: str) -> dict[str, tuple[str, str]]:
    by = User.objects.first() or person("operator")
    upload = check("a.yaml", FILE.format(said).encode(), csv=False, by=by)
    (account,) = upload.accounts.all()
    return {one["name"]: (one["before"], one["after"]) for one in account.changes}


def test_a_preview_says_what_is_carried(managing) -> None:
    assert previewed("{aws: {edda: 'https://x'}}")["carried"] == (
        "",
        "{aws: {edda: 'https://x'}}",
    )
    assert "carried" not in previewed("{}")


def test_a_preview_says_what_is_carried_no_longer(managing) -> None:
    account_row(carried={"ecs": {"namingStrategy": "tags"}})

    assert previewed("{}")["carried"] == ("{ecs: {namingStrategy: tags}}", "")


def test_an_edit_of_it_waits_for_a_plan_and_is_nothing_once_approved() -> None:
    managing = managing_of(managing_row())
    account = account_row()
    before = described_entries(managing, managed_of(account))
    ManagedAccount.objects.update(approved_entries=before, carried=CARRIED)
    account = ManagedAccount.objects.get()

    (change,) = unplanned_entries(managing, account)

    assert change.after is not None
    assert change.after["carried"] == CARRIED["aws"]
    ManagedAccount.objects.update(approved_entries=[change.after])
    assert unplanned_entries(managing, ManagedAccount.objects.get()) == ()


def test_bundles_have_it_as_it_was_proved() -> None:
    managing = managing_of(managing_row())
    account = account_row(carried=CARRIED)
    documents = described_entries(managing, managed_of(account))
    ManagedAccount.objects.update(approved_entries=documents)

    (entry,) = entries_of(managing, [ManagedAccount.objects.get().approved_entries]).aws

    assert entry.carried == CARRIED["aws"]
