"""A bundle's accounts merged into a halconfig: one, many, and what they carry."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding.spinnaker.bundle.contents import BundleAccounts, accounts_from
from onboarding.spinnaker.halconfig.merged import MOST_LINES, diff, fields
from onboarding.spinnaker.halconfig.merging import (
    ADDED,
    CHANGED,
    SET,
    TAKEN_OVER,
    HalconfigChange,
    Merged,
    merge,
)
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.spinnaker.halconfig.tree import BadHalconfig, node
from tests.bundles import core, files_of, staging, unpacked, with_every_provider
from tests.factories import MANAGED_ID, MANAGING_ID, topology
from tests.growth import assert_it_grows_as_much
from tests.hal import Hal

FOLDER = "/home/spinnaker/bowline"

OTHER_ID = "000000000008"


def bundled(**fields: Any) -> BundleAccounts:
    files = files_of(with_every_provider(**fields))
    return accounts_from(files["hal/accounts.yml"]).placed(FOLDER)


def config(**providers: Any) -> bytes:
    """Write a halconfig of two deployments, the second with these providers."""
    value = {
        "halyardVersion": "1.66.0",
        "currentDeployment": "prod",
        "deploymentConfigurations": [
            {"name": "old", "providers": {"aws": {"accounts": [{"name": "core"}]}}},
            {"name": "prod", "version": "1.34.0", "providers": providers},
        ],
    }
    return yaml.safe_dump(value, sort_keys=False).encode()


def merged(
    accounts: BundleAccounts | None = None,
    take_over: Collection[str] = (),
    **providers: Any,
) -> Merged:
    found = read_halconfig(config(**providers))
    return merge(found, accounts or bundled(), take_over=take_over)


def providers_in(result: Merged) -> dict[str, Any]:
    deployments = yaml.safe_load(result.text)["deploymentConfigurations"]
    found: dict[str, Any] = deployments[1]["providers"]
    return found


def names(result: Merged, provider: str) -> list[str]:
    return [account["name"] for account in providers_in(result)[provider]["accounts"]]


def done(result: Merged) -> list[tuple[str, str, str]]:
    return [(change.provider, change.name, change.done) for change in result.changes]


def test_it_fills_an_empty_config():
    result = merged(aws={"enabled": False, "accounts": []})

    aws = providers_in(result)["aws"]
    assert names(result, "aws") == ["core", "staging"]
    assert (aws["enabled"], aws["primaryAccount"]) == (True, "core")
    assert aws["features"] == {
        "cloudFormation": {"enabled": False},
        "lambda": {"enabled": True},
    }
    assert aws["lambda"] == {"enabled": True}
    assert providers_in(result)["ecs"]["accounts"] == [
        {"name": "staging-ecs", "awsAccount": "staging"}
    ]
    assert result.collisions == ()


@pytest.mark.parametrize(("ours", "theirs"), [("", "staging"), ("staging", "")])
def test_an_environment_that_is_the_name_is_the_same_as_none(ours: str, theirs: str):
    one, other = (
        accounts_from(files_of(topology(staging(environment=it)))["hal/accounts.yml"])
        for it in (theirs, ours)
    )
    held = merged(one)

    again = merged(other, **providers_in(held))

    assert done(again) == [("kubernetes", "staging-apps", CHANGED)]


def test_everything_else_keeps_its_meaning_and_order():
    theirs = {
        "google": {"enabled": True, "accounts": [{"name": "gce", "project": "p"}]},
        "aws": {
            "enabled": True,
            "accounts": [{"name": "mine", "accountId": OTHER_ID, "edda": "e"}],
            "secretAccessKey": "s3cret",
        },
    }
    before = yaml.safe_load(config(**theirs))

    result = merged(**theirs)

    after = yaml.safe_load(result.text)
    assert list(after) == list(before)
    assert after["deploymentConfigurations"][0] == before["deploymentConfigurations"][0]
    assert list(providers_in(result)) == ["google", "aws", "ecs", "kubernetes"]
    assert providers_in(result)["google"] == theirs["google"]
    assert providers_in(result)["aws"]["accounts"][0] == theirs["aws"]["accounts"][0]
    assert providers_in(result)["aws"]["secretAccessKey"] == "s3cret"
    assert names(result, "aws") == ["mine", "core", "staging"]


def test_a_second_merge_changes_nothing():
    first = merged(aws={"accounts": []})

    second = merge(read_halconfig(first.text.encode()), bundled())

    assert second.text == first.text
    assert second.changes == ()


def test_hal_finds_nothing_to_change_after_a_merge(tmp_path: Path):
    hal = Hal(tmp_path)
    bundle = unpacked(with_every_provider(), tmp_path / "bundle")
    text = (bundle / "hal/accounts.yml").read_text()
    accounts = accounts_from(text).placed(str(bundle))
    result = merge(read_halconfig(config()), accounts)
    hal.holds(**providers_in(result))

    applied = hal.run([str(bundle / "hal/apply.sh")])

    assert applied.returncode == 0, applied.stderr
    assert "No changes: hal already" in applied.stderr


def test_an_account_of_ours_is_brought_up_to_date_and_keeps_the_rest():
    held = {
        "name": "staging",
        "accountId": MANAGED_ID,
        "edda": "mine",
        "externalId": "gone by now",
        "permissions": {"READ": ["old"], "EXECUTE": ["runner"]},
        "regions": [{"name": "us-east-1"}],
    }

    result = merged(aws={"accounts": [held]})

    account = providers_in(result)["aws"]["accounts"][0]
    assert account["edda"] == "mine"
    assert account["permissions"] == {"EXECUTE": ["runner"]}
    assert [r["name"] for r in account["regions"]] == ["us-east-1", "us-west-2"]
    assert "externalId" not in account
    change = next(c for c in result.changes if c.name == "staging")
    assert change.done == CHANGED
    assert {"regions", "externalId", "permissions"} <= set(fields(change))


def test_a_list_shows_only_what_is_new_in_it():
    held = {
        "name": "core",
        "accountId": MANAGING_ID,
        "regions": [{"name": "us-east-1"}],
    }

    result = merged(aws={"accounts": [held]})

    (change,) = [one for one in result.changes if one.name == "core"]
    assert " - name: us-east-1" in diff(change)
    assert '+- name: "us-west-2"' in diff(change)


def test_roles_in_another_order_are_the_same():
    accounts = bundled()
    (core, *others) = accounts.aws
    accounts = replace(
        accounts,
        aws=({**core, "permissions": {"READ": ["b", "a"]}}, *others),
        primary="",
    )
    held = {**core, "permissions": {"READ": ["a", "b"], "WRITE": []}}

    result = merged(accounts, aws={"enabled": True, "accounts": [held]})

    assert ("aws", "core", CHANGED) not in done(result)


def test_an_id_that_hal_read_as_octal_is_ours_and_mended():
    accounts = bundled()
    octal = "012345670123"
    accounts = replace(accounts, aws=({**accounts.aws[0], "accountId": octal},), ecs=())
    held = {**accounts.aws[0], "accountId": int(octal, 8)}

    result = merged(accounts, aws={"accounts": [held]})

    assert providers_in(result)["aws"]["accounts"][0]["accountId"] == octal
    assert f'accountId: "{octal}"' in result.text


def test_a_name_of_another_aws_account_is_asked_and_left_alone():
    held = {"name": "staging", "accountId": OTHER_ID}

    result = merged(aws={"accounts": [held]})

    assert providers_in(result)["aws"]["accounts"][0] == held
    first, second = result.collisions
    assert first.can_be_taken_over
    assert f"hal's staging is AWS account {OTHER_ID}, not {MANAGED_ID}" in first.reason
    assert (second.name, second.can_be_taken_over) == ("staging-ecs", False)
    assert "ecs" not in {change.provider for change in result.changes}


def test_a_name_is_taken_over_when_a_person_says_so():
    held = {"name": "staging", "accountId": OTHER_ID, "edda": "theirs"}
    other = {"name": "other", "accountId": "1"}

    result = merged(aws={"accounts": [held, other]}, take_over={"staging"})

    assert names(result, "aws") == ["staging", "other", "core"]
    assert providers_in(result)["aws"]["accounts"][0]["accountId"] == MANAGED_ID
    assert "edda" not in providers_in(result)["aws"]["accounts"][0]
    assert ("aws", "staging", TAKEN_OVER) in done(result)
    assert [one.is_taken_over for one in result.collisions] == [True]


def test_a_name_in_another_provider_is_never_taken_over():
    theirs = {"accounts": [{"name": "staging", "address": "index.docker.io"}]}

    result = merged(dockerRegistry=theirs, take_over={"staging"})

    assert result.collisions[0].name == "staging"
    assert not result.collisions[0].can_be_taken_over
    assert names(result, "aws") == ["core"]


def test_a_second_ecs_account_of_one_aws_account_is_asked():
    aws = {"accounts": [{"name": "staging", "accountId": MANAGED_ID}]}
    ecs = {"accounts": [{"name": "legacy", "awsAccount": "staging"}]}

    asked = merged(aws=aws, ecs=ecs)
    taken = merged(aws=aws, ecs=ecs, take_over={"staging-ecs"})

    assert [collision.name for collision in asked.collisions] == ["staging-ecs"]
    assert "Clouddriver sees only one of them" in asked.collisions[0].reason
    assert names(asked, "ecs") == ["legacy"]
    assert names(taken, "ecs") == ["staging-ecs"]


@pytest.mark.parametrize(
    ("theirs", "is_asked"),
    [("/elsewhere/kubeconfig", True), ("/old/kubernetes/{}/kubeconfig.yml", False)],
)
def test_a_cluster_is_known_by_its_kubeconfig(theirs: str, is_asked: bool):
    (cluster,) = bundled().kubernetes
    held = {"name": cluster["name"], "kubeconfigFile": theirs.format(cluster["name"])}

    result = merged(kubernetes={"accounts": [held]})

    assert bool(result.collisions) is is_asked
    file = providers_in(result)["kubernetes"]["accounts"][0]["kubeconfigFile"]
    assert file.startswith(FOLDER) is not is_asked


def test_an_ecs_account_of_another_aws_account_is_asked():
    ecs = {"accounts": [{"name": "staging-ecs", "awsAccount": "other"}]}

    (collision,) = merged(ecs=ecs).collisions

    assert "hal's staging-ecs belongs to other, not staging" in collision.reason


def test_their_primary_account_stays_and_is_told():
    mine = {"name": "mine", "accountId": OTHER_ID}

    result = merged(aws={"accounts": [mine], "primaryAccount": "mine"})

    assert providers_in(result)["aws"]["primaryAccount"] == "mine"
    assert any("stays mine. Set primaryAccount to core" in n for n in result.notes)


@pytest.mark.parametrize("aws", [[], [{"name": "mine", "accountId": OTHER_ID}]])
def test_a_primary_account_that_is_left_out_is_neither_set_nor_suggested(aws: Any):
    theirs = {"accounts": [{"name": "core", "project": "p"}]}

    result = merged(google=theirs, aws={"accounts": aws})

    assert "primaryAccount" not in providers_in(result)["aws"]
    assert result.notes == ()


def test_a_broken_features_block_is_completed():
    result = merged(aws={"accounts": [], "features": {"lambda": {"enabled": True}}})

    features = providers_in(result)["aws"]["features"]
    assert features["cloudFormation"] == {"enabled": False}


def test_a_feature_of_theirs_stays_on():
    features = {"cloudFormation": {"enabled": True}, "lambda": {"enabled": False}}

    result = merged(aws={"accounts": [], "features": features})

    assert providers_in(result)["aws"]["features"]["cloudFormation"]["enabled"] is True


def in_gov(**aws: Any) -> Merged:
    """Merge an account of GovCloud into a config whose provider aws says this."""
    files = files_of(topology(core(regions=("us-gov-west-1",)), partition="aws-us-gov"))
    return merged(accounts_from(files["hal/accounts.yml"]), aws=aws)


@pytest.mark.parametrize("theirs", [{}, {"defaultRegions": [{"name": "us-west-2"}]}])
def test_default_regions_of_another_partition_are_replaced(theirs: Any):
    result = in_gov(enabled=True, accounts=[], primaryAccount="core", **theirs)

    aws = providers_in(result)["aws"]
    assert aws["defaultRegions"] == [{"name": "us-gov-west-1"}]
    assert ("aws", "", SET) in done(result)


def test_default_regions_of_the_same_partition_stay():
    gov = in_gov(defaultRegions=[{"name": "us-gov-east-1"}])
    commercial = merged(aws={"defaultRegions": [{"name": "eu-west-1"}]})

    assert providers_in(gov)["aws"]["defaultRegions"] == [{"name": "us-gov-east-1"}]
    assert providers_in(commercial)["aws"]["defaultRegions"] == [{"name": "eu-west-1"}]
    assert "defaultRegions" not in providers_in(merged(aws={}))["aws"]


def test_a_name_that_stands_twice_is_refused_with_both_lines():
    google, aws = ({"accounts": [{"name": "x"}]} for _ in range(2))

    with pytest.raises(BadHalconfig) as refused:
        merged(google=google, aws=aws)

    assert str(refused.value) == (
        "Line 17: A second account is called “x”: the first, of google, is in line 14. "
        "hal rejects that."
    )


def test_an_account_without_a_name_is_refused():
    with pytest.raises(BadHalconfig, match="Line 14: This account of aws has no name"):
        merged(aws={"accounts": [{"accountId": "1"}]})


def test_another_deployment_can_be_named():
    halconfig = read_halconfig(config(aws={"accounts": []}))

    result = merge(halconfig, bundled(), deployment="old")

    old, prod = yaml.safe_load(result.text)["deploymentConfigurations"]
    assert [a["name"] for a in old["providers"]["aws"]["accounts"]] == [
        "core",
        "staging",
    ]
    assert prod["providers"]["aws"]["accounts"] == []


def test_a_deployment_that_is_not_there_is_refused():
    with pytest.raises(BadHalconfig, match=r"“nope” isn't in .* \(old, prod\)"):
        merge(read_halconfig(config()), bundled(), deployment="nope")


def test_an_alias_shared_with_another_deployment_is_not_changed_there():
    text = (
        "currentDeployment: a\ndeploymentConfigurations:\n"
        "- {name: a, providers: &p {aws: {accounts: []}}}\n- {name: b, providers: *p}\n"
    )

    result = merge(read_halconfig(text.encode()), bundled())

    _, other = yaml.safe_load(result.text)["deploymentConfigurations"]
    assert other["providers"] == {"aws": {"accounts": []}}


def test_changes_show_lines_and_mask_secrets():
    held = {"name": "staging", "accountId": MANAGED_ID, "sessionName": "mine"}
    result = merged(aws={"accounts": [held], "secretAccessKey": "s3cret"})

    change = next(c for c in result.changes if c.name == "staging")
    settings = next(c for c in result.changes if (c.name, c.provider) == ("", "aws"))

    assert " sessionName: 'mine'" not in diff(change)
    assert " name: staging" in diff(change)
    assert '+assumeRole: "role/spinnakerManaged"' in diff(change)
    assert settings.done == SET
    assert "+enabled: true" in diff(settings)
    added = next(c for c in result.changes if c.name == "core")
    assert added.done == ADDED
    assert {line[0] for line in diff(added)} == {"@", "+"}
    assert f'+accountId: "{MANAGING_ID}"' in diff(added)


def long_change(lines: int) -> HalconfigChange:
    """Give a list one more item than that makes this many lines, and another end."""
    names = [f"us-{number}" for number in range(lines - 2)]
    before, after = (
        node({"name": "core", "regions": [*names, end]}) for end in ("old", "new")
    )
    return HalconfigChange("aws", "core", CHANGED, before, after)


def test_a_long_account_is_compared_by_lines():
    lines = diff(long_change(MOST_LINES - 1))

    assert lines[-2:] == ['-- "old"', '+- "new"']


def test_a_longer_account_says_how_many_lines_differ():
    assert diff(long_change(MOST_LINES)) == [
        "2 lines differ. Accounts of over 2,000 lines aren't compared line by line."
    ]


def test_a_bundle_of_one_provider_leaves_the_others_alone():
    accounts = replace(bundled(), ecs=(), kubernetes=())

    assert list(providers_in(merged(accounts))) == ["aws"]


def test_a_provider_that_says_null_is_filled():
    assert names(merged(aws=None), "aws") == ["core", "staging"]


def many(number: int) -> BundleAccounts:
    (one, *_) = bundled().aws
    one = {**one, "permissions": {"READ": ["developers"], "WRITE": ["operators"]}}
    aws = tuple(
        {**one, "name": f"a{n}", "accountId": f"{n:012}"} for n in range(number)
    )
    ecs = tuple({"name": f"{a['name']}-ecs", "awsAccount": a["name"]} for a in aws)
    return BundleAccounts("a0", aws, ecs)


def test_twice_as_many_accounts_take_twice_the_work():
    """Half of them are there already."""
    bundles = {number: many(number) for number in (50, 100, 200)}
    held = {n: merged(bundles[n // 2]).text.encode() for n in (100, 200)}

    assert_it_grows_as_much(
        lambda n: merge(read_halconfig(held[n]), bundles[n]), at=100
    )


def test_every_account_is_one_change_and_each_provider_one():
    assert len(merged(many(100)).changes) == 202


def test_a_file_longer_than_halyard_reads_is_told():
    long = config(google={"project": "x"}).replace(b": x", b": " + b"x" * 3_145_728)

    notes = merge(read_halconfig(long), bundled()).notes

    assert any("3,145,728" in note for note in notes)


NAMES, IDS = "abcd", ("000000000001", "000000000002")

aws_of = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(IDS))


@settings(max_examples=50)
@given(aws_of, aws_of, st.sets(st.sampled_from(NAMES)))
def test_a_merge_is_what_a_dict_of_the_accounts_says(ours, theirs, google) -> None:
    """Names to ids of AWS accounts; names that Google's accounts have are taken."""
    theirs = {name: id_ for name, id_ in theirs.items() if name not in google}
    held = [{"name": n, "accountId": i, "edda": "e"} for n, i in theirs.items()]
    new = tuple(
        {"name": n, "accountId": i, "assumeRole": "role/m"} for n, i in ours.items()
    )
    projects = [{"name": name, "project": "p"} for name in sorted(google)]
    accounts = BundleAccounts("", new)

    result = merged(accounts, google={"accounts": projects}, aws={"accounts": held})

    put = {
        one["name"]: one
        for one in new
        if one["name"] not in google
        and theirs.get(one["name"], one["accountId"]) == one["accountId"]
    }
    expected = [{**one, **put.pop(one["name"], {})} for one in held]
    found = providers_in(result)
    assert found["aws"]["accounts"] == [*expected, *put.values()]
    assert found["google"] == {"accounts": projects}
    again = merge(read_halconfig(result.text.encode()), accounts)
    assert (again.text, again.changes) == (result.text, ())


