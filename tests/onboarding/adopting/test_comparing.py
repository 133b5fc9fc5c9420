"""Two sources of one Spinnaker, compared."""

from __future__ import annotations

import json
from typing import Any

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
    lower = one(aws("a", permissions={"READ": ["team"]}))

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
