"""What Bowline carries of an account: what it refuses, and where it is written back."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
import yaml

from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.carried.fields import (
    DEEPEST,
    LONGEST,
    OWNED,
    are_carried,
    carried,
    carried_lines,
    carrying,
)
from onboarding.carried.table import SENDABLE, SENT
from onboarding.delivery.bodies import comparable, problems
from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, KubernetesEntry
from onboarding.spinnaker.bundle.formats import spring
from onboarding.spinnaker.entries import (
    entries,
    entries_of,
    entry_documents,
    refuse_misread,
)
from onboarding.spinnaker.services.places import Place
from onboarding.topology import Permissions, Topology
from tests.bundles import staging
from tests.factories import topology
from tests.onboarding.delivery.accounts import (
    aws_entry,
    cluster_entry,
    ecs_entry,
    wanted,
)

HOOK = {"heartbeatTimeout": 120, "roleARN": "arn:aws:iam::123456789012:role/hook"}
CARRIED: dict[str, Any] = {
    "aws": {
        "accountType": "main",
        "lifecycleHooks": [HOOK],
        "permissions": {"EXECUTE": ["SRE"]},
        "regions": [{"name": "us-west-2", "preferredZones": ["us-west-2b"]}],
    },
    "ecs": {"namingStrategy": "tags"},
    "kubernetes": {"staging-apps": {"kinds": ["deployment"], "metrics": False}},
}


def carrier() -> Topology:
    """Describe an account of each kind, one cluster of which has fields of its own."""
    plain = topology(staging())
    (cluster, *_) = entries(plain).kubernetes
    kept = {
        **CARRIED,
        "kubernetes": {cluster.name: CARRIED["kubernetes"]["staging-apps"]},
    }
    return topology(staging(carried=carried(kept)))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "a mapping of aws, ecs, kubernetes"),
        ({"gce": {}}, "none of aws, ecs, kubernetes"),
        ({"aws": []}, "aws must be a mapping"),
        ({"kubernetes": {"x": "y"}}, "kubernetes, x must be a mapping"),
        ({"aws": {"assume-role": "role/x"}}, "Bowline writes assumeRole itself"),
        ({"aws": {"Permissions": {}}}, "Bowline writes permissions itself"),
        ({"ecs": {"aws_account": "x"}}, "Bowline writes awsAccount itself"),
        ({"kubernetes": {"x": {"KUBECONFIGFILE": "/x"}}}, "writes kubeconfigFile"),
        ({"aws": {"edda": "a", "EDDA": "b"}}, "in two spellings"),
        ({"aws": {"x": {"a-b": 1, "aB": 2}}}, "in two spellings"),
        ({"aws": {"regions[0].name": "x"}}, "letters, digits"),
        ({"aws": {"x": {"a.b": 1}}}, "letters, digits"),
        ({"aws": {"permissions": {"WRITE": []}}}, "Only CREATE and EXECUTE"),
        ({"aws": {"permissions": {"EXECUTE": "x"}}}, "a list of groups"),
        ({"aws": {"permissions": {"EXECUTE": ["a,b"]}}}, "isn't valid"),
        ({"aws": {"regions": ["us-east-1"]}}, "each with a name"),
        ({"aws": {"regions": [{"name": "x"}, {"name": "x"}]}}, "comes twice"),
        ({"aws": {"regions": [{"name": "x", "NAME": "y"}]}}, "in two spellings"),
        ({"aws": {"apiToken": "x"}}, "keeps no secret"),
        ({"aws": {"edda": "https://a:b@c"}}, "keeps no secret"),
        ({"aws": {"x": [{"name": "A", "value": "b"}]}}, "keeps no secret"),
        ({"aws": {"edda": "${EDDA}"}}, "put something else in its place"),
        ({"aws": {"edda": "encrypted:x"}}, "put something else in its place"),
        ({"aws": {"edda": "a\u202eb"}}, "invisible characters"),
        ({"aws": {"edda": "a" * 2_049}}, "longer than 2,048"),
        ({"aws": {"x": 1.5}}, "a whole number"),
        ({"aws": {"x": [None]}}, "a whole number"),
        ({"aws": {"x": 2**53 + 1}}, "a whole number"),
        ({"aws": {"x": [[[[[[["deep"]]]]]]]}}, f"deeper than {DEEPEST}"),
        ({"aws": {f"x{n}": "y" * 2_000 for n in range(17)}}, f"{LONGEST:,} characters"),
    ],
)
def test_what_must_not_be_carried_is_refused(said: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("[", r"\[")):
        carried(said)


def test_what_says_nothing_is_dropped_and_an_empty_list_is_not() -> None:
    said = {
        "ecs": {},
        "kubernetes": {"x": {}},
        "aws": {"lifecycleHooks": [], "edda": None, "permissions": {"EXECUTE": []}},
    }

    assert carried(said) == {"aws": {"lifecycleHooks": []}}


def test_a_file_keeps_whole_numbers_and_texts_that_look_like_them() -> None:
    text = (
        "accounts: [{name: a, account_id: '123456789012', regions: [us-east-1], "
        "providers: {ec2: {}}, carried: {aws: {a: 900, b: '900', c: 010, d: on, e: 1.5"
        ", f: -1}}}]"
    )

    (account,) = read_accounts_file(text.encode()).accounts

    said = account.managed.carried["aws"]
    assert said == {"a": 900, "b": "900", "c": "010", "d": True, "e": "1.5", "f": -1}


def test_a_file_says_where_it_carries_what_it_must_not() -> None:
    text = (
        "accounts:\n- {name: a, account_id: '123456789012', regions: [us-east-1], "
        "providers: {ec2: {}},\n   carried: {aws: {name: b}}}"
    )

    with pytest.raises(FileProblems) as refused:
        read_accounts_file(text.encode())

    (problem,) = refused.value.problems
    assert problem.line == 3
    assert problem.message == "carried: aws, name: Bowline writes name itself."


def test_bowline_owns_whatever_it_writes_of_an_account() -> None:
    full = aws_entry(
        external_id="x", environment="e", key_pair="k", lambda_enabled=True
    )
    cluster = cluster_entry(
        environment="e", namespaces=("x",), permissions=Permissions(("a",), ("b",))
    )

    written = {
        "aws": spring.aws_account(full).keys(),
        "ecs": spring.ecs_fields(ecs_entry()).keys(),
        "kubernetes": spring.kubernetes_account(cluster, "/x").keys(),
    }

    never = {
        "enabled",
        "managingAccountProfile",
        "kubeconfigContents",
        "serviceAccount",
    }
    for kind, keys in written.items():
        assert {*OWNED[kind].values()} - never == {*keys}, kind


def clouddriver_yml(whole: Topology) -> str:
    known = entries(whole)
    return spring.clouddriver_yml(
        whole, known, Place.FILES, kubeconfigs="/k", comment=""
    )


def test_it_is_written_back_into_the_entry_that_it_belongs_to() -> None:
    whole = carrier()

    text = clouddriver_yml(whole)

    written = yaml.safe_load(text)
    (aws,) = written["aws"]["accounts"]
    assert aws["accountType"] == "main"
    assert aws["lifecycleHooks"] == [HOOK]
    assert aws["permissions"] == {"EXECUTE": ["SRE"]}
    assert aws["regions"] == [
        {"name": "us-east-1"},
        {"name": "us-west-2", "preferredZones": ["us-west-2b"]},
    ]
    assert written["ecs"]["accounts"][0]["namingStrategy"] == "tags"
    (cluster, *others) = written["kubernetes"]["accounts"]
    assert (cluster["kinds"], cluster["metrics"]) == (["deployment"], False)
    assert all("kinds" not in other for other in others)


def test_the_order_of_a_database_changes_no_byte() -> None:
    whole = carrier()
    (managed,) = whole.managed
    turned = replace(managed, carried=reversed_keys(managed.carried))
    other = Topology(whole.managing, (turned,))

    written = [clouddriver_yml(one) for one in (whole, other)]

    assert written[0] == written[1]


def reversed_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(one) for one in value] if isinstance(value, list) else value


def test_documents_have_it_where_there_is_any_and_give_it_back() -> None:
    whole = carrier()
    documents = entry_documents(whole)

    assert all("carried" not in one for one in entry_documents(topology(staging())))
    assert entries_of(whole.managing, [documents]) == entries(whole)
    assert any(one.get("carried") for one in documents)


def test_what_spinnaker_would_read_otherwise_is_in_no_bundle() -> None:
    known = entries(topology(staging(carried={"aws": {"edda": "${EDDA}"}})))

    with pytest.raises(ValueError, match="EDDA"):
        refuse_misread(known)


def test_a_region_that_the_account_left_is_not_written() -> None:
    account = {"regions": [{"name": "us-east-1"}]}

    added = carrying(account, {"regions": [{"name": "x", "deprecated": True}]})

    assert added == account


def test_a_body_has_it_in_place_of_defaults_and_compares_it() -> None:
    hooked = aws_entry(carried=CARRIED["aws"], regions=("us-east-1", "us-west-2"))
    named = ecs_entry(carried=CARRIED["ecs"])
    cluster = cluster_entry(
        carried={"kinds": ["deployment"], "oAuthScopes": ["a"], "metrics": False}
    )

    aws, ecs, kubernetes = wanted(hooked, named, cluster)

    assert aws.document["accountType"] == "main"
    assert aws.document["permissions"]["EXECUTE"] == ["SRE"]
    assert ecs.document["namingStrategy"] == "tags"
    assert kubernetes.document["kinds"] == ["deployment"]
    assert kubernetes.document["oauthScopes"] == ["a"]
    assert "oAuthScopes" not in kubernetes.document
    assert not [*problems((aws, ecs, kubernetes))]
    for body, plain in zip(
        (aws, ecs, kubernetes),
        wanted(
            replace(hooked, carried={}),
            replace(named, carried={}),
            replace(cluster, carried={}),
        ),
        strict=True,
    ):
        assert body.digest != plain.digest, body.type


@pytest.mark.parametrize(
    ("entry", "answered"),
    [
        (
            aws_entry(carried=CARRIED["aws"], regions=("us-east-1", "us-west-2")),
            {
                "allowPrivateThirdPartyImages": False,
                "requiredGroupMembership": [],
                "lifecycleHooks": [{**HOOK, "name": None, "defaultResult": None}],
                "regions": [
                    {"name": "us-west-2", "preferredZones": ["us-west-2b"]},
                    {
                        "name": "us-east-1",
                        "availabilityZones": None,
                        "deprecated": None,
                    },
                ],
            },
        ),
        (
            cluster_entry(carried={"customResources": [{"kubernetesKind": "Foo"}]}),
            {
                "cacheAllApplicationRelationships": False,
                "cacheIntervalSeconds": None,
                "cachingPolicies": [],
                "customResources": [
                    {
                        "kubernetesKind": "Foo",
                        "deployPriority": "100",
                        "namespaced": True,
                        "spinnakerKind": "unclassified",
                        "versioned": False,
                    }
                ],
                "debug": False,
                "metrics": True,
                "namingStrategy": "kubernetesAnnotations",
                "oauthScopes": None,
                "oauthServiceAccount": None,
                "rawResourcesEndpointConfig": {
                    "kindExpressions": [],
                    "omitKindExpressions": [],
                },
            },
        ),
    ],
)
def test_what_an_answer_fills_in_is_no_difference(
    entry: AwsEntry | KubernetesEntry, answered: dict[str, Any]
) -> None:
    (body,) = wanted(entry)

    assert comparable(body.type, {**body.document, **answered}) == body.fields


def test_each_field_is_a_line() -> None:
    assert [*carried_lines(CARRIED)][-3:] == [
        ("ecs", "namingStrategy", "tags"),
        ("kubernetes staging-apps", "kinds", '["deployment"]'),
        ("kubernetes staging-apps", "metrics", "false"),
    ]


def test_every_kind_of_entry_can_carry() -> None:
    for kind in (AwsEntry, EcsEntry, KubernetesEntry):
        assert "carried" in {one.name for one in fields(kind)}


def test_each_field_that_is_only_carried_is_compared() -> None:
    unlike = {list: ["x"], dict: {"kindExpressions": ["x"]}, str: "x"}

    for type_, known in SENDABLE.items():
        for name, row in known.items():
            usual = row.default
            if row.traits & SENT:
                continue
            value = not usual if isinstance(usual, bool) else unlike.get(type(usual), 9)
            assert name in comparable(type_, {name: value}), (type_, name)
            assert name not in comparable(type_, {name: usual}), (type_, name)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"gce": {}},
        {"aws": "x"},
        {"kubernetes": []},
        {"kubernetes": {"x": "y"}},
        {"aws": {"permissions": ["x"]}},
        {"aws": {"regions": {"name": "x"}}},
        {"aws": {"regions": ["x"]}},
        {"aws": {"regions": [{"preferredZones": []}]}},
    ],
)
def test_what_has_another_shape_is_not_read(stored: Any) -> None:
    assert not are_carried(stored)
    assert are_carried(CARRIED)
    assert are_carried({"aws": {"edda": "https://a:b@c"}}), (
        "refused only when it is new"
    )
