"""A value is dropped only where Clouddriver has the same without it: what is carried
comes out of bundles and deliveries as it came in.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from onboarding.delivery.bodies import bodies, comparable, differing
from onboarding.delivery.loading import filled_in
from onboarding.spinnaker.entries import entries
from tests.bundles import files_of
from tests.onboarding.adopting.documents import (
    Providers,
    aws,
    halconfig,
    loaded,
    outcomes,
    reasons,
    reported,
    service,
    spring,
    stored,
)
from tests.onboarding.adopting.test_carried import cluster, taken

FALSY: dict[str, Any] = {
    "accountType": "",
    "bastionEnabled": False,
    "bastionHost": "",
    "defaultSecurityGroups": [],
    "discovery": "",
    "discoveryEnabled": False,
    "edda": "",
    "eddaEnabled": False,
    "front50": "",
    "front50Enabled": False,
    "lifecycleHooks": [],
}
"""What keeps a default of the provider away, or switches off what is there."""
KNOWN_TO_HAL = ("discovery", "edda", "lifecycleHooks")
SPRING_FILES = (
    "clouddriver/clouddriver-local.yml",
    "kustomize/clouddriver-local.yml",
)
SAME_AS_NONE: dict[str, Any] = {
    "allowPrivateThirdPartyImages": False,
    "enabled": True,
    "lambdaEnabled": False,
    "permissions": {},
    "requiredGroupMembership": [],
    "sessionName": "Spinnaker",
}


def of_aws(*accounts: dict[str, Any], **settings: Any) -> Providers:
    return {"aws": {"enabled": True, **settings, "accounts": [*accounts]}}


def carried(providers: Providers, files: Any = spring) -> dict[str, Any]:
    (written,) = reported(files(providers)).judgement.written
    return dict(written.get("carried", {}))


def accounts_in(text: str, *path: str) -> list[dict[str, Any]]:
    """Return what a file says of accounts, at the end of a path of keys."""
    found = yaml.safe_load(text)
    for key in path:
        found = found[key]
    return list(found["accounts"])


@pytest.mark.parametrize("name", FALSY)
@pytest.mark.parametrize("files", [spring, stored])
def test_a_falsy_value_that_says_something_comes_out_as_it_came_in(
    name: str, files: Any
) -> None:
    value = FALSY[name]
    report = reported(files(of_aws(aws("prod", **{name: value}))))

    assert outcomes(report) == {"prod": "taken"}
    whole = taken(report)
    texts = files_of(whole)
    for path in SPRING_FILES:
        (account,) = accounts_in(texts[path], "aws")
        assert (name, account[name]) == (name, value), path
    (body,) = bodies(entries(whole))
    assert json.loads(body.json)[name] == value
    assert name in body.fields


@pytest.mark.parametrize("name", KNOWN_TO_HAL)
@pytest.mark.parametrize("files", [halconfig, service])
def test_hals_config_gets_what_it_can_hold(name: str, files: Any) -> None:
    report = reported(files(of_aws(aws("prod", **{name: FALSY[name]}))))

    texts = files_of(taken(report))
    operator = ("spec", "spinnakerConfig", "config", "providers", "aws")
    (patch,) = accounts_in(texts["operator/spinnakerservice.yml"], *operator)
    hal = yaml.safe_load(texts["hal/accounts.yml"])["aws"][0]
    assert (patch[name], hal[name]) == (FALSY[name], FALSY[name])


def test_what_hal_says_of_every_account_needs_no_option() -> None:
    hooks = reported(halconfig(of_aws(aws("prod", lifecycleHooks=[]))))
    other = reported(halconfig(of_aws(aws("prod", edda=""))))

    assert "lifecycleHooks" not in files_of(taken(hooks))["README.md"]
    assert "edda" in files_of(taken(other))["README.md"]


def test_what_clouddriver_makes_of_none_is_dropped() -> None:
    (account,) = reported(
        spring(of_aws(aws("prod", **SAME_AS_NONE)))
    ).spinnaker.accounts

    assert not account.values.keys() & SAME_AS_NONE.keys()
    assert carried(of_aws(aws("prod", **SAME_AS_NONE))) == {}


def test_only_spring_reads_null_as_an_empty_text_or_list() -> None:
    nothing = dict.fromkeys(("edda", "lifecycleHooks", "defaultSecurityGroups"))

    assert carried(of_aws(aws("prod", **nothing))) == {
        "aws": {"defaultSecurityGroups": [], "edda": "", "lifecycleHooks": []}
    }
    assert carried(of_aws(aws("prod", **nothing)), halconfig) == {}
    assert carried(of_aws(aws("prod", **nothing)), stored) == {}


def test_a_missing_list_is_the_providers_and_an_empty_one_is_none() -> None:
    hooks = [{"defaultResult": "ABANDON"}]
    settings = {"defaultLifecycleHooks": hooks, "defaultSecurityGroups": ["sg-1"]}

    missing = carried(of_aws(aws("prod"), **settings))
    empty = carried(
        of_aws(aws("prod", lifecycleHooks=[], defaultSecurityGroups=[]), **settings)
    )

    assert missing["aws"] == {
        "defaultSecurityGroups": ["sg-1"],
        "lifecycleHooks": hooks,
    }
    assert empty["aws"] == {"defaultSecurityGroups": [], "lifecycleHooks": []}


@pytest.mark.parametrize("in_profile", [True, False])
def test_the_providers_hooks_never_count_for_what_halyard_writes(
    in_profile: bool,
) -> None:
    hooks = [{"defaultResult": "ABANDON"}]
    accounts = {"accounts": [aws("prod")]} if in_profile else {}
    profile: Providers = {"aws": {"defaultLifecycleHooks": hooks, **accounts}}
    (local,) = spring(profile).values()
    config = halconfig(of_aws(aws("prod")))["config"]
    both = {"config": config, "default/profiles/clouddriver-local.yml": local}
    operator = service(of_aws(aws("prod")), profile)

    for files in (both, operator):
        (written,) = reported(files).judgement.written
        expected = hooks if in_profile else []
        assert written["carried"] == {"aws": {"lifecycleHooks": expected}}


def test_a_region_that_is_not_deprecated_stays_so() -> None:
    regions = [{"name": "us-east-1", "deprecated": False, "preferredZones": []}]

    assert carried(of_aws(aws("prod", regions=regions))) == {
        "aws": {"regions": [{"name": "us-east-1", "deprecated": False}]}
    }


def test_of_what_is_loaded_a_switch_without_an_address_says_nothing() -> None:
    off = {"eddaEnabled": False, "front50Enabled": False, "front50": "https://f"}

    assert carried(of_aws(aws("prod", **off)), loaded) == {
        "aws": {"front50": "https://f", "front50Enabled": False}
    }


@pytest.mark.parametrize("field", ["environment", "defaultKeyPair", "sessionName"])
def test_an_empty_text_that_bowline_cannot_write_leaves_the_account(field: str) -> None:
    report = reported(spring(of_aws(aws("prod", **{field: ""}))))

    assert outcomes(report) == {"prod": "left"}
    assert f"{field}: It is empty, which is another value" in reasons(report, "prod")


def test_a_key_pair_that_is_not_the_template_is_written() -> None:
    template = {"defaultKeyPairTemplate": "corp-{{name}}"}

    for account, key_pair in (
        (aws("prod", defaultKeyPair="prod-keypair"), "prod-keypair"),
        (aws("prod"), "corp-prod"),
    ):
        (written,) = reported(spring(of_aws(account, **template))).judgement.written
        assert written["providers"]["ec2"]["key_pair"] == key_pair


def test_clusters_keep_their_empty_texts() -> None:
    fields = {"accountType": "", "namingStrategy": "", "metrics": False}
    providers = {
        **of_aws(aws("prod")),
        "kubernetes": {
            "accounts": [cluster("apps", kubectlExecutable="", kinds=[], **fields)]
        },
    }

    report = reported(spring(providers))

    assert report.judgement.written[0]["carried"] == {"kubernetes": {"apps": fields}}
    body = next(o for o in bodies(entries(taken(report))) if o.type == "kubernetes")
    assert {"accountType", "namingStrategy", "metrics"} <= body.fields.keys()


@pytest.mark.parametrize(
    ("account", "settings", "naming"),
    [
        ({"namingStrategy": "tags"}, {}, "tags"),
        ({"namingStrategy": "default"}, {}, "default"),
        ({}, {"defaultNamingStrategy": "tags"}, "tags"),
        ({"namingStrategy": " "}, {"defaultNamingStrategy": "tags"}, "tags"),
        ({"namingStrategy": "default"}, {"defaultNamingStrategy": "tags"}, "default"),
    ],
)
def test_an_ecs_account_keeps_its_naming_strategy(
    account: dict[str, Any], settings: dict[str, Any], naming: str
) -> None:
    tasks = {"name": "tasks", "awsAccount": "prod", **account}
    providers = {**of_aws(aws("prod")), "ecs": {**settings, "accounts": [tasks]}}

    whole = taken(reported(spring(providers)))

    texts = files_of(whole)
    for path in SPRING_FILES:
        assert accounts_in(texts[path], "ecs")[0]["namingStrategy"] == naming
    (body,) = (one for one in bodies(entries(whole)) if one.type == "ecs")
    assert body.document["namingStrategy"] == naming


def test_an_empty_list_is_another_value_than_none_to_a_delivery() -> None:
    none, empty = ({"name": "a"}, {"name": "a", "lifecycleHooks": [], "edda": ""})

    fields = differing(comparable("aws", none), comparable("aws", empty))

    assert fields == ("edda", "lifecycleHooks")
    assert filled_in(comparable("aws", none), comparable("aws", empty)) == ()
