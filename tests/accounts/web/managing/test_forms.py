from __future__ import annotations

from typing import Any

import pytest
from crispy_forms.utils import render_crispy_form
from django.utils import timezone

from accounts.models import ManagingAccount
from accounts.web.managing.forms import ManagingForm
from tests.accounts.web.managing.described import DESCRIBED
from tests.factories import image_key, roles_in_a_policy
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db

ARN = "arn:aws:iam::911111111111:role/Spinnaker"
CAP = "arn:aws:iam::911111111111:policy/Cap"
BAKES = {"bakes": "on"}
POD = {
    "identity_kind": "pod_role",
    "pod_cluster": "tools",
    "pod_region": "eu-west-1",
    "pod_namespace": "spinnaker",
    "pod_service_account": "spinnaker",
}


def form(instance: ManagingAccount | None = None, **fields: Any) -> ManagingForm:
    return ManagingForm({**DESCRIBED, **fields}, instance=instance or ManagingAccount())


def errors(form: ManagingForm, field: str) -> str:
    return " ".join(form.errors.get(field, []))


def test_the_documented_names_are_proposed() -> None:
    proposed = ManagingForm(instance=ManagingAccount())

    assert proposed["managed_role"].value() == "spinnakerManaged"
    assert proposed["base_role"].value() == "BaseIAMRole"
    assert proposed["identity_name"].value() == "SpinnakerAuthRole"
    assert proposed["trusts_bowline"].value() is True


