"""What is taken of an account, and why the rest is left; which of several names of one
AWS account become one account.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding.accounts_file import read_accounts_file
from onboarding.accounts_file.writing import yaml_text
from onboarding.adopting.judging.sharing import RoleName
from onboarding.adopting.report import Report, accounts_file, report_of
from onboarding.adopting.sources.reading import read_sources
from onboarding.adopting.wording import text
from onboarding.spinnaker.bundle.formats.hal.plan import Situation, changes
from onboarding.spinnaker.entries import entries
from tests.factories import topology
from tests.onboarding.adopting.documents import (
    Providers,
    aws,
    halconfig,
    kinds,
    loaded,
    outcomes,
    reasons,
    reported,
    service,
    spring,
    stored,
)
from tests.onboarding.spinnaker.bundle.formats.hal.known_bundle import bundle_of

OTHER = "210987654321"
BY_PROFILE = {"useManagingAccountProfile": True}


def only(*accounts: dict[str, Any], **settings: Any) -> Providers:
    return {"aws": {"enabled": True, **settings, "accounts": [*accounts]}}


def judged(**fields: Any) -> tuple[str, str, str]:
    """Return what becomes of an account with these fields, and of the first of them."""
    report = reported(spring(only(aws("prod", **fields), aws("z", OTHER))))
    (name, *_) = fields
    (account,) = (o for o in report.judgement.accounts if o.account.name == "prod")
    field = next(o for o in account.fields if o.field == name)
    return account.outcome, field.treatment, " ".join(account.reasons)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"externalId": "corp 1"}, "externalId: “corp 1” isn't valid"),
        ({"externalId": "https://a:b@c"}, "takes no secret"),
        ({"externalId": "configserver:x"}, "put something else in its place"),
        ({"sessionName": "corp 1"}, "sessionName: “corp 1” isn't valid"),
        ({"sessionName": "https://a:b@c"}, "takes no secret"),
        ({"enabled": False}, "enabled: Spinnaker skips the account"),
        ({"permissions": {"DEPLOY": ["x"]}}, "no such permissions as DEPLOY"),
        ({"permissions": {"EXECUTE": ["a,b"]}}, "isn't valid"),
        ({"edda": "https://a:b@c"}, "takes no secret"),
        ({"edda": "${EDDA}"}, "put something else in its place"),
        ({"accountType": "a\u202eb"}, "invisible characters"),
        ({"lifecycleHooks": [{"token": "x"}]}, "takes no secret"),
        ({"environment": "Prod EU"}, "environment: “Prod EU” isn't valid"),
        ({"environment": "https://a:b@c"}, "takes no secret"),
        ({"permissions": {"READ": ["https://a:b@c"]}}, "takes no secret"),
        ({"permissions": {"READ": ["a,b"]}}, "isn't valid"),
        ({"defaultKeyPair": "https://a:b@c"}, "takes no secret"),
        ({"regions": [{"name": "us-east-9"}]}, "isn't a Region"),
        (
            {"assumeRole": f"arn:aws-cn:iam::{OTHER}:role/x", "accountId": OTHER},
            "one partition",
        ),
        ({"assumeRole": "role//x"}, "Enter the role's name"),
        ({"assumeRole": "role/aws-cn/x"}, "wrong STS"),
        ({"assumeRole": "role/${ROLE}"}, "which role this is"),
        ({"assumeRole": "user/x"}, "no role that Bowline knows"),
        ({"assumeRole": f"arn:aws:iam::{OTHER}:role/spinnakerManaged"}, "another AWS"),
        ({"assumeRole": "role/aws-cn"}, "wrong STS"),
        ({"accountId": "12-34"}, "isn't valid"),
        ({"accountId": "1234-5678-9012"}, "as it is written"),
        ({"accountId": ""}, "accountId: “” isn't valid"),
    ],
)
def test_an_account_with_what_cannot_be_taken_is_left(
    fields: dict[str, Any], why: str
) -> None:
    report = reported(spring(only(aws("prod", **fields), aws("z", OTHER))))

    assert outcomes(report)["prod"] == "left"
    assert why in reasons(report, "prod")
    assert "prod" not in {one["name"] for one in report.judgement.written}


ZONES = {"availabilityZones": ["us-east-1a"], "preferredZones": ["us-east-1a"]}


@pytest.mark.parametrize(
    "fields",
    [
        {"accountType": "default"},
        {"allowPrivateThirdPartyImages": True},
        {"custom": "x"},
        {"defaultSecurityGroups": ["sg-1"]},
        {"edda": "https://edda"},
        {"eddaEnabled": True},
        {"lifecycleHooks": [{"heartbeatTimeout": 120, "roleARN": "x"}]},
        {"permissions": {"CREATE": ["x"], "EXECUTE": ["y"]}},
        {"requiredGroupMembership": ["x"]},
        {"sessionDurationSeconds": 900},
        {"regions": [{"name": "us-east-1", "deprecated": True, **ZONES}]},
    ],
)
def test_what_is_not_bowlines_is_carried_as_it_is(fields: dict[str, Any]) -> None:
    report = reported(spring(only(aws("prod", **fields))))

    (written,) = report.judgement.written
    assert outcomes(report) == {"prod": "taken"}
    assert written["carried"] == {"aws": fields}


def test_groups_without_permissions_are_carried_with_a_warning() -> None:
    groups = {"requiredGroupMembership": ["x"]}
    alone = reported(spring(only(aws("prod", **groups))))
    both = reported(spring(only(aws("prod", **groups, permissions={"READ": ["a"]}))))

    assert "give it permissions" in text(alone)
    assert "group-membership" in kinds(alone)
    assert "It doesn't count" in text(both)
    assert "group-membership" not in kinds(both)


def test_keys_inside_of_a_field_are_spelled_as_gate_reads_them() -> None:
    hooks = [{"heartbeat-timeout": 120, "role_arn": "x", "custom-key": "y"}]

    report = reported(spring(only(aws("prod", lifecycleHooks=hooks))))

    (written,) = report.judgement.written
    assert written["carried"]["aws"]["lifecycleHooks"] == [
        {"heartbeatTimeout": 120, "roleARN": "x", "custom-key": "y"}
    ]


def test_what_nothing_reads_is_left_where_bowline_must_not_keep_it() -> None:
    assert judged(custom="x") == ("taken", "carried", "")
    assert judged(custom="https://a:b@c") == ("taken", "left", "")
    assert judged(providerVersion="v1") == ("taken", "left", "")


def test_an_account_says_in_the_accounts_file_what_it_says_in_spinnaker() -> None:
    account = aws(
        "prod",
        environment="production",
        defaultKeyPair="shared",
        lambdaEnabled=True,
        permissions={"READ": ["team b", "team-a"], "WRITE": ["team-a"]},
        regions=[{"name": "us-east-1"}, {"name": "eu-west-1"}],
    )
    ecs = {"accounts": [{"name": "prod-ecs", "awsAccount": "prod"}]}

    report = reported(halconfig({**only(account), "ecs": ecs}))

    assert report.judgement.written == (
        {
            "name": "prod",
            "account_id": "123456789012",
            "environment": "production",
            "regions": ["eu-west-1", "us-east-1"],
            "external_id": False,
            "adopts": True,
            "permissions": {"READ": ["team b", "team-a"], "WRITE": ["team-a"]},
            "providers": {
                "ec2": {"key_pair": "shared", "launch_templates": False},
                "lambda": {},
                "ecs": {},
            },
        },
    )


def test_each_account_names_a_role_that_is_not_the_sites() -> None:
    at_path = aws("c", "1" * 12, assumeRole="role/spinnaker/x")
    files = spring(only(aws("a"), aws("b", OTHER, assumeRole="role/x"), at_path))

    report = report_of(read_sources(files), role=RoleName("aws", "x"))

    assert outcomes(report) == {"a": "taken", "b": "taken", "c": "taken"}
    assert [one.get("managed_role") for one in report.judgement.written] == [
        "spinnakerManaged",
        None,
        "spinnaker/x",
    ]


def test_where_every_role_has_a_path_spinnakers_own_name_is_usual() -> None:
    report = reported(spring(only(aws("a", assumeRole="role/spinnaker/x"))))

    assert report.judgement.role == RoleName("aws", "spinnakerManaged")
    assert report.judgement.written[0]["managed_role"] == "spinnaker/x"


def test_the_text_says_which_managed_role_is_the_usual_one() -> None:
    files = spring(only(aws("a"), aws("b", OTHER, assumeRole="role/x")))

    said = text(report_of(read_sources(files), role=RoleName("aws", "x")))

    assert "The usual managed role is x. An account with another role" in said
    assert "Only accounts with the role" not in said


@pytest.mark.parametrize(
    ("ecs", "why"),
    [
        ({"name": "e", "awsAccount": "nowhere"}, "No source has the AWS account"),
        ({"name": "e", "awsAccount": "left"}, "is left, so this account is left"),
        (
            {"name": "e", "awsAccount": "prod", "namingStrategy": "${X}"},
            "put something",
        ),
        ({"name": "E:", "awsAccount": "prod"}, "isn't valid"),
        ({"name": "prod", "awsAccount": "prod"}, "Accounts of two providers"),
    ],
)
def test_an_ecs_account_is_left_with_its_reason(ecs: dict[str, Any], why: str) -> None:
    providers = {
        **only(aws("prod"), aws("left", OTHER, externalId="x")),
        "ecs": {"accounts": [ecs]},
    }

    report = reported(spring(providers))

    assert why in reasons(report, ecs["name"])


def test_what_spinnaker_sends_is_taken_except_with_ecs() -> None:
    providers = {
        **only(aws("a", externalId="corp-1"), aws("b", OTHER)),
        "ecs": {"accounts": [{"name": "a-ecs", "awsAccount": "a"}]},
    }

    report = reported(spring(providers))

    assert outcomes(report) == {"a": "taken", "b": "taken", "a-ecs": "left"}
    assert "can't be combined with an external ID" in reasons(report, "a-ecs")
    ids = [one["external_id"] for one in report.judgement.written]
    assert ids == ["corp-1", False]


@pytest.mark.parametrize("name", ["Prod", "my_account", "aws.prod", "PROD-US"])
def test_names_of_pipelines_are_taken_as_they_are(name: str) -> None:
    report = reported(spring(only(aws(name, environment=name))))

    assert outcomes(report) == {name: "taken"}
    file = read_accounts_file(accounts_file(report.taken).encode())
    assert [one.managed.name for one in file.accounts] == [name]


@pytest.mark.parametrize("environment", ["PRD", "prod_eu", "Prod", "eu.prod", "a-"])
def test_environments_of_people_are_taken_as_they_are(environment: str) -> None:
    report = reported(spring(only(aws("a", environment=environment))))

    assert outcomes(report) == {"a": "taken"}
    file = read_accounts_file(accounts_file(report.taken).encode())
    assert [one.managed.environment for one in file.accounts] == [environment]


def test_names_that_differ_only_in_case_are_left() -> None:
    report = reported(spring(only(aws("Prod"), aws("prod", OTHER), aws("x", "0" * 12))))

    assert outcomes(report) == {"Prod": "left", "prod": "left", "x": "taken"}
    assert "other upper and lower case" in reasons(report, "prod")


def test_two_ecs_accounts_of_one_aws_account_are_left() -> None:
    ecs = [{"name": name, "awsAccount": "prod"} for name in ("one", "two")]

    report = reported(spring({**only(aws("prod")), "ecs": {"accounts": ecs}}))

    assert outcomes(report) == {"prod": "taken", "one": "left", "two": "left"}
    assert "ecs-shares-account" in kinds(report)


def test_an_aws_account_whose_name_leaves_no_room_is_taken_without_ecs() -> None:
    name = "a" * 60
    ecs = {"accounts": [{"name": f"{name}-ecs", "awsAccount": name}]}

    report = reported(spring({**only(aws(name)), "ecs": ecs}))

    assert outcomes(report) == {name: "taken", f"{name}-ecs": "left"}


@pytest.mark.parametrize(
    ("providers", "kind"),
    [
        (only(aws("p:d")), "name-not-taken"),
        (only(aws("a"), aws("b")), "shared-aws-account"),
        (only(aws("a", "")), "no-account-id"),
        (only(aws("a", regions=[{"name": "us-east-1"}] * 2)), "region-twice"),
        (only(aws("a", externalId="x")), "external-id"),
        (only(aws("a", requiredGroupMembership=["x"])), "group-membership"),
        (only(aws("a", accountType="default")), "primary-account"),
        (only(aws("a"), primaryAccount="a"), "primary-account"),
        (only(aws("a", enabled=False)), "disabled"),
        (only(aws("a"), loadAccounts=BY_PROFILE), "several-identities"),
        (only(aws("a"), secretAccessKey="encrypted:x"), "access-keys"),
        (only(aws("a"), defaults={"iamRole": "Base"}), "base-role"),
        (
            only(aws("a", assumeRole=f"arn:aws:iam::{OTHER}:role/x")),
            "role-of-another-account",
        ),
        ({"aws": {"enabled": False, "accounts": [aws("a")]}}, "provider-off"),
        ({"aws": {"enabled": True, "accounts": []}}, "no-chain"),
        (
            {
                **only(aws("a", externalId="x")),
                "ecs": {"accounts": [{"name": "e", "awsAccount": "a"}]},
            },
            "ecs-external-id",
        ),
    ],
)
def test_a_finding_says_what_to_know_first(providers: Providers, kind: str) -> None:
    plain = reported(spring(only(aws("a"), defaults={"iamRole": "BaseIAMRole"})))

    report = reported(spring(providers))

    assert kind in kinds(report)
    assert kinds(plain) == set()
    assert all(one.says.endswith(".") for one in report.findings)


def test_an_account_that_spinnaker_skips_is_in_nobodys_way() -> None:
    skipped = aws("a", enabled=False, assumeRole="role/other", externalId="x")

    report = reported(spring(only(skipped, aws("b"))), loaded(only(aws("b"))))

    assert outcomes(report) == {"a": "left", "b": "taken"}
    assert kinds(report) == {"disabled"}
    assert report.judgement.role == RoleName("aws", "spinnakerManaged")


@pytest.mark.parametrize(
    ("settings", "files", "outcome"),
    [
        ({}, spring, "taken"),
        ({"loadAccounts": {"useManagingAccountProfile": False}}, spring, "taken"),
        ({"loadAccounts": BY_PROFILE}, spring, "left"),
        ({"loadAccounts": {"useManagingAccountProfile": "${X}"}}, spring, "left"),
        ({}, stored, "left"),
    ],
)
def test_an_identity_of_its_own_counts_where_the_switch_may_be_on(
    settings: dict[str, Any], files: Any, outcome: str
) -> None:
    report = reported(files(only(aws("a", managingAccountProfile="x"), **settings)))

    assert outcomes(report) == {"a": outcome}
    assert ("several-identities" in kinds(report)) is (outcome == "left")
    says = "knows one identity" if outcome == "left" else "It has no effect"
    assert says in text(report)


def test_many_names_of_roles_are_counted() -> None:
    accounts = (aws(f"a{n}", f"{n:012}", assumeRole=f"role/r{n % 7}") for n in range(8))

    report = reported(spring(only(*accounts)))

    (roles,) = (one for one in report.findings if one.kind == "several-roles")
    assert "r0 (2), r1 (1), r2 (1), r3 (1), r4 (1) and 2 more." in roles.says


def test_one_name_in_two_partitions_is_no_difference_of_names() -> None:
    china = f"arn:aws-cn:iam::{OTHER}:role/spinnakerManaged"

    report = reported(spring(only(aws("a"), aws("b", OTHER, assumeRole=china))))

    assert kinds(report) == {"partition"}


def test_roles_of_which_none_is_the_usual_one_are_said_to_be_named() -> None:
    roles = ("role/spinnaker/x", "role/spinnaker/y")
    accounts = (aws(f"a{n}", f"{n:012}", assumeRole=roles[n]) for n in range(2))

    (found,) = reported(spring(only(*accounts))).findings

    assert "One of them" not in found.says
    assert "unless it is the usual managed role" in found.says


def test_the_text_names_every_account_and_field() -> None:
    many = [aws(f"_bad{place}", f"{place:012}") for place in range(25)]
    account = aws("prod", permissions={"DEPLOY": ["x"]}, custom="\x1b[31mx\nfaked")
    google = {"google": {"accounts": [{"name": "g"}]}}
    files = {**halconfig({**only(account, *many), **google}), "x.yml": b"a: 1"}

    said = text(report_of(read_sources(files)))

    assert "Bowline can take 0 of 26 accounts. 26 accounts are left as" in said
    assert "1 file is skipped" in said
    assert "google 1" in said
    assert "_bad0, _bad1, _bad10" in said
    assert " and 5 more." in said
    assert "  Can't be taken: permissions " in said
    assert "custom ‹U+001B›[31mx‹U+000A›faked" in said
    assert all(f"account _bad{place} " in said for place in range(25))


EU, US = [{"name": "eu-west-1"}], [{"name": "us-east-1"}]


def report_on(*accounts: dict[str, Any], **others: Any) -> Report:
    return reported(
        spring({"aws": {"enabled": True, "accounts": [*accounts]}, **others})
    )


def ecs(**names: str) -> dict[str, Any]:
    accounts = [{"name": name, "awsAccount": used} for name, used in names.items()]
    return {"ecs": {"enabled": True, "accounts": accounts}}


def test_names_that_share_the_role_become_one_account() -> None:
    report = report_on(
        aws("prod-eu", regions=EU, permissions={"READ": ["a"], "WRITE": ["b"]}),
        aws("prod-ro", regions=US, permissions={"READ": ["c"]}, accountType="main"),
        aws("prod-us", regions=US),
    )

    (written,) = report.judgement.written
    assert set(outcomes(report).values()) == {"taken"}
    assert (written["name"], written["regions"]) == ("prod-eu", ["eu-west-1"])
    assert written["also_as"] == [
        {
            "name": "prod-ro",
            "regions": ["us-east-1"],
            "permissions": {"READ": ["c"], "WRITE": []},
            "carried": {"aws": {"accountType": "main"}},
        },
        {
            "name": "prod-us",
            "regions": ["us-east-1"],
            "permissions": {"READ": [], "WRITE": []},
        },
    ]
    assert "shared-aws-account" in kinds(report)


def test_spinnaker_has_the_same_accounts_as_before() -> None:
    accounts = [
        aws("prod-eu", regions=EU, permissions={"WRITE": ["b"]}, sessionName="corp"),
        aws("prod-us", regions=US, sessionName="corp", lifecycleHooks=[{"a": "b"}]),
    ]

    written = report_on(*accounts).judgement.written
    file = read_accounts_file(yaml_text(None, written).encode())
    known = entries(topology(*(one.managed for one in file.accounts)))

    assert [
        (one.name, one.regions, one.permissions.write, one.session_name, one.carried)
        for one in known.aws
    ] == [
        ("prod-eu", ("eu-west-1",), ("b",), "corp", {}),
        ("prod-us", ("us-east-1",), (), "corp", {"lifecycleHooks": [{"a": "b"}]}),
    ]


@pytest.mark.parametrize(
    ("differs", "called"),
    [
        ({"assumeRole": "role/other"}, "role"),
        ({"externalId": "corp-1"}, "external ID"),
        ({"sessionName": "corp"}, "session name"),
        ({"defaultKeyPair": "other"}, "key pair"),
        ({"environment": "other"}, "environment"),
        ({"lambdaEnabled": True}, "Lambda switch"),
    ],
)
def test_what_bowline_has_once_leaves_a_name_that_has_it_otherwise(
    differs: dict[str, Any], called: str
) -> None:
    (field,) = differs
    report = report_on(aws("a", **differs), aws("b"), aws("c"))

    assert outcomes(report) == {"a": "left", "b": "taken", "c": "taken"}
    assert (
        f"as “b”. In Bowline, the names of an AWS account have one value for {field},"
        in (reasons(report, "a"))
    )
    (says,) = (o.says for o in report.findings if o.kind == "shared-aws-account")
    assert called in says


def test_an_environment_that_is_the_name_is_kept_as_it_is_written() -> None:
    providers = only(aws("a", environment="a"), aws("b", OTHER))

    for files in (halconfig, spring, service, stored):
        one, other = reported(files(providers)).judgement.written
        # Clouddriver fills it in in its database, too.
        assert one.get("environment") == (None if files is stored else "a")
        assert "environment" not in other


@pytest.mark.parametrize(
    ("environments", "expected"),
    [
        ({"a": "a", "b": "b"}, None),
        ({"a": "a", "b": None}, None),
        ({"a": None, "b": "a"}, "a"),
        ({"a": "a", "b": "a"}, "a"),
        ({"a": None, "b:c": "a"}, None),
    ],
)
def test_names_share_the_environment_that_each_of_them_has_in_effect(
    environments: dict[str, str | None], expected: str | None
) -> None:
    report = report_on(
        *(aws(name, **({"environment": e} if e else {}))
          for name, e in environments.items())
    )  # fmt: skip

    (written,) = report.judgement.written
    assert written.get("environment") == expected
    names = [written["name"], *(one["name"] for one in written.get("also_as", ()))]
    assert names == [name for name in environments if ":" not in name]


@pytest.mark.parametrize("said", [{}, {"environment": "a"}])
def test_hal_has_nothing_to_change_of_an_environment_that_is_the_name(
    said: dict[str, str], tmp_path: Path
) -> None:
    providers = only(
        *(aws(name, environment=name) for name in "ab"), aws("c", OTHER, **said)
    )
    file = read_accounts_file(
        accounts_file(reported(halconfig(providers)).taken).encode()
    )
    bundled = topology(*(one.managed for one in file.accounts))

    assert (
        changes(Situation(bundle_of(bundled, tmp_path), {**providers}, {*"abc"})) == []
    )


def test_the_first_name_is_the_one_that_ecs_uses() -> None:
    report = report_on(aws("a"), aws("b"), **ecs(tasks="b"))

    (written,) = report.judgement.written
    assert written["name"] == "b"
    assert written["providers"]["ecs"] == {"account_name": "tasks"}
    assert set(outcomes(report).values()) == {"taken"}


def test_ecs_uses_one_name_only() -> None:
    report = report_on(aws("a"), aws("b"), **ecs(one="a", two="b"))

    assert outcomes(report) == {
        "a": "taken",
        "b": "taken",
        "one": "taken",
        "two": "left",
    }
    assert "ECS uses the first name, “a”" in reasons(report, "two")


def test_a_name_that_bowline_cannot_have_is_left_alone() -> None:
    report = report_on(aws("a"), aws("b:c"), aws("d", regions=[{"name": "x-1"}]))

    assert outcomes(report) == {"a": "taken", "b:c": "left", "d": "left"}
    assert "also_as" not in report.judgement.written[0]


def test_an_account_of_each_name_is_in_a_report_in_the_order_of_names() -> None:
    report = report_on(aws("a", regions=EU), aws("b"), aws("c"), **ecs(tasks="c"))

    assert [one.account.name for one in report.judgement.accounts] == [
        *("a", "b", "c"),
        "tasks",
    ]
