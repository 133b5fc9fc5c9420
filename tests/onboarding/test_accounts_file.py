"""accounts.yaml: read whole, or every problem with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import accounts_file
from onboarding.accounts_file import AccountsFile, FileProblems
from onboarding.accounts_file.reader import Problem
from onboarding.accounts_file.writing import (
    account_written,
    csv_text,
    dumped,
    file_written,
    written_account,
    yaml_text,
)
from onboarding.providers.ecs import Ecs
from onboarding.topology import ExistingIdentity, InstanceRole, Permissions, PodRole
from tests.factories import description, image_key, managed, provider

WHOLE = """\
managing:
  name: core
  account_id: "911111111111"
  identity: {instance_role: SpinnakerAuthRole}
  assume: {organization: o-a1b2c3d4e5}
accounts:
- name: staging
  account_id: "922222222222"
  environment: staging
  regions: [us-east-1, us-west-2]
  access_role: OrganizationAccountAccessRole
  permissions: {READ: [developers], WRITE: [operators]}
  providers:
    ec2: {}
    ecs:
    lambda: {code_buckets: [code]}
    eks: {clusters: [{name: apps, region: us-east-1, namespaces: [web]}]}
"""

ONE = """\
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  providers: {ec2: {}}
"""


def read(text: str, **fields: str) -> AccountsFile:
    return accounts_file.read_accounts_file(text.encode(), **fields)


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(FileProblems) as caught:
        read(text)
    return caught.value.problems


def test_the_documented_file_is_read() -> None:
    file = read(WHOLE)

    (account,) = file.accounts
    assert file.managing is not None
    assert file.managing.organization == "o-a1b2c3d4e5"
    assert file.managing.identity == InstanceRole("SpinnakerAuthRole")
    assert account.managed.name == "staging"
    assert account.managed.permissions.read == ("developers",)
    assert [p.key for p in account.managed.providers] == ["ec2", "ecs", "eks", "lambda"]
    assert account.managed.providers[1] == Ecs()


@pytest.mark.parametrize(
    ("written", "identity"),
    [
        (
            "{existing: 'arn:aws:iam::911111111111:user/spinnaker'}",
            ExistingIdentity("arn:aws:iam::911111111111:user/spinnaker"),
        ),
        (
            "{pod_role: {name: r, cluster: c, region: us-east-1, namespace: spinnaker,"
            " service_account: clouddriver}}",
            PodRole("r", "c", "us-east-1", "spinnaker", "clouddriver"),
        ),
    ],
)
def test_each_kind_of_identity_is_read(written: str, identity: object) -> None:
    file = read(
        f"managing: {{name: core, account_id: '911111111111', identity: {written}}}"
    )

    assert file.managing is not None
    assert file.managing.identity == identity


def test_an_external_id_is_on_unless_ecs_is_chosen() -> None:
    plain = read(ONE)
    with_ecs = read(ONE.replace("{ec2: {}}", "{ec2: {}, ecs: {}}"))

    assert plain.accounts[0].columns["uses_external_id"]
    assert not with_ecs.accounts[0].columns["uses_external_id"]


def test_an_external_id_beside_ecs_is_refused_with_the_reason() -> None:
    text = ONE.replace("{ec2: {}}", "{ecs: {}}") + "  external_id: true\n"

    (problem,) = problems(text)

    assert problem.line == 6
    assert "ECS can't be combined with an external ID" in problem.message


def test_an_unquoted_account_id_keeps_its_leading_zero() -> None:
    file = read(ONE.replace('"922222222222"', "012345670123"))

    assert file.accounts[0].managed.account_id == "012345670123"


def test_spaces_and_dashes_in_an_account_id_do_not_matter() -> None:
    file = read(ONE.replace('"922222222222"', '"9222-2222 2222"'))

    assert file.accounts[0].managed.account_id == "922222222222"


def test_every_problem_is_told_with_its_line() -> None:
    text = """\
managing: {name: core, account_id: "9111", colour: blue}
accounts:
- name: sta:ging
  account_id: "922222222222"
  regions: [us-est-1]
  providers:
    ec2: {key_pair: 7, wings: 2}
