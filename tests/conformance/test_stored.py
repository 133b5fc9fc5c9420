"""Accounts sent to a running Spinnaker, judged by the classes with which Clouddriver
takes, keeps and loads them: release 5.90.0, the last on Maven Central.

Of `ecs` and `kubernetes` accounts nothing is judged here: their classes are in no
released jar. Nor are the SQL of the table, Gate itself, `sessionDurationSeconds`, which
is newer, and the controller that adds the type to what a loaded account shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import yaml

from onboarding.delivery.bodies import Body, bodies, comparable, problems
from onboarding.delivery.loading import filled_in, loaded_otherwise
from onboarding.partitions import PARTITIONS
from onboarding.providers.ec2 import Ec2
from onboarding.spinnaker.entries import entries
from onboarding.topology import Managed, Permissions, Topology
from tests.bundles import clouddriver_once, core
from tests.conformance.clouddriver import Answer, Clouddriver
from tests.conformance.expected import (
    KINDS,
    Stock,
    account_as,
    accounts_with,
    by_each_name,
)
from tests.conformance.test_installations import with_kustomize
from tests.factories import managed, provider, topology
from tests.onboarding.delivery.accounts import aws_entry, wanted
from tests.onboarding.delivery.strict_gate import StrictGate

LOCAL = clouddriver_once(topology())
"""The operator's file."""


def aws_bodies(bundled: Topology) -> tuple[Body, ...]:
    made = bodies(entries(bundled))
    unsendable = dict(problems(made))
    return tuple(
        one for one in made if one.type == "aws" and one.name not in unsendable
    )


def store(
    judge: Clouddriver, sent: Iterable[Body], local: str = LOCAL, **more: Any
) -> Answer:
    return judge.store((one.document for one in sent), local=local, **more)


def prod(**fields: Any) -> dict[str, Any]:
    (body,) = wanted(aws_entry(external_id="x-1"))
    return {**body.document, **fields}


def without(document: Mapping[str, Any], field: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != field}


def with_defaults(**defaults: Any) -> str:
    """Write the operator's file for a server that has these `aws.default…` as well."""
    known = yaml.safe_load(LOCAL)
    return yaml.safe_dump({**known, "aws": {**known["aws"], **defaults}})


# What Bowline sends


SHAPES = {
    **{kind: made for kind, made in KINDS.items() if aws_bodies(made)},
    "external IDs": accounts_with(
        "external_id", ("0", "007", "1e5", "a/b", "=", "yes")
    ),
    "IDs with zeros": topology(
        managed(provider("ec2"), name="a", account_id="012345670123"),
        managed(provider("ec2"), name="b", account_id="000000000000"),
    ),
    "several regions": topology(
        managed(provider("ec2"), regions=("us-west-2", "eu-west-1", "ap-south-1"))
    ),
    "roles of Fiat": topology(
        managed(provider("ec2"), permissions=Permissions(("Ops Team", " A "), ("b",)))
    ),
}


def from_templates(account: Managed) -> bool:
    return all(
        one.launch_templates for one in account.providers if isinstance(one, Ec2)
    )


@pytest.mark.smoke
@pytest.mark.parametrize("shape", SHAPES)
def test_clouddriver_stores_and_loads_what_the_topology_says(
    judge: Clouddriver, shape: str
):
    bundled = SHAPES[shape]
    sent = aws_bodies(bundled)

    answer = store(judge, sent, clouddriver_once(bundled))

    assert not answer.failure
    for body, saved in zip(sent, answer.saved, strict=True):
        assert saved["account"].keys() >= body.document.keys()
        assert comparable("aws", saved["account"]) == body.fields
        assert loaded_otherwise(body, answer.shown[body.name]) == ()
    assert {one["name"]: one for one in answer.accounts} == {
        one.name: account_as(bundled, one, Stock("{}-keypair"))
        # The table sorts regions. Who is not known yet launches from templates.
        | {"regions": sorted(one.regions), "launchTemplates": from_templates(account)}
        for account in bundled.managed
        for one in by_each_name(account)
        if one.name in {body.name for body in sent}
    }


@pytest.mark.smoke
@pytest.mark.parametrize("shape", SHAPES)
def test_the_reload_trap_the_second_load_changes_nothing(
    judge: Clouddriver, shape: str
):
    bundled = SHAPES[shape]
    sent = aws_bodies(bundled)

    answer = store(judge, sent, clouddriver_once(bundled))

    assert answer.loads == (sorted(f"added {body.name}" for body in sent), [])


FILLED_IN = (
    *("environment", "accountType", "enabled", "regions", "assumeRole"),
    *("sessionName", "defaultKeyPair"),
)
"""What the stock file and the operator's have a default for."""


@pytest.mark.parametrize("field", FILLED_IN)
def test_the_reload_trap_a_field_that_is_left_out_reloads_at_each_poll(
    judge: Clouddriver, field: str
):
    answer = judge.store([without(prod(), field)], local=LOCAL)

    assert answer.loads == (["added prod"], ["updated prod"])
    # Of a session's name nothing can be seen: without a default it is the same.
    assert seen_to_reload(answer) == tuple({field} - {"sessionName"})