CARRIED: dict[str, Any] = {
    "aws": {"edda": "https://edda", "permissions": {"EXECUTE": ["sre"]}},
    "kubernetes": {
        "staging-apps": {"checkPermissionsOnStartup": False, "kinds": ["a"]}
    },
}


def carrier() -> BundleAccounts:
    files = files_of(topology(core(), staging(carried=CARRIED)))
    return accounts_from(files["hal/accounts.yml"]).placed(FOLDER)


def test_carried_fields_are_written_and_those_of_the_config_stay():
    (bundled_cluster,) = (dict(one) for one in carrier().kubernetes)
    cluster = {
        key: value
        for key, value in bundled_cluster.items()
        if key not in ("kinds", "checkPermissionsOnStartup")
    }
    account = {
        "name": "staging",
        "accountId": MANAGED_ID,
        "discovery": "theirs",
        "permissions": {"EXECUTE": ["old"], "CREATE": ["theirs"]},
    }

    result = merged(
        carrier(),
        aws={"accounts": [account]},
        kubernetes={"enabled": True, "accounts": [{**cluster, "omitKinds": ["b"]}]},
    )

    staging_ = providers_in(result)["aws"]["accounts"][0]
    assert (staging_["edda"], staging_["discovery"]) == ("https://edda", "theirs")
    assert staging_["permissions"] == {"EXECUTE": ["sre"], "CREATE": ["theirs"]}
    apps = providers_in(result)["kubernetes"]["accounts"][0]
    assert apps["checkPermissionsOnStartup"] is False
    assert (apps["kinds"], apps["omitKinds"]) == (["a"], ["b"])
    assert merge(read_halconfig(result.text.encode()), carrier()).changes == ()
