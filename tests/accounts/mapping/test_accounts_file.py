"""An accounts file becomes the same records as the web makes, or none."""

from __future__ import annotations

import pytest

from accounts.mapping.accounts_file import register
from accounts.models import EnabledProvider, ManagedAccount, ManagingAccount
from accounts.models.states import State
from onboarding.accounts_file import AccountsFile, FileProblems, read_accounts_file
from tests.rows import account_row

pytestmark = pytest.mark.django_db

MANAGING = "managing: {name: core, account_id: '911111111111'}\n"
STAGING = """\
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  permissions: {READ: [developers]}
  providers:
    ec2: {}
    eks: {clusters: [{name: apps, region: us-east-1, namespaces: []}]}
"""


def file(text: str = MANAGING + STAGING) -> AccountsFile:
    return read_accounts_file(text.encode())


def test_it_writes_the_records() -> None:
    (account,) = register(file(), None)

    assert ManagingAccount.objects.get().name == "core"
    assert account.read_roles == ["developers"]
    assert account.uses_external_id
    assert [p.key for p in account.providers.all()] == ["ec2", "eks"]
    names = account.spinnaker_names.values_list("name", flat=True)
    assert set(names) == {"staging", "staging-apps"}


def test_the_same_file_again_is_no_edit() -> None:
    register(file(), None)
    enabled = EnabledProvider.objects.get(key="eks")
    enabled.details["clusters"][0]["endpoint"] = "https://looked.up"
    enabled.save()

    (account,) = register(file(), None)

    enabled.refresh_from_db()
    assert account.version == 1
    assert ManagingAccount.objects.get().version == 1
    assert enabled.details["clusters"][0]["endpoint"] == "https://looked.up"


@pytest.mark.parametrize(
    ("before", "after", "verification"),
    [
        ("regions: [us-east-1]", "regions: [us-east-1, us-west-2]", State.VERIFIED),
        ("    ec2: {}\n", "", ""),
        ("ec2: {}", "ec2: {access: read}", ""),
    ],
)
def test_an_edited_file_is_an_edit(before: str, after: str, verification: str) -> None:
    register(file(), None)
    ManagedAccount.objects.update(state=State.VERIFIED, verification=State.VERIFIED)

    (account,) = register(file(MANAGING + STAGING.replace(before, after)), None)

    assert account.version == 2
    assert (account.state, account.verification) == (State.OUTDATED, verification)


def test_the_managing_account_may_be_described_already(managing) -> None:
    assert len(register(file(STAGING), None)) == 1


def test_without_any_managing_account_nothing_is_written() -> None:
    with pytest.raises(FileProblems, match="managing account"):
        register(file(STAGING), None)

    assert not ManagedAccount.objects.exists()


def test_every_clash_with_what_is_known_is_told_and_nothing_is_written() -> None:
    account_row("staging-apps", account_id="944444444444")
    taken = account_row("other", account_id="933333333333")
    taken.spinnaker_names.create(name="staging-apps")
    text = STAGING + (
        "- {name: twin, account_id: '933333333333', regions: [us-east-1],"
        " providers: {ec2: {}}}\n"
    )

    with pytest.raises(FileProblems) as caught:
        register(file(MANAGING + text), None)

    lines = {problem.line: problem.message for problem in caught.value.problems}
    assert "staging-apps" in lines[3]
    assert "already in Bowline" in lines[10]
    assert not ManagingAccount.objects.exists()
    assert ManagedAccount.objects.count() == 2


def test_details_that_do_not_suit_the_account_are_told() -> None:
    text = STAGING.replace(
        "name: apps, region: us-east-1", "name: a, region: us-west-2"
    )

    with pytest.raises(FileProblems, match="us-west-2"):
        register(file(MANAGING + text), None)


def test_another_identity_outdates_every_account_that_trusts_it() -> None:
    register(file(), None)
    ManagedAccount.objects.update(state=State.VERIFIED, verification=State.VERIFIED)
    other = MANAGING.replace("}", ", identity: {instance_role: Other}}")

    register(file(other + STAGING), None)

    account = ManagedAccount.objects.get()
    assert (account.state, account.verification) == (State.OUTDATED, "")


POD = (
    "{name: SpinnakerPods, cluster: tools, region: us-east-1, namespace: spin, "
    "service_account: clouddriver}"
)
EXISTING = "arn:aws:iam::911111111111:role/Theirs"


def identified_by(identity: str) -> ManagingAccount:
    register(
        file(MANAGING.replace("}", f", identity: {{{identity}}}}}") + STAGING), None
    )
    return ManagingAccount.objects.get()


def test_a_pod_role_is_written_with_its_cluster() -> None:
    row = identified_by(f"pod_role: {POD}")

    assert (row.identity_kind, row.identity_name) == ("pod_role", "SpinnakerPods")
    assert (row.pod_cluster, row.pod_region) == ("tools", "us-east-1")
    assert (row.pod_namespace, row.pod_service_account) == ("spin", "clouddriver")


def test_a_pod_role_of_another_cluster_forgets_the_first_ones_issuer() -> None:
    identified_by(f"pod_role: {POD}")
    ManagingAccount.objects.update(pod_issuer="oidc.example.com/id/TOOLS")

    same = identified_by(f"pod_role: {POD}").pod_issuer
    other = identified_by(f"pod_role: {POD.replace('tools', 'other')}").pod_issuer

    assert (same, other) == ("oidc.example.com/id/TOOLS", "")


def test_an_identity_that_stands_already_is_written_by_its_arn() -> None:
    row = identified_by(f"existing: {EXISTING}")

    assert (row.identity_kind, row.identity_arn) == ("existing", EXISTING)
