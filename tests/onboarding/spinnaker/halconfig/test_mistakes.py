"""What a config that people have used for years may have wrong."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from onboarding.spinnaker.bundle.contents import BundleAccounts, accounts_from
from onboarding.spinnaker.halconfig.merging import Merged, merge
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from tests.bundles import files_of, with_every_provider
from tests.factories import MANAGED_ID

ON = {"enabled": True}
SWITCHES = {"features": {"cloudFormation": ON, "lambda": ON}, "lambda": ON}
OTHER_ID = "000000000008"


def bundled() -> BundleAccounts:
    files = files_of(with_every_provider())
    return accounts_from(files["hal/accounts.yml"]).placed("/srv/bowline")


def merged(accounts: BundleAccounts | None = None, **providers: Any) -> Merged:
    value = {"deploymentConfigurations": [{"name": "default", "providers": providers}]}
    content = yaml.safe_dump(value, sort_keys=False).encode()
    return merge(read_halconfig(content), accounts or bundled())


def staging(**fields: Any) -> dict[str, Any]:
    """Describe in hal's words the account for which the bundle has Lambda."""
    return {"name": "staging", "accountId": MANAGED_ID, **fields}


def aws(*accounts: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"enabled": True, "accounts": [*accounts], **{**SWITCHES, **settings}}


def ecs(**fields: Any) -> dict[str, Any]:
    return {"enabled": True, "accounts": [{"name": "legacy", **fields}]}


@pytest.mark.parametrize("fields", [{}, {"lambdaEnabled": False}])
def test_an_entry_with_lambda_off_is_found_and_switched_on(fields: dict[str, Any]):
    result = merged(aws=aws(staging(**fields)))

    assert result.mistakes == (
        "Lambda is chosen for staging in line 7, and its entry does not say "
        "lambdaEnabled: true, so Spinnaker shows none of its functions. Merging "
        "switches it on.",
    )
    (deployment,) = yaml.safe_load(result.text)["deploymentConfigurations"]
    (account, _) = deployment["providers"]["aws"]["accounts"]
    assert account["lambdaEnabled"] is True


def test_nothing_is_found_where_lambda_is_on():
    assert merged(aws=aws(staging(lambdaEnabled=True))).mistakes == ()


def test_many_entries_with_lambda_off_are_one_finding():
    (one, *_) = (a for a in bundled().aws if a.get("lambdaEnabled"))
    many = [{**one, "name": f"a{n}", "accountId": f"{n:012}"} for n in range(6)]
    held = [{"name": a["name"], "accountId": a["accountId"]} for a in many]

    (found,) = merged(BundleAccounts("", tuple(many)), aws=aws(*held)).mistakes

    assert "chosen for a0 in line 7, a1 in line 9, a2 in line 11 and 3 more" in found
    assert "their entries do not say lambdaEnabled: true" in found


def test_a_name_that_is_another_account_is_not_judged():
    stranger = staging(accountId=OTHER_ID)

    assert merged(aws=aws(stranger)).mistakes == ()


@pytest.mark.parametrize(
    "features", [None, {}, {"cloudFormation": ON, "lambda": {"enabled": False}}]
)
def test_the_switch_of_all_spinnaker_is_found_off(features: Any):
    held = aws(staging(lambdaEnabled=True), features=features, **{"lambda": None})

    assert merged(aws=held).mistakes == (
        "providers.aws.features.lambda.enabled isn't true, so Spinnaker shows no "
        "functions of any account. Merging switches it on, for every account that "
        "says lambdaEnabled: true.",
    )


def test_the_older_switch_alone_is_told_as_what_it_is():
    (found,) = merged(aws=aws(staging(lambdaEnabled=True), features=None)).mistakes

    assert "only the older providers.aws.lambda.enabled lets" in found


def test_an_empty_config_has_nothing_wrong():
    assert merged(aws={"accounts": []}).mistakes == ()


def test_a_bundle_without_lambda_leaves_the_switch_alone():
    plain = BundleAccounts("", ({"name": "core", "accountId": OTHER_ID},))

    assert merged(plain, aws=aws(features=None, **{"lambda": None})).mistakes == ()


@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        ({"awsAccount": "gone"}, "add that account, or delete this one."),
        ({"awsAccount": "staging"}, "Merging adds staging."),
        ({}, "names no AWS account, so Clouddriver doesn't load it."),
        (
            {"awsAccount": "gone", "name": "staging-ecs"},
            "Merging leaves it so, unless the bundle's account takes over.",
        ),
    ],
)
def test_an_ecs_account_without_its_aws_account_is_found(
    account: dict[str, str], sentence: str
):
    (found,) = merged(aws=aws(), ecs=ecs(**account)).mistakes

    assert found.startswith("Line ")
    assert sentence in found


def test_an_ecs_account_that_has_its_aws_account_is_fine():
    held = aws(staging(lambdaEnabled=True))

    assert merged(aws=held, ecs=ecs(awsAccount="staging")).mistakes == ()
