"""An account's own external ID, from its description to the end of its rotation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.external_ids import (
    RotationRefused,
    accepted_now,
    cancel_rotation,
    finish_rotation,
    rotate,
)
from accounts.forms.account import AccessForm
from accounts.mapping.accounts_file import register
from accounts.mapping.accounts_file.comparison import exported_account
from accounts.mapping.entries import keep_verified
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.models import Activity, Bundle, ManagedAccount, ManagingAccount
from accounts.models.states import State
from accounts.spinnaker.bundles import build, install, new_bundle
from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.desired import desired
from onboarding.resources.kinds import Role
from onboarding.resources.policy import as_list
from onboarding.topology import Topology
from tests.accounts.web.answers import url
from tests.rows import account_row, approve_entries, managing_row, person

pytestmark = pytest.mark.django_db

OWN = "corp:spinnaker/1"


def file(external_id: str, *, more: str = "", providers: str = "{ec2: {}}") -> Any:
    text = f"""\
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  external_id: {external_id}
  {more}
  providers: {providers}
"""
    return read_accounts_file(text.encode())


def granted(**fields: Any) -> ManagedAccount:
    plain = {
        "own_external_id": OWN,
        "granted_at": timezone.now(),
        "state": State.VERIFIED,
        "verification": State.VERIFIED,
    }
    managing_row()
    return account_row(**{**plain, **fields})


def accepted(account: ManagedAccount) -> set[str]:
    """Return what the trust policy of the next plan accepts."""
    managing = managing_of(ManagingAccount.objects.get())
    managed = managed_of(account)
    for one in desired(Topology(managing, (managed,)), managed):
        if isinstance(one, Role) and one.name == "spinnakerManaged":
            (statement,) = one.trust.document["Statement"]
            ids = statement["Condition"]["StringEquals"]["sts:ExternalId"]
            return {*as_list(ids)}
    raise AssertionError


def said(account: ManagedAccount) -> Any:
    return exported_account(account, account.providers.all())["external_id"]


def installed(account: ManagedAccount) -> None:
    approve_entries(account)
    keep_verified(account, State.VERIFIED)
    bundle = new_bundle(None)
    build(bundle)
    install(Bundle.objects.get(pk=bundle.pk), None)
    account.refresh_from_db()


@pytest.mark.parametrize("more", ["", "made_by: owner", "made_by: organization"])
def test_an_accounts_file_gives_it_and_gets_it_back(more: str, managing) -> None:
    (account,) = register(file(OWN, more=more), None)

    assert managed_of(account).external_id == OWN
    assert said(account) == OWN
    assert accepted(account) == {OWN}


def test_a_draft_may_change_it(managing) -> None:
    register(file(OWN), None)

    (other,) = register(file("other"), None)
    (made,) = register(file("true"), None)

    assert (other.version, made.version) == (2, 3)
    assert managed_of(other).external_id == "other"
    assert managed_of(made).external_id == str(made.external_id)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('"a b"', "2 to 1,224"),
        ('""', "2 to 1,224"),
        ('"true"', "no word that means"),
        ("encrypted:x", "something else in its place"),
        ("[a, b]", "must be true or false"),
    ],
)
def test_a_file_with_another_text_is_refused(text: str, why: str) -> None:
    with pytest.raises(FileProblems, match=why):
        file(text)


def test_ecs_never_has_one() -> None:
    with pytest.raises(FileProblems, match="can't be combined with an external ID"):
        file(OWN, providers="{ecs: {}}")


@pytest.mark.parametrize("other", ["true", "false", "other"])
def test_no_file_changes_it_while_bowlines_roles_exist(other: str) -> None:
    granted()

    with pytest.raises(FileProblems, match="Rotate it, or remove the account"):
        register(file(other), None)

    register(file(OWN), None)


def test_another_edit_keeps_what_was_proved_with_it() -> None:
    granted()

    (account,) = register(file(OWN, more="permissions: {READ: [sre]}"), None)

    assert (account.version, account.verification) == (2, State.VERIFIED)


def test_no_form_changes_it_while_bowlines_roles_exist() -> None:
    account = granted()

    kept = AccessForm(
        {"regions": "us-east-1", "uses_external_id": "on", "own_external_id": "x"},
        instance=account,
    )
    off = AccessForm({"regions": "us-east-1"}, instance=granted_again(account))
    account.own_external_id = "x"
    with pytest.raises(ValidationError) as caught:
        account.clean()

    assert kept.is_valid(), kept.errors
    assert kept.cleaned_data["own_external_id"] == OWN
    assert "own_external_id" in off.errors
    assert "own_external_id" in caught.value.message_dict


def granted_again(account: ManagedAccount) -> ManagedAccount:
    return ManagedAccount.objects.get(pk=account.pk)


def test_the_form_of_a_draft_takes_it_and_gives_it_up_with_the_truth(managing) -> None:
    account = account_row()
    asked = {"regions": "us-east-1", "own_external_id": OWN}

    on = AccessForm({**asked, "uses_external_id": "on"}, instance=account)
    taken = on.is_valid() and on.save().own_external_id
    off = AccessForm(asked, instance=account)

    assert taken == OWN
    assert off.is_valid(), off.errors
    assert off.save().own_external_id == ""


def test_to_choose_ecs_gives_it_up_in_a_draft_only(client: Client) -> None:
    client.force_login(person("operator"))
    account = granted(granted_at=None, state=State.DRAFT, verification="")
    asked = {"providers": ["ecs"], "drop_external_id": "1"}

    client.post(url(account, "providers"), asked)
    draft = granted_again(account)
    ManagedAccount.objects.update(
        granted_at=timezone.now(), own_external_id=OWN, uses_external_id=True
    )
    ManagedAccount.objects.get().providers.all().delete()
    page = client.post(url(account, "providers"), asked).content.decode()

    assert (draft.uses_external_id, draft.own_external_id) == (False, "")
    after = granted_again(account)
    assert (after.uses_external_id, after.own_external_id) == (True, OWN)
    assert "Rotate it first, then turn off the external ID" in page
    assert "drop_external_id" not in page


@pytest.mark.parametrize("prefix", ["", "bowline-0"])
def test_a_rotation_ends_with_a_generated_one(prefix: str) -> None:
    account = granted(external_id_prefix=prefix)
    before = accepted(account)

    rotate(account, None)
    new = account.spinnakers_external_id
    both, word, kept = accepted(account), accepted_now(account), said(account)
    with pytest.raises(RotationRefused, match="Not yet"):
        finish_rotation(account, None)
    installed(account)
    finish_rotation(account, None)

    generated = f"{prefix}-{account.account_id}" if prefix else str(account.external_id)
    assert (new, before) == (generated, {OWN})
    assert both == {new, OWN}
    assert word == "the previous one; the new one, too, once a plan is applied"
    assert kept == OWN
    assert accepted(account) == {new}
    assert (said(account), account.own_external_id) == (True, "")
    with pytest.raises(FileProblems, match="Rotate it"):
        register(file(OWN), None)


@pytest.mark.parametrize("prefix", ["", "bowline-0"])
@pytest.mark.parametrize("own", [OWN, str(UUID(int=7))])
def test_a_rotation_that_spinnaker_knows_of_goes_back_and_forth(
    own: str, prefix: str
) -> None:
    account = granted(own_external_id=own, external_id_prefix=prefix)
    rotate(account, None)
    new = account.spinnakers_external_id
    installed(account)

    cancel_rotation(account, None)
    back = account.spinnakers_external_id, accepted(account)
    cancel_rotation(account, None)
    forth = account.spinnakers_external_id, accepted(account)
    cancel_rotation(account, None)
    installed(account)
    finish_rotation(account, None)

    assert back == (own, {own, new})
    assert forth == (new, {own, new})
    assert accepted(account) == {own}
    assert said(account) == own


def test_the_log_never_has_it(managing) -> None:
    register(file(OWN), None)
    register(file("another-one"), None)
    ManagedAccount.objects.update(granted_at=timezone.now())
    rotate(ManagedAccount.objects.get(), None)

    log = str(list(Activity.objects.values()))

    assert "own_external_id" in log
    assert OWN not in log
    assert "another-one" not in log
