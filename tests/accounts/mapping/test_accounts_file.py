"""An accounts file becomes the same records as the web makes, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.mapping.accounts_file import (
    preview_all,
    register,
    register_all,
    spinnaker_differs,
)
from accounts.mapping.accounts_file.comparison import Export
from accounts.mapping.accounts_file.uploading import NO_CONNECTION, check
from accounts.models import (
    Activity,
    EnabledProvider,
    ManagedAccount,
    ManagingAccount,
    Spinnaker,
)
from accounts.models.states import State
from accounts.people.deciding import Outside
from onboarding.accounts_file import AccountsFile, FileProblems, read_accounts_file
from onboarding.delivery.connection import Connection
from tests.accounts.management.onboarding import onboard
from tests.rows import account_row, person

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


TOKEN = "spk_0123456789abcdef"

WHOLE = """\
spinnaker:
  url: https://gate.example.com/api/v1
  release: 2026.2
  sign_in: basic
  username: ann
  secret: env:GATE_PASSWORD
  authorities: file:/run/secrets/spinnaker/ca.pem
  poll_seconds: 45
"""

CERTIFICATE = """\
spinnaker: {url: https://gate.example.com, release: '2025.3', sign_in: certificate,
  certificate: file:/run/secrets/spinnaker/a.pem, key: file:/run/secrets/spinnaker/b}
"""

NONE = "spinnaker: {url: https://gate.example.com, release: '2025.3', sign_in: none}\n"


def problems(text: str) -> str:
    with pytest.raises(FileProblems) as caught:
        read_accounts_file(text.encode())
    return str(caught.value)


def test_it_is_read() -> None:
    assert read_accounts_file(WHOLE.encode()).spinnaker == Connection(
        url="https://gate.example.com/api/v1",
        release="2026.2",
        sign_in="basic",
        username="ann",
        secret="env:GATE_PASSWORD",
        authorities="file:/run/secrets/spinnaker/ca.pem",
        poll_seconds=45,
    )
    assert read_accounts_file(MANAGING.encode()).spinnaker is None


@pytest.mark.django_db
@pytest.mark.parametrize("text", [WHOLE, CERTIFICATE, NONE])
def test_what_is_exported_is_read_as_the_same(text: str) -> None:
    register(read_accounts_file((MANAGING + text).encode()), None)
    exported = Export().text(csv=False)

    again = read_accounts_file(exported.encode())

    assert again.spinnaker == read_accounts_file(text.encode()).spinnaker
    assert not spinnaker_differs(again)
    register(again, None)
    assert Spinnaker.objects.get().version == 1
    assert Activity.objects.filter(about="Spinnaker").count() == 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("secret: env:GATE_PASSWORD", f"secret: {TOKEN}", "never the secret itself"),
        ("secret: env:GATE_PASSWORD", f"token: {TOKEN}", "has no key “token”"),
        ("  release: 2026.2\n", "", "“release” is missing here."),
        ("release: 2026.2", "release: newest", "A release looks like 2025.3"),
        ("sign_in: basic", "sign_in: oauth", "sign_in: Choose one of: token"),
        ("sign_in: basic", "sign_in: none", "username: This way to sign in has no use"),
        ("poll_seconds: 45", "poll_seconds: 4.5", "It must be a whole number."),
        ("poll_seconds: 45", "poll_seconds: 3", "Give 5 to 3600 seconds."),
        ("url: https", "url: ftp", "Give Gate's base URL"),
        ("username: ann", "username: [ann]", "It must be a text."),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(
    before: str, after: str, said: str
) -> None:
    assert before in WHOLE

    told = problems(WHOLE.replace(before, after))

    assert said in told
    assert TOKEN not in told


def test_a_mapping_is_needed() -> None:
    assert "spinnaker must be a mapping" in problems("spinnaker: gate\n")


@pytest.mark.django_db
def test_an_operators_file_keeps_the_connection_or_is_refused(managing) -> None:
    operator = person("operator")
    register(read_accounts_file(WHOLE.encode()), None)

    register(read_accounts_file(WHOLE.encode()), operator)
    for write in (register_all, preview_all):
        with pytest.raises(Outside, match="You need the administrator role"):
            write(read_accounts_file(NONE.encode()), operator)

    assert Spinnaker.objects.get().version == 1


def test_an_operators_upload_does_not_change_the_connection(managing) -> None:
    operator = person("operator")

    with pytest.raises(FileProblems, match=NO_CONNECTION[:40]):
        check("accounts.yaml", WHOLE.encode(), csv=False, by=operator)

    assert not Spinnaker.objects.exists()
    register(read_accounts_file(WHOLE.encode()), None)
    assert check("accounts.yaml", WHOLE.encode(), csv=False, by=operator)


FILE = """\
managing: {{name: core, account_id: "911111111111"}}
accounts:
- {{name: one, account_id: "922222222222", regions: [us-east-1],
  made_by: {made_by}, providers: {{ec2: {{}}}}}}
- {{name: two, account_id: "933333333333", regions: [us-east-1],
  made_by: organization, providers: {{lambda: {{}}}}}}
"""


def saved(made_by: str) -> dict[str, ManagedAccount]:
    register(read_accounts_file(FILE.format(made_by=made_by).encode()), None)
    return {row.name: row for row in ManagedAccount.objects.all()}


def test_the_prefix_follows_the_choice() -> None:
    rows = saved("organization")

    prefix = rows["one"].external_id_prefix
    assert prefix.startswith("bowline-")
    assert {row.spinnakers_external_id for row in rows.values()} == {
        f"{prefix}-922222222222",
        f"{prefix}-933333333333",
    }
    again = saved("owner")
    assert again["one"].spinnakers_external_id == str(rows["one"].external_id)
    assert again["two"].external_id_prefix == prefix
    assert saved("organization")["one"].external_id_prefix == prefix


@pytest.mark.parametrize("name", ["out.yaml", "out.csv"])
def test_what_was_exported_differs_in_nothing(tmp_path: Path, name: str) -> None:
    saved("organization")
    file = tmp_path / name

    call_command("export", str(file))

    assert "organization" in file.read_text()
    checked = onboard(file, "--check")
    assert "The file matches the current settings." in checked.out