def seen_to_reload(answer: Answer) -> tuple[str, ...]:
    (saved,) = answer.saved
    stored = comparable("aws", saved["account"])
    return filled_in(stored, comparable("aws", answer.shown["prod"]))


def test_groups_as_they_are_written_cause_no_reload(judge: Clouddriver):
    groups = {"READ": ["Team A"], "EXECUTE": ["Ops"], "WRITE": ["team"]}

    answer = judge.store([prod(permissions=groups)], local=LOCAL)

    assert answer.loads == (["added prod"], [])


@pytest.mark.parametrize("field", ["lambdaEnabled", "permissions", "externalId"])
def test_what_is_left_out_and_not_filled_in_is_not_seen_to_reload(
    judge: Clouddriver, field: str
):
    answer = judge.store([without(prod(), field)], local=LOCAL)

    assert answer.loads == (["added prod"], [])
    assert seen_to_reload(answer) == ()


HOOK = {
    "name": "hook",
    "roleARN": "arn:aws:iam::012345678901:role/hooks",
    "notificationTargetARN": "arn:aws:sns:eu-west-1:012345678901:hooks",
    "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    "heartbeatTimeout": 3600,
    "defaultResult": "CONTINUE",
}
SERVERS = {
    "bastionHost": ("defaultBastionHostTemplate", "bastion.example.com"),
    "defaultSecurityGroups": ("defaultSecurityGroups", ["default"]),
    "discovery": ("defaultDiscoveryTemplate", "https://discovery.example.com"),
    "edda": ("defaultEddaTemplate", "https://edda.example.com"),
    "front50": ("defaultFront50Template", "https://front50.example.com"),
    "lifecycleHooks": ("defaultLifecycleHooks", [HOOK]),
}
"""By field: what a server may have as its default, and under which name."""


@pytest.mark.parametrize("field", SERVERS)
def test_the_reload_trap_what_the_server_has_as_default_is_seen_to_reload(
    judge: Clouddriver, field: str
):
    name, value = SERVERS[field]
    local = with_defaults(**{name: value})

    churning = store(judge, wanted(aws_entry()), local)

    assert churning.loads == (["added prod"], ["updated prod"])
    assert seen_to_reload(churning) == (field,)


def test_the_reload_trap_a_file_with_all_defaults_does_not_suffer(judge: Clouddriver):
    known = yaml.safe_load(LOCAL)
    bare = {"name": "filed", "accountId": "012345678901"}
    known["aws"]["accounts"] = [bare]

    answer = judge.store([], local=yaml.safe_dump(known))

    assert answer.loads == (["added filed"], [])


def test_stored_comes_before_a_files_account_of_the_same_name(judge: Clouddriver):
    known = yaml.safe_load(LOCAL)
    filed = {"name": "prod", "accountId": "999999999999"}
    known["aws"]["accounts"] = [filed]

    answer = judge.store([prod()], local=yaml.safe_dump(known))

    assert answer.account("prod")["accountId"] == "012345678901"
    assert answer.loads == (["added prod"], [])


# What Clouddriver puts something else in place of, and Bowline therefore never sends


def is_refused(**fields: str) -> bool:
    return bool([*problems([Body("aws", "prod", prod(**fields))])])


@pytest.mark.parametrize(
    "reference",
    ["secret://secrets-manager?r=eu-west-1&s=db&k=key", "encrypted:s3!b:bucket!f:file"],
)
@pytest.mark.parametrize("field", ["environment", "externalId", "defaultKeyPair"])
def test_clouddriver_reads_a_secret_wherever_a_text_refers_to_one(
    judge: Clouddriver, field: str, reference: str
):
    answer = judge.store([prod(**{field: reference})], local=LOCAL)

    # It knows no engine here; otherwise it would show what the secret holds.
    assert "engine" in answer.failure.lower()
    assert is_refused(**{field: reference})


def test_clouddriver_replaces_a_template_and_reloads_at_each_poll(judge: Clouddriver):
    key_pair = "{{name}}-keys"

    answer = judge.store([prod(defaultKeyPair=key_pair)], local=LOCAL)

    assert answer.account("prod")["keyPair"] == "prod-keys"
    assert answer.loads[1] == ["updated prod"]
    assert is_refused(defaultKeyPair=key_pair)


def test_clouddriver_takes_a_role_by_its_name_for_one_of_china(judge: Clouddriver):
    role = "role/of-aws-cn"

    answer = judge.store([prod(assumeRole=role)], local=LOCAL)

    assert answer.account("prod")["sts"] == "sts.cn-north-1.amazonaws.com.cn"
    assert is_refused(assumeRole=role)


# The operator's file


