"""What a careless clouddriver-local.yml does: a judge that notices may praise."""

from __future__ import annotations

import pytest

from tests.conformance.clouddriver import STOCK, Answer, Clouddriver

GOOD = {
    "name": '"staging"',
    "accountId": '"922222222222"',
    "regions": "[{name: us-east-1}]",
    "assumeRole": '"role/spinnakerManaged"',
}


def local(*accounts: dict[str, str]) -> str:
    lines = ["aws:", "  enabled: true", "  accounts:"]
    for account in accounts:
        first, *others = (f"{key}: {value}" for key, value in account.items())
        lines += [f"    - {first}", *(f"      {other}" for other in others)]
    return "\n".join(lines) + "\n"


def read(judge: Clouddriver, **fields: str) -> Answer:
    return judge.read(local({**GOOD, **fields}))


@pytest.mark.smoke
def test_what_is_right_loads(judge: Clouddriver):
    answer = read(judge)

    assert answer.names == {"staging"}
    assert not answer.failure


@pytest.mark.parametrize(
    ("key", "written", "becomes"),
    [
        ("accountId", "012345670123", "1402433619"),
        ("externalId", "007", "7"),
        ("externalId", "12:30:45", "45045"),
        ("externalId", "0x1F", "31"),
        ("externalId", "1e5", "100000.0"),
        ("externalId", "yes", "true"),
        ("externalId", "1_000", "1000"),
        ("externalId", "ab #cd", "ab"),
        ("externalId", "", ""),
        ("externalId", "~", ""),
        ("externalId", '"${file.separator}x"', "/x"),
        ("environment", "010", "8"),
    ],
)
def test_an_unquoted_value_becomes_another(
    judge: Clouddriver, key: str, written: str, becomes: str
):
    assert read(judge, **{key: written}).account()[key] == becomes


@pytest.mark.parametrize(("written", "becomes"), [("yes", "true"), ("010", "8")])
def test_an_unquoted_name_becomes_another(
    judge: Clouddriver, written: str, becomes: str
):
    assert read(judge, name=written).names == {becomes}


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("regions", "[us-east-1, us-west-2]"),
        ("regions", "us-east-1,us-west-2"),
        ("lambdaEnabled", "1"),
        ("lambdaEnabled", "maybe"),
        ("permissions", "[dev]"),
        ("permissions", "{SEE: [dev]}"),
        ("assumeRole", "{{name}}"),
        ("assumeRole", "\trole/x"),
        ("sessionName", "a\n      sessionName: b"),
    ],
)
def test_it_stops_clouddrivers_start(judge: Clouddriver, key: str, written: str):
    answer = read(judge, **{key: written})

    assert answer.failure
    assert answer.names == set()


def test_an_account_without_a_name_stops_the_start_for_all(judge: Clouddriver):
    nameless = {key: value for key, value in GOOD.items() if key != "name"}

    answer = judge.read(local(GOOD, nameless))

    assert answer.failure
    assert answer.names == set()


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("regions", "[{name: us-east-1}, {name: us-east-1}]"),
        ("regions", "[{deprecated: true}]"),
        ("accountId", None),
        ("assumeRole", None),
    ],
)
def test_an_account_is_lost_without_a_failure(
    judge: Clouddriver, key: str, written: str | None
):
    fields = {**GOOD, key: written}
    lost = {name: value for name, value in fields.items() if value is not None}

    answer = judge.read(local(lost, {**GOOD, "name": "other"}))

    assert answer.names == {"other"}
    assert not answer.failure


def test_with_default_regions_of_another_partition_no_account_loads(
    judge: Clouddriver,
):
    assert read(judge, regions="[{name: us-gov-west-1}]").names == set()


def test_without_default_regions_no_account_loads(judge: Clouddriver):
    answer = judge.read_files({"clouddriver-local.yml": local(GOOD)})

    assert answer.names == set()
    assert not answer.failure


def test_of_two_accounts_of_one_name_the_last_wins(judge: Clouddriver):
    answer = judge.read(local(GOOD, {**GOOD, "accountId": '"933333333333"'}))

    assert len(answer.accounts) == 1
    assert answer.account()["accountId"] == "933333333333"


def test_accounts_as_a_map_leave_one_without_a_role(judge: Clouddriver):
    answer = judge.read("aws:\n  enabled: true\n  accounts:\n    staging: {x: y}\n")

    assert answer.names == {"default"}
    assert "role" not in answer.account("default")
    assert answer.ignored == ("aws.accounts.staging.x",)


def test_a_list_in_another_file_hides_the_first(judge: Clouddriver):
    answer = judge.read_files(
        {
            "clouddriver.yml": local(GOOD),
            "clouddriver-local.yml": local({**GOOD, "name": "mine"}),
        }
    )

    assert "staging" not in answer.names


def test_a_short_role_is_one_of_partition_aws_even_in_china(judge: Clouddriver):
    regions = "[{name: cn-north-1}]"
    china = STOCK.replace("us-east-1", "cn-north-1")
    account = judge.read(
        local({**GOOD, "regions": regions}), **{"clouddriver.yml": china}
    ).account()

    assert account["role"].startswith("arn:aws:iam::")
    assert account["sts"] == "sts.amazonaws.com"


def test_a_role_name_can_send_clouddriver_to_chinas_sts(judge: Clouddriver):
    account = read(judge, assumeRole="role/my-aws-cn-role").account()

    assert account["sts"] == "sts.cn-north-1.amazonaws.com.cn"