def existing(arn: str) -> dict[str, str]:
    return {"identity_kind": "existing", "identity_arn": arn}


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, set()),
        ({"identity_kind": "pod_role"}, {*POD} - {"identity_kind"}),
        ({"identity_kind": "existing"}, {"identity_arn"}),
        ({"assume": "organization"}, {"organization"}),
    ],
    ids=["an instance role", "a pod role", "an existing identity", "an organization"],
)
def test_each_choice_needs_what_describes_it(
    fields: dict[str, str], missing: set[str]
) -> None:
    assert set(form(**fields).errors) == missing


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({**POD, "pod_region": "eu-wst-1"}, "pod_region", "eu-west-1"),
        ({**POD, "pod_cluster": "$(id)"}, "pod_cluster", "“$(id)” isn't valid"),
        ({**POD, "pod_namespace": "Spin"}, "pod_namespace", "“Spin” isn't valid"),
        (
            {**POD, "pod_service_account": "a*"},
            "pod_service_account",
            "“a*” isn't valid",
        ),
        (
            existing(ARN.replace("9", "8", 1)),
            "identity_arn",
            "belongs to account 811111111111",
        ),
        (
            existing(ARN.replace("arn:aws:", "arn:aws-cn:")),
            "identity_arn",
            "belongs to partition aws-cn",
        ),
        *(
            (existing(written), "identity_arn", "Enter the full ARN of a role or user")
            for written in (
                "SpinnakerAuthRole",
                "arn:aws:sts::911111111111:assumed-role/Spinnaker/session",
                f"{ARN}\nx*",
            )
        ),
        ({**BAKES, "ami_owner": "imgaes"}, "ami_owner", "no account “imgaes”"),
        ({**BAKES, "ami_owner": "imagse"}, "ami_owner", "Did you mean images?"),
        ({"boundary": "Cap"}, "boundary", "whole ARN of a managed policy"),
        (
            {**BAKES, "image_keys": "alias/images"},
            "image_keys",
            "Enter the full ARN of a KMS key",
        ),
        (
            {**BAKES, "image_keys": image_key(account="933333333333")},
            "image_keys",
            "belongs to account 933333333333",
        ),
        (
            {"made_by": "owner", "trusts_bowline": ""},
            "trusts_bowline",
            "Required: without it, Bowline",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_right_is_refused_at_its_field(
    fields: dict[str, str], field: str, says: str
) -> None:
    account_row("images")

    assert says in errors(form(**fields), field)


@pytest.mark.parametrize(
    ("fields", "field", "taken"),
    [
        (POD, "pod_cluster", "tools"),
        ({"organization": "o-a1b2c3d4e5"}, "organization", ""),
        ({**BAKES, "ami_owner": "images"}, "ami_owner", "images"),
        ({"ami_owner": "images"}, "ami_owner", "images"),
        (
            {"boundary": CAP, "trust_organization": "o-a1b2c3d4e5"},
            "boundary",
            CAP,
        ),
        ({**BAKES, "image_keys": image_key()}, "image_keys", [image_key()]),
        ({"image_keys": image_key()}, "image_keys", []),
        (
            {"made_by": "owner", "access_role": "Access", "trusts_bowline": "on"},
            "access_role",
            "",
        ),
    ],
    ids=str,
)
def test_what_the_other_choices_ask_for_is_taken_and_the_rest_forgotten(
    fields: dict[str, str], field: str, taken: Any
) -> None:
    account_row("images")
    described = form(**fields)

    assert described.is_valid(), described.errors
    assert getattr(described.save(), field) == taken


@pytest.mark.parametrize(
    ("before", "fields", "field"),
    [
        (
            {"identity_arn": ARN},
            {"identity_arn": "$(id)", "pod_region": "nowhere"},
            "identity_arn",
        ),
        ({"ami_owner": "gone"}, {**BAKES, "ami_owner": "gone"}, "ami_owner"),
        ({"account_id": "911111111111"}, {"account_id": "1" * 12}, "account_id"),
        (
            {"applied": [{"name": "x"}], "made_by": "bowline"},
            {"made_by": "owner", "trusts_bowline": "on"},
            "made_by",
        ),
    ],
    ids=[
        "a field of another kind",
        "an owner of images that was removed since",
        "the account while others are managed from it",
        "who makes roles that exist",
    ],
)
def test_what_was_described_before_stays(
    before: dict[str, Any], fields: dict[str, str], field: str
) -> None:
    account_row(granted_at=timezone.now())
    described = form(managing_row(**before), **fields)

    assert described.is_valid(), described.errors
    assert described.cleaned_data[field] == before[field]


def test_a_described_organization_is_shown_as_chosen() -> None:
    shown = ManagingForm(instance=ManagingAccount(organization="o-a1b2c3d4e5"))

    assert shown["assume"].value() == "organization"


def test_the_folded_fields_are_said_in_one_line() -> None:
    usual = render_crispy_form(ManagingForm(instance=ManagingAccount()))
    other = ManagingAccount(
        access_role="Admin",
        identity_kind="existing",
        trust_organization="o-a1b2c3d4e5",
        boundary="arn:aws:iam::911111111111:policy/Cap",
    )

    assert (
        "Bowline uses its own credentials in this account, Bowline may assume the "
        "identity SpinnakerAuthRole, the roles are spinnakerManaged and BaseIAMRole."
    ) in usual
    assert (
        "Bowline assumes Admin in this account, the roles are spinnakerManaged and "
        "BaseIAMRole, trusts require o-a1b2c3d4e5, the permissions boundary is "
        "arn:aws:iam::911111111111:policy/Cap."
    ) in render_crispy_form(ManagingForm(instance=other))


@pytest.mark.parametrize(
    ("written", "is_open"), [("$(id)", True), ("spinnakerManaged", False)]
)
def test_folded_fields_are_open_where_one_of_them_is_wrong(
    written: str, is_open: bool
) -> None:
    page = render_crispy_form(form(managed_role=written))

    assert ('<details class="more" open>' in page) is is_open


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, True),
        ({"bakes": "on"}, False),
        ({"managed_role": "a-much-longer-name-of-the-managed-role"}, False),
        (
            {
                "bakes": "on",
                "assume": "organization",
                "organization": "o-a1b2c3d4e5",
            },
            True,
        ),
    ],
)
def test_a_list_must_hold_the_accounts_that_stand(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, str], fits: bool
) -> None:
    """Baking takes a policy of the identity, and a longer name a part of each."""
    monkeypatch.setattr("onboarding.desired.capacity.POLICIES_PER_HOLDER", 2)
    roles_in_a_policy(monkeypatch, 3)
    for number in (1, 2, 3):
        account_row(f"a{number}", account_id=f"{number:012}", granted_at=timezone.now())

    described = form(ManagingAccount(account_id="911111111111"), **fields)

    assert described.is_valid() is fits, described.errors
    if not fits:
        assert "You have 3 accounts, but" in errors(described, "assume")


def test_it_proposes_an_owner_of_images_where_nothing_decides() -> None:
    row = managing_row()
    account_row("images", verification="verified")

    proposed = ManagingForm(instance=row).fields["ami_owner"].help_text

    assert "Bowline proposes images: it is the first account with EC2." in proposed
