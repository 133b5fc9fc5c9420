"""Tried: fields of the accounts file that the pages would refuse: a pod role in no
Region, another account's identity, roles that hold a comma, what only AWS may say.

Refused: each with a sentence and its line, as the forms refuse it; nothing is written.
"""

from __future__ import annotations

import pytest

from accounts.mapping.accounts_file import register
from accounts.models import ManagedAccount, ManagingAccount
from onboarding.accounts_file import FileProblems, read_accounts_file
from tests.factories import image_key
from tests.rows import account_row, managing_row

MANAGING = """\
managing:
  name: core
  account_id: "911111111111"
"""
POD = {
    "name": "SpinnakerPods",
    "cluster": "tools",
    "region": "us-east-1",
    "namespace": "spinnaker",
    "service_account": "clouddriver",
}
ACCOUNT = """\
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
"""


def refused(text: str) -> tuple[int, str]:
    """Give the line and the sentence of the only problem."""
    with pytest.raises(FileProblems) as caught:
        read_accounts_file(text.encode("utf-8", "surrogatepass"))
    (problem,) = caught.value.problems
    return problem.line, problem.message


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("name", "a b", "name: “a b” isn't valid"),
        ("cluster", "$(id)", "A cluster's name has 1 to 100"),
        ("region", "us-est-1", "“us-est-1” isn't a Region of AWS"),
        ("region", "cn-north-1", "“cn-north-1” isn't a Region of AWS"),
        ("namespace", "Spin", "A namespace has 1 to 63"),
        ("namespace", '"*"', "A namespace has 1 to 63"),
        ("service_account", "a:b", "A service account's name has 1 to 253"),
        ("service_account", '""', "A service account's name has 1 to 253"),
    ],
)
def test_a_pod_role_is_checked_as_the_form_checks_it(
    key: str, value: str, sentence: str
) -> None:
    pod = ", ".join(f"{k}: {v}" for k, v in {**POD, key: value}.items())

    line, said = refused(MANAGING + f"  identity:\n    pod_role: {{{pod}}}\n")

    assert line == 5
    assert sentence in said


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            "  identity: {existing: 'arn:aws:iam::933333333333:role/Theirs'}\n",
            "This identity belongs to account 933333333333",
        ),
        (
            "  identity: {existing: 'arn:aws-cn:iam::911111111111:role/Theirs'}\n",
            "This identity belongs to partition aws-cn",
        ),
        (f"  image_keys: [{image_key()}]\n", "image_keys counts only with `bakes"),
        ("  managed_role: null\n", "managed_role: It must be a text"),
        ("  boundary: ~\n", "boundary: It must be a text"),
    ],
)
def test_the_managing_account_is_checked_as_its_form_checks_it(
    more: str, sentence: str
) -> None:
    _, said = refused(MANAGING + more)

    assert sentence in said


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("  permissions: {READ: ['a,b']}\n", "A role has 1 to 100 characters"),
        ('  permissions: {READ: ["a\\u2028b"]}\n', "A role has 1 to 100 characters"),
        ('  permissions: {WRITE: ["a\\x85b"]}\n', "A role has 1 to 100 characters"),
        ('  permissions: {WRITE: ["a\\nb"]}\n', "A role has 1 to 100 characters"),
        ("  environment: null\n", "environment: It must be a text"),
        ("  access_role: ~\n", "access_role: It must be a text"),
        (f"  environment: {'e' * 61}\n", "Use 1 to 60 letters"),
        (f"  environment: {'e' * 3000}\n", "environment: It is longer than"),
    ],
)
def test_an_account_is_checked_as_its_forms_check_it(more: str, sentence: str) -> None:
    _, said = refused(ACCOUNT + more + "  providers: {ec2: {}}\n")

    assert sentence in said
    assert len(said) < 1_000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("endpoint", "https://203.0.113.7"),
        ("certificate_authority", "QUJD"),
        ("arn", "arn:aws:eks:us-east-1:922222222222:cluster/apps"),
        ("mode", "API"),
    ],
)
def test_what_only_aws_may_say_of_a_cluster_is_refused(field: str, value: str) -> None:
    known = "name: apps, region: us-east-1, namespaces: [default]"
    cluster = f"{{{known}, {field}: '{value}'}}"

    line, said = refused(ACCOUNT + f"  providers: {{eks: {{clusters: [{cluster}]}}}}\n")

    assert line == 5
    assert (
        "eks: Bowline reads this value from AWS when it plans, so it can't be" in said
    )


@pytest.mark.django_db
def test_the_owner_of_images_must_be_an_account_that_is_known() -> None:
    text = MANAGING + "  bakes: true\n  ami_owner: nobody\n"

    with pytest.raises(FileProblems, match="ami_owner: There's no account “nobody”"):
        register(read_accounts_file(text.encode()), None)

    assert not ManagingAccount.objects.exists()


@pytest.mark.django_db
def test_the_owner_of_images_may_come_with_the_same_file() -> None:
    text = MANAGING + "  bakes: true\n  ami_owner: staging\n" + ACCOUNT

    register(read_accounts_file((text + "  providers: {ec2: {}}\n").encode()), None)

    assert ManagingAccount.objects.get().ami_owner == "staging"


@pytest.mark.django_db
def test_another_managing_account_is_a_problem_and_no_traceback() -> None:
    managing_row(account_id="933333333333")
    account_row(granted_at="2026-01-01T00:00:00Z")

    with pytest.raises(FileProblems) as caught:
        register(read_accounts_file(f"accounts: []\n{MANAGING}".encode()), None)

    (problem,) = caught.value.problems
    assert problem.line == 3
    assert (
        "You can't change the managing account to another AWS account"
        in problem.message
    )
    assert ManagedAccount.objects.count() == 1