def test_the_operators_file_switches_storage_and_polling_on(judge: Clouddriver):
    answer = judge.read(clouddriver_once(topology(), period=20))

    assert answer.storage
    assert answer.polls == dict.fromkeys(("aws", "ecs", "kubernetes"), 20_000)
    assert answer.enabled
    assert (answer.failure, answer.ignored, answer.accounts) == ("", (), [])


@pytest.mark.parametrize(
    "key",
    ["storage", "poller", "types", "reloadFrequencyMs", "defaultAssumeRole"],
)
def test_a_key_that_clouddriver_ignores_would_be_noticed(judge: Clouddriver, key: str):
    assert f"{key}:" in LOCAL

    right, wrong = judge.read(LOCAL), judge.read(LOCAL.replace(f"{key}:", f"{key}x:"))

    assert replaced(wrong) != replaced(right)


def replaced(answer: Answer) -> tuple[Any, ...]:
    return answer.storage, answer.polls, answer.ignored, answer.names


def test_without_the_operators_role_accounts_assume_none(judge: Clouddriver):
    answer = judge.store([prod()], local="aws: {enabled: true}\n")

    assert answer.names == {"default", "prod"}
    assert "role" not in answer.account("prod")
    assert "assumeRole" not in answer.shown["prod"]


LISTS = re.compile(r"^  # (?=accounts:|defaultRegions:|  - )", re.MULTILINE)


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
def test_where_no_file_has_the_lists_they_are_needed(
    judge: Clouddriver, partition: str
):
    local = clouddriver_once(topology(partition=partition))
    one = prod(regions=[{"name": PARTITIONS[partition].home_region}])
    sent = json.dumps({"bodies": [one], "roles": None})
    files = {**with_kustomize(topology(core())), "stored.json": sent}
    ours = "bowline/clouddriver-local.yml"

    without_lists = judge.read_files({**files, ours: local})
    with_lists = judge.read_files({**files, ours: LISTS.sub("  ", local)})

    assert without_lists.failure
    assert with_lists.loads == (["added prod"], [])


# The robot's rights


def test_a_manager_may_save_with_his_role_in_lower_case_only(judge: Clouddriver):
    (sent,) = wanted(aws_entry(permissions=Permissions(("Team",), ("Team",))))
    loud = {**sent.document, "permissions": {"WRITE": ["Team"]}}

    saved, refused = judge.store(
        [sent.document, loud], local=LOCAL, roles=["team"]
    ).saved

    assert "account" in saved
    assert "without granting permissions for current user" in refused["refusal"]


def test_a_manager_may_save_an_account_that_is_open_to_all(judge: Clouddriver):
    (sent,) = wanted(aws_entry(permissions=Permissions()))
    silent = without(sent.document, "permissions")

    saved, failed = judge.store(
        [sent.document, silent], local=LOCAL, roles=["team"]
    ).saved

    assert "account" in saved
    assert 'getPermissions()" is null' in failed["refusal"]


# The strict Gate of the other tests answers as these classes do


SENT = {
    "as Bowline sends it": prod(),
    "without a type": without(prod(), "type"),
    "with the type of the documentation": {**without(prod(), "type"), "@type": "aws"},
    "with another spelling of the type": prod(type="AWS"),
    "with an unknown type": prod(type="amazon"),
    "without a name": without(prod(), "name"),
    "with regions as texts": prod(regions=["eu-west-1"]),
    "without regions": prod(regions=[]),
    "with a verb in lower case": prod(permissions={"read": ["team"]}),
    "with an unknown verb": prod(permissions={"SEE": ["team"]}),
    "with a role that is no list": prod(permissions={"READ": "team"}),
    "with permissions as a list": prod(permissions=["team"]),
    "with a switch that is a word": prod(lambdaEnabled="maybe"),
    "with an account ID of any form": prod(accountId="0123-4567"),
    "with an empty external ID": prod(externalId=""),
    "with unknown keys": prod(primaryAccount=True, providerVersion="V1"),
    "with nulls": prod(externalId=None, sessionName=None),
}


@pytest.mark.smoke
@pytest.mark.parametrize("how", SENT)
def test_the_strict_gate_accepts_what_clouddriver_accepts(judge: Clouddriver, how: str):
    (real,) = judge.store([SENT[how]], local=LOCAL).saved
    strict = StrictGate()

    status = strict.put(SENT[how]).status

    assert ("account" in real) == (status == 200)
    if status == 200:
        kept = strict.stored["prod"]
        assert comparable("aws", kept) == comparable("aws", real["account"])


@pytest.mark.parametrize("field", sorted(prod().keys() - {"type", "name"}))
def test_the_strict_gate_reloads_what_clouddriver_reloads(
    judge: Clouddriver, field: str
):
    sent = without(prod(), field)
    strict = StrictGate(defaults={"sessionName": "Spinnaker"})
    strict.stored["prod"] = sent

    loads = judge.store([sent], local=LOCAL).loads
    for _ in range(2):
        strict.load("aws")

    assert (strict.reloads["prod"] > 0) == ("updated prod" in loads[1])
