"""Two sources of one Spinnaker, compared, and one that changed since it was adopted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onboarding.accounts_file import FileProblems
from onboarding.adopting.again import Merged, in_one_form, merged
from onboarding.adopting.report import Report
from tests.onboarding.adopting.documents import (
    aws,
    halconfig,
    kinds,
    loaded,
    outcomes,
    reported,
    spring,
    stored,
)


def one(*accounts: dict[str, Any]) -> dict[str, Any]:
    return {"aws": {"enabled": True, "accounts": list(accounts)}}


def elsewhere(files: dict[str, bytes]) -> dict[str, bytes]:
    """Put the files where they are no part of another source."""
    return {f"other/place/{path}": content for path, content in files.items()}


def accounts_of(report: Report, kind: str) -> list[str]:
    return [name for o in report.findings if o.kind == kind for name in o.accounts]


def test_what_two_descriptions_say_differently_is_named_by_field() -> None:
    first = halconfig(one(aws("a"), aws("only-hal", "111111111111")))
    second = spring(
        one(aws("a", environment="stage"), aws("only-file", "222222222222"))
    )

    report = reported(first, elsewhere(second))

    differ = next(o for o in report.findings if o.kind == "sources-differ")
    assert "differ in environment" in differ.says
    assert differ.accounts == ("a",)
    assert accounts_of(report, "one-source-only") == ["only-hal", "only-file"]
    a = next(o for o in report.spinnaker.accounts if o.name == "a")
    assert "environment" not in a.values


def test_equal_descriptions_are_no_finding() -> None:
    providers = one(aws("a", permissions={"READ": ["Team"]}))
    lower = one(aws("a", permissions={"READ": ["team"]}, environment="a"))

    found = kinds(reported(halconfig(providers), elsewhere(spring(lower))))

    assert not found & {"sources-differ", "one-source-only"}


def test_the_database_counts_before_a_file() -> None:
    report = reported(
        stored(one(aws("a", environment="db"))), spring(one(aws("a"), aws("b", "2")))
    )

    a = next(o for o in report.spinnaker.accounts if o.name == "a")
    assert a.values["environment"] == "db"
    assert accounts_of(report, "stored-over-file") == ["a"]
    assert not accounts_of(report, "one-source-only")


def test_what_spinnaker_works_with_is_compared_with_what_is_described() -> None:
    described = one(aws("a"), aws("gone", "2"))
    working = one(aws("a", externalId="x"), aws("strange", "3"))

    report = reported(halconfig(described), loaded(working))

    assert accounts_of(report, "not-in-effect") == ["a"]
    assert accounts_of(report, "not-loaded") == ["gone"]
    assert accounts_of(report, "only-loaded") == ["strange"]
    assert {*outcomes(report)} == {"a", "gone", "strange"}


def test_an_octal_id_shows_in_what_spinnaker_works_with() -> None:
    file = b"aws: {accounts: [{name: a, accountId: 012345670123, assumeRole: role/x}]}"
    working = one(aws("a", "1402433619", assumeRole="role/x"))

    report = reported({"clouddriver.yml": file}, loaded(working))

    (differing,) = (o for o in report.findings if o.kind == "not-in-effect")
    assert "accountId" in differing.says
    assert "assumeRole" in differing.says


def test_a_list_without_details_is_asked_for_again() -> None:
    rows = [{"name": "a", "type": "aws", "authorized": True, "primaryAccount": False}]

    report = reported(
        halconfig(one(aws("a"))), {"credentials.json": json.dumps(rows).encode()}
    )

    assert accounts_of(report, "not-expanded") == ["a"]
    assert "not-in-effect" not in kinds(report)


def test_loaded_accounts_alone_are_judged_too() -> None:
    providers = one(aws("a")) | {
        "ecs": {"accounts": [{"name": "a-ecs", "accountId": "123456789012"}]},
        "kubernetes": {"accounts": [{"name": "k"}]},
        "google": {"accounts": [{"name": "g"}]},
    }

    report = reported(loaded(providers))

    assert outcomes(report) == {"a": "taken", "a-ecs": "taken", "k": "left"}
    assert report.others == {"google": 1}
    assert "only-loaded" not in kinds(report)


ACCOUNT: dict[str, Any] = {
    "name": "prod",
    "account_id": "123456789012",
    "regions": ["us-east-1"],
    "external_id": False,
    "adopts": True,
    "providers": {"ec2": {"key_pair": "ops"}},
}

CLUSTER: dict[str, Any] = {
    "name": "main",
    "region": "us-east-1",
    "account_name": "main",
    "namespaces": [],
}

OTHER = {**CLUSTER, "name": "other", "account_name": "other"}

PERMISSIONS = {"READ": ["a"], "WRITE": ["a"]}


def account(**fields: Any) -> dict[str, Any]:
    return in_one_form({**ACCOUNT, **fields}, "aws")


def with_providers(**providers: Any) -> dict[str, Any]:
    return account(providers={**ACCOUNT["providers"], **providers})


def differences(result: Merged) -> dict[str, bool]:
    return {one.field: one.is_conflict for one in result.differences}


@pytest.mark.parametrize(
    ("before", "now", "here", "expected", "said"),
    [
        ({}, {"environment": "a"}, {}, "a", {"environment": False}),
        ({"environment": "a"}, {}, {"environment": "a"}, None, {"environment": False}),
        ({"environment": "a"}, {"environment": "a"}, {}, None, {}),
        ({}, {"environment": "a"}, {"environment": "a"}, "a", {}),
        ({}, {"environment": "a"}, {"environment": "b"}, "b", {"environment": True}),
        (
            {"environment": "a"},
            {},
            {"environment": "b"},
            "b",
            {"environment": True},
        ),
    ],
    ids=["added", "removed", "decided", "alike", "both", "removed and decided"],
)
def test_a_value_is_taken_where_the_source_alone_changed_it(
    before, now, here, expected, said
) -> None:
    result = merged(account(**before), account(**now), account(**here))

    assert result.written.get("environment") == expected
    assert differences(result) == said


def test_parts_of_one_field_are_compared_alone() -> None:
    carried = {"aws": {"edda": "https://a", "bastionHost": "b"}}
    before = account(permissions=PERMISSIONS, carried=carried)
    now = account(
        permissions={**PERMISSIONS, "READ": ["b"]},
        carried={"aws": {**carried["aws"], "edda": "https://c"}},
    )
    here = account(
        permissions={**PERMISSIONS, "WRITE": ["c"]},
        carried={"aws": {**carried["aws"], "bastionHost": "d"}},
    )

    result = merged(before, now, here)

    assert result.written["permissions"] == {"READ": ["b"], "WRITE": ["c"]}
    assert result.written["carried"] == {
        "aws": {"edda": "https://c", "bastionHost": "d"}
    }
    assert differences(result) == {
        "permissions.READ": False,
        "carried.aws.edda": False,
    }


def test_clusters_are_compared_one_by_one() -> None:
    before = with_providers(eks={"clusters": [CLUSTER]})
    now = with_providers(eks={"clusters": [CLUSTER, OTHER]})
    mine = {**CLUSTER, "namespaces": ["apps"]}
    here = with_providers(eks={"clusters": [mine]})

    result = merged(before, now, here)

    clusters = result.written["providers"]["eks"]["clusters"]
    assert [(one["name"], one["namespaces"]) for one in clusters] == [
        ("main", ["apps"]),
        ("other", []),
    ]
    assert differences(result) == {"eks.clusters.us-east-1/other": False}


def test_a_provider_that_the_source_drops_and_somebody_decided_about_stays() -> None:
    before, now = with_providers(**{"lambda": {}}), account()
    here = with_providers(**{"lambda": {"more_roles": ["/app"]}})

    result = merged(before, now, here)

    assert result.written == here
    assert differences(result) == {"lambda": True}
    taken = merged(before, now, here, take=["lambda"])
    assert taken.written["providers"] == {"ec2": {"key_pair": "ops"}}


def test_a_provider_that_somebody_removed_stays_removed() -> None:
    both, mine = with_providers(**{"lambda": {}}), account()

    assert merged(both, both, mine).written == mine
    assert not merged(both, both, mine).differences


def test_what_a_source_never_says_is_not_asked_about() -> None:
    here = with_providers(ec2={"key_pair": "ops", "stack_roles_path": "/x/"})
    here |= {"access_role": "Mine"}

    result = merged(None, account(), here)

    assert result.written == here
    assert not result.differences
    assert result.adopted_from == account()


def test_without_an_answer_the_source_is_compared_with_what_it_had() -> None:
    before, now = (
        account(environment="a"),
        account(environment="b", regions=["eu-west-1"]),
    )
    here = account(environment="c")

    first = merged(before, now, here)
    again = merged(first.adopted_from, now, first.written)
    kept = merged(before, now, here, keep=["environment"])

    assert first.written["regions"] == ["eu-west-1"]
    assert differences(again) == {"environment": True}
    assert not merged(kept.adopted_from, now, kept.written).differences
    assert merged(None, now, here).adopted_from is None


@pytest.mark.parametrize("other", [{"regions": ["eu-west-1"]}, {}])
def test_another_first_name_is_no_change(other: dict[str, Any]) -> None:
    name = {"permissions": {"READ": ["b"], "WRITE": []}, "regions": ["us-east-1"]}
    one = {"name": "b", **name, **other, "carried": {"aws": {"edda": "x"}}}
    before = account(permissions=PERMISSIONS, also_as=[one])
    swapped = account(
        name="b",
        regions=one["regions"],
        permissions={"READ": ["b"]},
        carried={"aws": {"edda": "x"}},
        also_as=[
            {"name": "prod", "regions": ["us-east-1"], "permissions": PERMISSIONS}
        ],
    )

    result = merged(before, swapped, before)

    assert not result.differences
    assert result.written == before


def test_what_cannot_be_described_together_is_refused() -> None:
    here = account(external_id=True)
    now = with_providers(ecs={})

    with pytest.raises(FileProblems, match="external ID"):
        merged(account(), now, here)


def test_an_account_that_a_source_has_and_bowline_cannot_take_is_not_gone() -> None:
    eks = {"clusters": [CLUSTER]}
    before = with_providers(ecs={}, eks=eks)

    result = merged(before, account(), before, ["main", "prod-ecs"])

    assert result.written == before
    assert not result.differences
    assert differences(merged(before, account(), before)) == {
        "ecs": False,
        "eks": False,
    }
