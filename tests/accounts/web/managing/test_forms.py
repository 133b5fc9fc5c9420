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
POD = {
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


def test_an_instance_role_needs_only_its_name() -> None:
    described = form()

    assert described.is_valid(), described.errors


def test_a_pod_role_needs_its_cluster() -> None:
    described = form(identity_kind="pod_role")

    assert set(described.errors) == set(POD)


def test_a_pod_role_is_taken_whole() -> None:
    described = form(identity_kind="pod_role", **POD)

    assert described.is_valid(), described.errors


def test_a_pods_region_must_be_of_the_partition() -> None:
    described = form(identity_kind="pod_role", **{**POD, "pod_region": "eu-wst-1"})

    assert "eu-west-1" in errors(described, "pod_region")


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("pod_cluster", "$(id)"),
        ("pod_namespace", "Spinnaker"),
        ("pod_service_account", "a*"),
    ],
)
def test_a_pods_names_have_kubernetes_form(field: str, written: str) -> None:
    described = form(identity_kind="pod_role", **{**POD, field: written})

    assert f"“{written}” isn't valid" in errors(described, field)


def test_an_existing_identity_needs_its_arn() -> None:
    described = form(identity_kind="existing")

    assert set(described.errors) == {"identity_arn"}


def test_an_existing_identity_must_be_of_this_account() -> None:
    described = form(identity_kind="existing", identity_arn=ARN.replace("9", "8", 1))

    assert "belongs to account 811111111111" in errors(described, "identity_arn")


def test_an_existing_identity_must_be_of_this_partition() -> None:
    arn = ARN.replace("arn:aws:", "arn:aws-cn:")

    described = form(identity_kind="existing", identity_arn=arn)

    assert "belongs to partition aws-cn" in errors(described, "identity_arn")


@pytest.mark.parametrize(
    "written",
    [
        "SpinnakerAuthRole",
        "arn:aws:sts::911111111111:assumed-role/Spinnaker/session",
        f"{ARN}\n",
    ],
)
def test_what_is_no_arn_of_a_role_or_user_is_refused(written: str) -> None:
    described = form(identity_kind="existing", identity_arn=f"{written}x*")

    assert "Enter the full ARN of a role or user" in errors(described, "identity_arn")


def test_fields_of_another_kind_are_neither_asked_nor_lost() -> None:
    row = ManagingAccount(identity_arn=ARN)

    described = form(row, identity_arn="$(id)", pod_region="nowhere")

    assert described.is_valid(), described.errors
    assert described.cleaned_data["identity_arn"] == ARN


def test_an_organization_needs_its_id() -> None:
    described = form(assume="organization")

    assert set(described.errors) == {"organization"}


def test_listed_accounts_forget_the_organization() -> None:
    described = form(organization="o-a1b2c3d4e5")

    assert described.is_valid(), described.errors
    assert described.cleaned_data["organization"] == ""


def test_a_described_organization_is_shown_as_chosen() -> None:
    shown = ManagingForm(instance=ManagingAccount(organization="o-a1b2c3d4e5"))

    assert shown["assume"].value() == "organization"


def test_images_belong_to_one_of_the_accounts() -> None:
    account_row("images")

    described = form(bakes="on", ami_owner="images")

    assert described.is_valid(), described.errors
    assert described.cleaned_data["ami_owner"] == "images"


@pytest.mark.parametrize(
    ("written", "meant"), [("imgaes", ""), ("imagse", "Did you mean images?")]
)
def test_images_of_no_account_are_refused_with_near_names(
    written: str, meant: str
) -> None:
    account_row("images")

    described = form(bakes="on", ami_owner=written)

    assert f"no account “{written}”" in errors(described, "ami_owner")
    assert meant in errors(described, "ami_owner")


def test_an_owner_of_images_that_was_removed_since_may_stay() -> None:
    described = form(ManagingAccount(ami_owner="gone"), bakes="on", ami_owner="gone")

    assert described.is_valid(), described.errors


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


def test_without_baking_no_account_owns_images() -> None:
    account_row("images")

    described = form(ami_owner="images")

    assert described.is_valid(), described.errors
    assert described.cleaned_data["ami_owner"] == ""


def test_the_account_is_fixed_while_others_are_managed_from_it() -> None:
    account_row(granted_at=timezone.now())

    described = form(ManagingAccount(account_id="911111111111"), account_id="1" * 12)

    assert described.is_valid(), described.errors
    assert described.cleaned_data["account_id"] == "911111111111"


def test_a_boundary_and_the_trusts_organization_may_be_named() -> None:
    cap = "arn:aws:iam::911111111111:policy/Cap"

    described = form(boundary=cap, trust_organization="o-a1b2c3d4e5")

    assert described.is_valid(), described.errors
    assert described.save().boundary == cap


def test_a_boundary_is_a_policys_arn() -> None:
    described = form(boundary="Cap")

    assert "whole ARN of a managed policy" in errors(described, "boundary")


def test_keys_of_images_are_asked_for_where_images_are_baked() -> None:
    key = image_key()

    assert form(bakes="on", image_keys=key).save().image_keys == [key]


def test_keys_of_images_are_forgotten_where_none_are_baked() -> None:
    described = form(image_keys=image_key())

    assert described.is_valid(), described.errors
    assert described.cleaned_data["image_keys"] == []


def test_a_key_is_named_by_its_arn() -> None:
    assert "Enter the full ARN of a KMS key" in errors(
        form(bakes="on", image_keys="alias/images"), "image_keys"
    )


def test_a_key_of_another_account_is_refused() -> None:
    key = image_key(account="933333333333")

    assert "belongs to account 933333333333" in errors(
        form(bakes="on", image_keys=key), "image_keys"
    )


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


def test_an_owner_needs_no_access_role_and_a_trust_in_bowline() -> None:
    described = form(made_by="owner", access_role="Access", trusts_bowline="on")
    unread = form(made_by="owner", trusts_bowline="")

    assert described.is_valid(), described.errors
    assert described.cleaned_data["access_role"] == ""
    assert "Required: without it, Bowline" in errors(unread, "trusts_bowline")


def test_who_makes_the_roles_cannot_change_once_they_exist() -> None:
    row = managing_row(applied=[{"name": "x"}])

    described = form(row, made_by="owner", trusts_bowline="on")

    assert described.is_valid(), described.errors
    assert described.cleaned_data["made_by"] == "bowline"