"""

    found = problems(text)

    assert [problem.line for problem in found] == [1, 1, 3, 5, 7]
    assert "no key “colour”" in "".join(problem.message for problem in found[:2])
    assert "“sta:ging” isn't valid" in found[2].message
    assert "us-east-1" in found[3].message
    assert "no detail “wings”" in found[4].message


@pytest.mark.parametrize("missing", ["name", "account_id", "regions", "providers"])
def test_a_missing_key_is_named(missing: str) -> None:
    lines = [line for line in ONE.splitlines() if f"{missing}:" not in line]
    text = "\n".join(lines)
    if missing == "name":
        text = text.replace("  account_id", "- account_id", 1)

    assert f"“{missing}” is missing" in problems(text)[0].message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("accounts: [", 2, "Invalid YAML"),
        ("accounts:\n\t- name: x\n", 2, "Invalid YAML"),
        ("accounts: {a: b}", 1, "must be a list"),
        ("[1, 2]", 1, "must be a mapping"),
        ("accounts:\n- just text\n", 2, "must be a mapping"),
        (ONE + "  name: again\n", 6, "twice"),
        (ONE + "  adopts: perhaps\n", 6, "true or false"),
        (ONE.replace("[us-east-1]", "[]"), 4, "at least one Region"),
        (ONE.replace("[us-east-1]", "us-east-1"), 4, "must be a list"),
        (ONE.replace("{ec2: {}}", "{}"), 5, "at least one of ec2"),
        (ONE.replace("{ec2: {}}", "{ec2: yes}"), 5, "mapping of its details"),
        (ONE.replace("name: staging", "name: [a]"), 2, "must be a text"),
        ("managing: {name: c, account_id: '911111111111', identity: {}}", 1, "one of"),
        ("managing: {name: c, account_id: '911111111111', assume: all}", 1, "listed"),
        ("managing: {name: c, account_id: '911111111111', partition: eu}", 1, "aws-cn"),
        ("a: &a [x]\nb: *c\n", 2, "*c names nothing above it"),
        (
            "managing: {name: c, account_id: '911111111111', partition: aws-iso-b}",
            1,
            "doesn't work in AWS's isolated partitions",
        ),
    ],
)
def test_a_wrong_file_gets_a_sentence_with_its_line(
    text: str, line: int, words: str
) -> None:
    found = problems(text)

    assert any(p.line == line and words in p.message for p in found), found


def test_names_that_two_accounts_share_are_refused() -> None:
    text = """\
