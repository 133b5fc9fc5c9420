"""What Gate has loaded decides: an account that a file describes otherwise is left
until somebody confirms it.
"""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.adopting.report import NotThere, Report, document, report_of
from onboarding.adopting.sources.files import LOADED
from onboarding.adopting.sources.passing import passed, read_of
from onboarding.adopting.sources.reading import read_sources
from onboarding.adopting.wording import text
from tests.onboarding.adopting.documents import (
    Providers,
    aws,
    halconfig,
    loaded,
    outcomes,
    reasons,
    reported,
    spring,
    stored,
)
from tests.onboarding.adopting.test_carried import cluster

OTHER = "210987654321"


def only(*accounts: dict[str, Any], **settings: Any) -> Providers:
    return {"aws": {"enabled": True, **settings, "accounts": [*accounts]}}


def confirmed(*names: str, files: dict[str, bytes]) -> Report:
    return report_of(read_sources(files), confirmed=names)


def fields_of(report: Report, name: str) -> tuple[str, ...]:
    (how,) = (
        how for key, how in report.spinnaker.effect.unlike.items() if key.name == name
    )
    return how.fields


def test_only_what_spinnaker_has_loaded_is_taken() -> None:
    names = [f"a{n}" for n in range(7)]
    accounts = [aws(name, f"{n:012}") for n, name in enumerate(names)]
    files = halconfig(only(*accounts)) | loaded(only(*accounts[:3]))

    report = report_of(read_sources(files))
    after = confirmed("a4", "a6", files=files)

    assert [n for n, one in outcomes(report).items() if one == "taken"] == names[:3]
    assert [one["name"] for one in report.judgement.written] == names[:3]
    assert "hasn't loaded it, though config, deployment default has it. It is" in (
        reasons(report, "a3")
    )
    assert report.waiting == 4
    taken = [*names[:3], "a4", "a6"]
    assert [n for n, one in outcomes(after).items() if one == "taken"] == taken
    assert document(after)["confirmed"] == ["a4", "a6"]
    assert document(after)["counts"]["waiting"] == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accountId", OTHER),
        ("accountType", "main"),
        ("assumeRole", "role/other"),
        ("defaultKeyPair", "corp"),
        ("environment", "stage"),
        ("externalId", "corp-1"),
        ("lambdaEnabled", True),
        ("permissions", {"READ": ["team"]}),
        ("regions", [{"name": "eu-west-1"}]),
        ("requiredGroupMembership", ["team"]),
        ("sessionName", "corp"),
    ],
)
def test_another_value_is_named_until_the_account_is_confirmed(
    field: str, value: Any
) -> None:
    plain, other = aws("prod"), aws("prod", **{field: value})
    is_open = field in ("defaultKeyPair", "sessionName")
    for described, there in ((other, plain), (plain, other))[: 1 if is_open else 2]:
        files = spring(only(described)) | loaded(only(there))

        report, after = report_of(read_sources(files)), confirmed("prod", files=files)

        assert outcomes(report) == {"prod": "left"}
        assert field in fields_of(report, "prod")
        assert f"{field} is " in reasons(report, "prod")
        assert "missing, not missing" not in reasons(report, "prod")
        assert "until you confirm it" in reasons(report, "prod")
        assert outcomes(after) == {"prod": "taken"}
        (said,) = document(after)["accounts"]
        assert said["in_spinnaker"]["confirmed"]
        assert not said["in_spinnaker"]["waits"]


@pytest.mark.parametrize("said", [{}, {"environment": "prod"}])
def test_what_clouddriver_fills_in_is_no_difference(said: dict[str, str]) -> None:
    described = aws("prod", permissions={"READ": ["Team"]}, **said)
    there = aws(
        "prod",
        **{"accountType": "prod", "environment": "prod", "lambdaEnabled": False},
        **{"defaultKeyPair": "prod-keypair", "permissions": {"READ": ["team"]}},
        **{"eddaEnabled": False, "lifecycleHooks": [], "defaultSecurityGroups": []},
    )

    for files in (halconfig, spring, stored):
        report = reported(files(only(described)), loaded(only(there)))

        assert outcomes(report) == {"prod": "taken"}
        assert not report.spinnaker.effect.unlike


def test_what_the_file_leaves_open_is_taken_from_gate() -> None:
    open_ = {"name": "prod", "accountId": "123456789012", "regions": []}
    variable = aws("test", OTHER, assumeRole="role/${ROLE}")
    corp = {"sessionName": "corp", "regions": [{"name": "eu-west-1"}]}
    there = (
        aws("prod", assumeRole="role/corp", defaultKeyPair="k", **corp),
        aws("test", OTHER, assumeRole="role/corp"),
    )

    report = reported(spring(only(open_, variable)), loaded(only(*there)))
    alone = reported(spring(only(open_, variable)))

    assert outcomes(alone) == {"prod": "left", "test": "left"}
    assert outcomes(report) == {"prod": "taken", "test": "taken"}
    prod, test = report.judgement.written
    assert (prod["session_name"], prod["regions"]) == ("corp", ["eu-west-1"])
    assert prod["providers"]["ec2"]["key_pair"] == "k"
    assert report.judgement.role is not None
    assert report.judgement.role.name == "corp"
    assert "managed_role" not in test


