"""The other names of an AWS account, from what is said of them to Spinnaker."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.delivery.bodies import bodies, problems
from onboarding.description.other_names import are_other_names, other_names
from onboarding.description.values import value_of
from onboarding.desired import desired
from onboarding.providers.base import spinnaker_names
from onboarding.resources.entry_changes import entry_changes
from onboarding.resources.kinds import KeyGrant
from onboarding.spinnaker.entries import entries, entries_of, entry_documents
from onboarding.topology import Managed, OtherName, Permissions
from tests.bundles import files_of
from tests.factories import managed, provider, topology
from tests.onboarding.aws.field import Field
from tests.onboarding.verify.verified import Verified

EU = OtherName(
    "staging-eu",
    ("eu-west-1",),
    Permissions(("sre",), ("sre",)),
    {"accountType": "main"},
)


def with_names(*names: OtherName, **fields: Any) -> Managed:
    chosen = (provider("ec2"), provider("ecs"), provider("lambda"))
    return managed(*chosen, other_names=names or (EU,), **fields)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({}, "must be a list"),
        ([{"name": f"a{n}"} for n in range(21)], "at most 20 names"),
        (["a"], "a mapping with a name"),
        ([{"regions": ["us-east-1"]}], "a mapping with a name"),
        ([{"name": 1}], "a mapping with a name"),
        ([{"name": "a:b"}], "“a:b” isn't valid"),
        ([{"name": "a", "environment": "x"}], "“environment” is none of name"),
        ([{"name": "a"}, {"name": "A"}], "comes twice"),
        ([{"name": "a", "regions": []}], "at least one Region"),
        ([{"name": "a", "regions": ["us-east-1"] * 2}], "each once"),
        ([{"name": "a", "regions": ["us-east-9"]}], "isn't a Region"),
        ([{"name": "a", "regions": "us-east-1"}], "regions: It must be a list"),
        ([{"name": "a", "regions": ["cn-north-1"]}], "isn't a Region"),
        ([{"name": "a", "permissions": []}], "a mapping of READ and WRITE"),
        ([{"name": "a", "permissions": {"EXECUTE": []}}], "of READ and WRITE"),
        ([{"name": "a", "permissions": {"READ": "x"}}], "READ: It must be a list"),
        ([{"name": "a", "permissions": {"READ": ["a,b"]}}], "isn't valid"),
        ([{"name": "a", "carried": {"ecs": {"x": "y"}}}], "only has fields of aws"),
        ([{"name": "a", "carried": {"aws": {"assumeRole": "x"}}}], "writes assumeRole"),
        ([{"name": "a", "carried": {"aws": {"token": "x"}}}], "keeps no secret"),
    ],
)
def test_what_cannot_be_another_name_is_refused(value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        other_names(value)


@pytest.mark.parametrize(
    "value",
    [
        {},
        ["a"],
        [{}],
        [{"name": 1}],
        [{"name": "a", "regions": "x"}],
        [{"name": "a", "regions": [1]}],
        [{"name": "a", "permissions": []}],
        [{"name": "a", "permissions": {"READ": []}}],
        [{"name": "a", "carried": []}],
    ],
)
def test_what_has_another_shape_is_not_read_back(value: Any) -> None:
    assert not are_other_names(value)


def test_what_is_said_is_read_back() -> None:
    said = other_names([{"name": "a"}, {"name": "b", "permissions": {"READ": ["x"]}}])

    assert said[1]["permissions"] == {"READ": ["x"], "WRITE": []}
    assert are_other_names(said)


def test_what_nothing_is_said_of_is_as_the_account_has_it() -> None:
    account = value_of(
        {
            "name": "a",
            "account_id": "922222222222",
            "regions": ["us-east-1"],
            "write_roles": ["sre"],
            "also_as": [{"name": "b"}, {"name": "c", "permissions": NOBODY}],
        },
        (),
    )

    same, open_to_all = account.other_names
    assert same.regions == ("us-east-1",)
    assert same.permissions == Permissions((), ("sre",))
    assert open_to_all.permissions == Permissions()


NOBODY: dict[str, list[str]] = {"READ": [], "WRITE": []}


def test_spinnaker_has_an_aws_account_for_each_name() -> None:
    whole = topology(with_names(external_id="", session_name="corp"))

    first, other = entries(whole).aws

    assert (first.name, other.name) == ("staging", "staging-eu")
    assert (other.regions, other.permissions) == (EU.regions, EU.permissions)
    assert (first.carried, other.carried) == ({}, {"accountType": "main"})
    for shared in ("account_id", "assume_role", "session_name", "lambda_enabled"):
        assert getattr(first, shared) == getattr(other, shared)
    assert [one.aws_account for one in entries(whole).ecs] == ["staging"]


def test_the_entries_are_planned_and_read_back_name_by_name() -> None:
    alone, both = (
        topology(one) for one in (managed(*with_names().providers), with_names())
    )

    gained = entry_changes(entry_documents(alone), entry_documents(both))
    lost = entry_changes(entry_documents(both), entry_documents(alone))

    assert [(one.verb, one.name) for one in gained] == [("create", "staging-eu")]
    assert [(one.verb, one.name) for one in lost] == [("delete", "staging-eu")]
    assert entries_of(both.managing, [entry_documents(both)]) == entries(both)


def test_a_name_that_opens_to_everyone_is_a_risk() -> None:
    before = topology(with_names())
    after = topology(with_names(OtherName("staging-eu", EU.regions)))

    (change,) = entry_changes(entry_documents(before), entry_documents(after))

    assert any("Everyone in Spinnaker can deploy" in one for one in change.risks)


def test_every_way_to_spinnaker_has_each_name() -> None:
    whole = topology(with_names())

    files = files_of(whole)
    sent = bodies(entries(whole))

    listed = json.loads(files["hal/accounts.yml"])["aws"]
    assert [one["name"] for one in listed] == ["staging", "staging-eu"]
    for path in ("clouddriver/clouddriver-local.yml", "operator/spinnakerservice.yml"):
        assert '"staging-eu"' in files[path]
    assert "account staging-eu 922222222222 " in files["verify.sh"]
    pairs = {one.name: one.document.get("defaultKeyPair") for one in sent}
    assert pairs["staging-eu"] == "staging-eu-keypair"
    assert list(problems(sent)) == []


def test_they_share_what_exists_in_aws() -> None:
    plain = managed(*with_names().providers)

    assert desired(topology(with_names()), with_names()) == (
        desired(topology(plain), plain)
    )


def test_where_any_of_them_works_the_account_does() -> None:
    keys = tuple(
        f"arn:aws:kms:{region}:911111111111:key/{'0' * 8}-0000-0000-0000-{'0' * 12}"
        for region in ("us-east-1", "eu-west-1")
    )
    account = with_names(regions=("us-east-1",))
    whole = topology(account, bakes=True, image_keys=keys)

    granted = {
        one.region for one in desired(whole, account) if isinstance(one, KeyGrant)
    }

    assert account.regions_of_all == ("us-east-1", "eu-west-1")
    assert granted == {"us-east-1", "eu-west-1"}


def test_a_verification_reads_where_any_of_them_works(field: Field) -> None:
    account = field.managed(other_names=(EU,))
    made = Verified(field, field.managing(), account).stand()

    read = {one.name for one in made.results()}

    assert "List subnets in eu-west-1" in read
    assert "Look up zones in eu-west-1 as Spinnaker's identity" in read


def test_all_names_are_names_in_spinnaker() -> None:
    assert spinnaker_names(with_names()) == ("staging", "staging-eu", "staging-ecs")


@pytest.mark.parametrize("name", ["staging", "Other", "other-ecs"])
def test_a_file_has_each_name_once(name: str) -> None:
    text = f"""\
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  also_as: [{{name: {name}}}]
  providers: {{ec2: {{}}}}
- name: other
  account_id: "933333333333"
  regions: [us-east-1]
  providers: {{ecs: {{}}}}
"""
    with pytest.raises(FileProblems, match="is taken by line 2 already"):
        read_accounts_file(text.encode())


def test_an_account_of_clusters_has_no_other_names() -> None:
    text = b"""\
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  also_as: [{name: other}]
  providers: {eks: {clusters: [{name: apps, region: us-east-1, namespaces: []}]}}
"""
    with pytest.raises(FileProblems, match="5: Only an account with EC2, ECS or"):
        read_accounts_file(text)