accounts:
- {name: a, account_id: "911111111111", regions: [us-east-1], providers: {ecs: {}}}
- {name: A-ecs, account_id: "911111111111", regions: [us-east-1], providers: {ec2: {}}}
"""

    found = problems(text)

    assert found == (
        Problem(3, "“911111111111” is taken by line 2 already."),
        Problem(3, "“A-ecs” is taken by line 2 already."),
    )


@pytest.mark.parametrize(
    "hostile", ["$(reboot)", "a'b", "a\\nb", "@file", "-rf", 'a"b', "a;b", "`id`"]
)
def test_hostile_names_are_refused(hostile: str) -> None:
    name = f'"{hostile}"' if '"' not in hostile else f"'{hostile}'"

    found = problems(ONE.replace("name: staging", f"name: {name}"))

    assert "isn't valid" in found[0].message


def test_the_partition_is_given_where_the_file_has_no_managing_account() -> None:
    text = ONE.replace("us-east-1", "cn-north-1")

    file = read(text, partition="aws-cn")

    assert file.accounts[0].managed.regions == ("cn-north-1",)


def test_a_boundary_and_the_trusts_organization_are_read() -> None:
    cap = "arn:aws:iam::911111111111:policy/Cap"
    more = f"  boundary: {cap}\n  trust_organization: o-a1b2c3d4e5\naccounts:"

    managing = read(WHOLE.replace("accounts:", more)).managing

    assert managing is not None
    assert (managing.boundary, managing.trust_organization) == (cap, "o-a1b2c3d4e5")


def test_a_boundary_that_is_no_policys_arn_is_a_problem() -> None:
    more = "  boundary: arn:aws:iam::911111111111:role/Cap\naccounts:"

    (problem,) = problems(WHOLE.replace("accounts:", more))

    assert "whole ARN of a managed policy" in problem.message


def test_keys_of_images_are_read() -> None:
    key = image_key("eu-west-1")
    more = f"  bakes: true\n  image_keys: [{key}]\naccounts:"

    managing = read(WHOLE.replace("accounts:", more)).managing

    assert managing is not None
    assert managing.image_keys == (key,)


roles = st.lists(
    st.sampled_from(["developers", "a;b", "=1+1", "[x]", "yes", "007", "ä: b"]),
    max_size=3,
    unique=True,
).map(tuple)
described = st.builds(
    managed,
    st.builds(
        lambda buckets: provider("lambda", code_buckets=buckets),
        st.sets(st.sampled_from(["code", "1e3", "null"])).map(sorted),
    ),
    name=st.sampled_from(["staging", "no", "1e3"]),
    account_id=st.sampled_from(["922222222222", "012345678901", "000000000000"]),
    regions=st.sampled_from([("us-east-1",), ("eu-west-1", "us-east-1")]),
    environment=st.sampled_from(["", "null", "staging"]),
    permissions=st.builds(Permissions, read=roles, write=roles),
    access_role=st.sampled_from(["", "Access"]),
    external_id=st.just(""),
    adopts=st.booleans(),
)


@settings(max_examples=30)
@given(described, st.booleans(), st.booleans())
def test_what_is_written_is_read_again(account, uses_external_id, csv) -> None:
    written = account_written(description(account, uses_external_id=uses_external_id))
    text = csv_text([written]) if csv else yaml_text(None, [written])

    (again,) = accounts_file.read_accounts_file(text.encode(), csv=csv).accounts

    assert again.managed == account
    assert again.columns["uses_external_id"] is uses_external_id


def test_accounts_are_written_a_few_at_a_time_as_if_at_once() -> None:
    many = [{"name": f"a{number}", "regions": ["us-east-1"]} for number in range(205)]
    managing = {"name": "core"}

    said = yaml_text(managing, iter(many))

    assert said == dumped({"managing": managing, "accounts": many})
    assert yaml_text(None, []) == dumped({"accounts": []})


def eks_problems(cluster: str) -> tuple[Problem, ...]:
    return problems(ONE.replace("ec2: {}", f"eks: {{clusters: [{cluster}]}}"))


def test_a_cluster_says_in_which_namespaces_bowline_gives_access() -> None:
    (problem,) = eks_problems("{name: apps, region: us-east-1}")

    assert problem.line == 5
    assert problem.message == (
        "eks: Cluster apps has no “namespaces”. List those that Spinnaker deploys to, "
        "such as [default]. An empty list, [], gives access to all of them."
    )


@pytest.mark.parametrize(
    "said", ["namespaces: []", "rights: cluster-admin", "access: aws-auth"]
)
def test_all_namespaces_are_said_or_are_not_given_by_bowline(said: str) -> None:
    cluster = f"{{name: apps, region: us-east-1, {said}}}"

    file = read(ONE.replace("ec2: {}", f"eks: {{clusters: [{cluster}]}}"))

    (account,) = file.accounts
    written = account_written(description(account.managed))
    assert written["providers"]["eks"]["clusters"][0]["namespaces"] == []


HAD = "  adopted_from: {name: old, account_id: '922222222222', regions: [eu-west-1], "


def test_what_spinnaker_had_and_a_name_before_are_read_and_kept() -> None:
    text = ONE + "  renamed_from: old\n" + HAD + "providers: {ec2: {}}}\n"

    (account,) = read(text).accounts

    assert account.renamed_from == "old"
    assert account.adopted_from is not None
    assert account.adopted_from["regions"] == ["eu-west-1"]
    kept = written_account(file_written(account), account.line)
    assert (kept.adopted_from, kept.renamed_from) == (
        account.adopted_from,
        account.renamed_from,
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("  renamed_from: 'a/b'\n", "renamed_from: “a/b” isn't valid"),
        ("  adopted_from: [1]\n", "adopted_from: an account must be a mapping"),
        (HAD + "providers: {}}\n", "adopted_from: Choose at least one of"),
        (HAD + "secret: x, providers: {ec2: {}}}\n", "no key “secret”"),
        (HAD + "adopted_from: {}, providers: {ec2: {}}}\n", "no key “adopted_from”"),
        (
            HAD + "carried: {aws: {edda: 'https://a:b@c'}}, providers: {ec2: {}}}\n",
            "adopted_from: carried",
        ),
    ],
)
def test_what_spinnaker_had_is_read_like_an_account(line: str, why: str) -> None:
    assert why in " ".join(one.message for one in problems(ONE + line))