def test_a_setting_of_the_provider_is_no_open_value() -> None:
    described = {"name": "prod", "accountId": "123456789012"}
    settings = {
        "defaultAssumeRole": "role/a",
        "defaultRegions": [{"name": "us-west-1"}],
    }
    there = aws("prod", assumeRole="role/b")

    report = reported(spring(only(described, **settings)), loaded(only(there)))

    assert fields_of(report, "prod") == ("assumeRole", "regions")


@pytest.mark.parametrize(
    ("described", "there"), [(False, True), (True, False), (None, True)]
)
def test_lambda_stays_where_the_file_or_spinnaker_has_it(
    described: bool | None, there: bool
) -> None:
    account = aws("prod", lambdaEnabled=described)
    files = spring(only(account)) | loaded(only(aws("prod", lambdaEnabled=there)))

    report, after = report_of(read_sources(files)), confirmed("prod", files=files)

    assert report.judgement.written == ()
    (written,) = after.judgement.written
    assert "lambda" in written["providers"]


def test_a_role_is_not_narrowed_for_a_name_that_is_left() -> None:
    accounts = aws("a"), aws("b"), aws("c", lambdaEnabled=True)

    report = reported(spring(only(*accounts)))

    (found,) = (o for o in report.findings if o.kind == "left-with-the-role")
    assert found.accounts == ("c",)
    assert "Don't take over the role" in found.says
    alone = reported(spring(only(aws("a"), aws("c", OTHER, externalId="a b"))))
    assert "left-with-the-role" not in {one.kind for one in alone.findings}


def test_an_ecs_account_goes_with_its_aws_account() -> None:
    ecs = {"ecs": {"accounts": [{"name": "tasks", "awsAccount": "prod"}]}}
    there = {"ecs": {"accounts": [{"name": "tasks", "accountId": OTHER}]}}
    same = {"ecs": {"accounts": [{"name": "tasks", "accountId": "123456789012"}]}}
    files = spring({**only(aws("prod")), **ecs})

    wrong = reported(files, loaded({**only(aws("prod")), **there}))
    right = reported(files, loaded({**only(aws("prod")), **same}))
    missing = reported(files, loaded(only(aws("prod"))))

    assert outcomes(right) == {"prod": "taken", "tasks": "taken"}
    assert outcomes(wrong) == outcomes(missing) == {"prod": "taken", "tasks": "left"}
    assert fields_of(wrong, "tasks") == ("accountId",)


def test_namespaces_that_gate_lists_of_the_cluster_are_no_difference() -> None:
    there = {"name": "apps", "namespaces": ["a", "b"]}
    rows = loaded({**only(aws("prod")), "kubernetes": {"accounts": [there]}})

    for namespaces, outcome in (([], "taken"), (["a", "b"], "taken"), (["a"], "left")):
        apps = cluster("apps", namespaces=namespaces)
        files = spring({**only(aws("prod")), "kubernetes": {"accounts": [apps]}})

        assert outcomes(reported(files, rows))["apps"] == outcome


def test_a_cluster_that_gate_alone_knows_says_which_file_to_ask_for() -> None:
    rows = loaded({**only(aws("a")), "kubernetes": {"accounts": [{"name": "k"}]}})

    report = reported(rows)

    why = reasons(report, "k")
    assert "Ask the people who operate Spinnaker for two files" in why
    assert "create the report again with both" in why
    assert "that Spinnaker itself runs in" not in why


def test_a_gate_that_has_loaded_nothing_leaves_everything() -> None:
    report = reported(spring(only(aws("prod"))), {LOADED: b"[]"})

    assert outcomes(report) == {"prod": "left"}
    assert report.waiting == 1


def test_another_reason_is_not_confirmed_away() -> None:
    files = spring(only(aws("-bad"), aws("prod", OTHER))) | loaded(
        only(aws("prod", OTHER))
    )

    report, after = report_of(read_sources(files)), confirmed("-bad", files=files)

    assert report.waiting == 0
    assert outcomes(after)["-bad"] == "left"


def test_a_name_that_no_source_has_is_refused() -> None:
    files = spring(only(aws("prod"))) | loaded(only(aws("prod")))

    with pytest.raises(NotThere, match=r"can't be confirmed: proud\."):
        confirmed("prod", "proud", files=files)

    assert document(confirmed("prod", files=files))["confirmed"] == []


def test_what_is_passed_to_a_worker_is_judged_the_same() -> None:
    open_ = {"name": "prod", "accountId": "123456789012"}
    read = read_sources(spring(only(open_)) | loaded(only(aws("prod"))))

    assert document(report_of(read_of(passed(read)))) == document(report_of(read))


def test_a_name_that_is_not_loaded_is_in_nobodys_way() -> None:
    files = spring(only(aws("Prod", OTHER, assumeRole="role/x"), aws("prod")))

    report = reported(files, loaded(only(aws("prod"))))

    assert outcomes(report) == {"Prod": "left", "prod": "taken"}


def test_the_text_names_what_waits_and_what_was_confirmed() -> None:
    files = spring(only(aws("a"), aws("b", OTHER))) | loaded(only(aws("a")))

    said, after = (
        text(report_of(read_sources(files))),
        text(confirmed("b", files=files)),
    )

    assert "Of these, 1 waits for you to confirm it: Spinnaker works" in said
    assert "Accounts that wait for you to confirm them\n- b: Spinnaker hasn't" in said
    assert "Confirmed, and taken as the sources have them. Accounts: b." in after
    assert "wait for you" not in after
