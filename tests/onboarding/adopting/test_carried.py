"""What Spinnaker works with is the same before and after Bowline takes an account.

A value is dropped only where Clouddriver has the same without it: what is carried comes
out of bundles and deliveries as it came in.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.comparing import unequal
from onboarding.adopting.report import Report, accounts_file
from onboarding.adopting.sources.reading import read_sources
from onboarding.adopting.values import Account, Key
from onboarding.carried.table import SECRET
from onboarding.delivery.bodies import (
    SPELLED,
    bodies,
    comparable,
    differing,
    differing_by_effect,
)
from onboarding.delivery.loading import filled_in
from onboarding.spinnaker.bundle.formats.spring import clouddriver_yml
from onboarding.spinnaker.entries import entries
from onboarding.spinnaker.services.places import Place
from onboarding.topology import Topology
from tests.bundles import files_of
from tests.factories import managing
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
    yaml_of,
)
from tests.onboarding.adopting.shapes import SHAPES, Shape, reports
from tests.onboarding.adopting.test_clusters import kubeconfig, run

HOOK = {"defaultResult": "ABANDON", "heartbeatTimeout": 120, "roleARN": "x"}
OF_A_CLUSTER = {
    "accountType": "main",
    "cacheThreads": 4,
    "cachingPolicies": [{"kubernetesKind": "replicaSet", "maxEntriesPerAgent": 5}],
    "checkPermissionsOnStartup": False,
    "customResources": [{"kubernetesKind": "Foo.example.com", "versioned": True}],
    "kinds": ["deployment", "replicaSet"],
    "namingStrategy": "x",
    "oAuthScopes": ["a"],
    "omitNamespaces": ["kube-system"],
    "onlySpinnakerManaged": True,
    "rawResourcesEndpointConfig": {"kindExpressions": [".*"]},
}


def taken(report: Report) -> Topology:
    """Take what can be taken, by way of the accounts file."""
    role = report.judgement.role
    assert role
    file = read_accounts_file(
        accounts_file(report.taken).encode(), partition=role.partition
    )
    owner = managing(partition=role.partition, managed_role=role.name)
    return Topology(owner, tuple(one.managed for one in file.accounts))


def written_back(report: Report) -> dict[Key, Account]:
    """Read what Bowline would write for Clouddriver of what is taken."""
    whole = taken(report)
    known = entries(whole)
    text = clouddriver_yml(whole, known, Place.FILES, kubeconfigs="/k", comment="")
    found = read_sources({"clouddriver-local.yml": text.encode()})
    return {one.key: one for reading in found.readings for one in reading.accounts}


def differences(report: Report) -> dict[str, set[str]]:
    """Name, by account, the fields in which Spinnaker would see another value."""
    after = written_back(report)
    return {
        one.account.name: {*unequal(one.account, after[one.account.key])}
        for one in report.judgement.accounts
        if not one.reasons
    }


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_the_same_for_spinnaker_once_it_is_taken(name: str) -> None:
    shape: Shape = SHAPES[name]
    for source, report in reports(shape):
        if not report.judgement.written:
            continue
        named = {
            one.account.name: {
                field.field for field in one.fields if field.treatment.value == "left"
            }
            for one in report.judgement.accounts
            if not one.reasons
        }

        found = differences(report)

        assert found.keys() == named.keys(), source
        for account, fields in found.items():
            assert fields <= named[account], (source, account)


def cluster(name: str, **fields: Any) -> dict[str, Any]:
    """Describe a cluster that Spinnaker's identity signs in to."""
    arn = f"arn:aws:eks:us-east-1:123456789012:cluster/{name}"
    signs_in = run("aws", "eks", "get-token", f"--cluster-name={name}")
    contents = yaml_of(kubeconfig(signs_in, cluster=arn)).decode()
    return {"name": name, "kubeconfigContents": contents, **fields}


def test_clusters_are_the_same_but_for_their_kubeconfig() -> None:
    permissions = {"READ": ["team"], "EXECUTE": ["sre"]}
    others = {"READ": ["team"], "CREATE": ["admins"]}
    providers = {
        "aws": {"enabled": True, "accounts": [aws("prod", permissions=permissions)]},
        "kubernetes": {
            "enabled": True,
            "accounts": [cluster("apps", permissions=others, **OF_A_CLUSTER)],
        },
    }

    for files in (halconfig(providers), spring(providers), stored(providers)):
        report = reported(files)

        assert outcomes(report) == {"prod": "taken", "apps": "taken"}
        own = {"context", "kubeconfigContents", "kubeconfigFile"}
        assert differences(report) == {"prod": set(), "apps": own}


def test_each_of_several_clusters_keeps_what_it_has() -> None:
    clusters = [
        cluster("one", cacheThreads=2),
        cluster("two"),
        cluster("six", debug=True),
    ]
    providers = {
        "aws": {"enabled": True, "accounts": [aws("prod", edda="https://edda")]},
        "kubernetes": {"enabled": True, "accounts": clusters},
    }

    (written,) = reported(spring(providers)).judgement.written

    assert written["carried"] == {
        "aws": {"edda": "https://edda"},
        "kubernetes": {"one": {"cacheThreads": 2}, "six": {"debug": True}},
    }


def test_a_delivery_changes_no_field_of_an_account_that_was_stored() -> None:
    stored_aws = aws(
        "prod",
        accountType="main",
        defaultKeyPair="prod-keypair",
        enabled=True,
        environment="production",
        lambdaEnabled=False,
        lifecycleHooks=[HOOK],
        permissions={"EXECUTE": ["sre"]},
        regions=[{"name": "us-east-1", "preferredZones": ["us-east-1a"]}],
        sessionName="Spinnaker",
    )
    stored_ecs = {"name": "tasks", "awsAccount": "prod", "namingStrategy": "tags"}
    fields = {SPELLED.get(key, key): value for key, value in OF_A_CLUSTER.items()}
    stored_cluster = cluster("apps", context="main", environment="production", **fields)
    rows = {"aws": stored_aws, "ecs": stored_ecs, "kubernetes": stored_cluster}

    report = reported(stored({key: {"accounts": [row]} for key, row in rows.items()}))

    assert {*outcomes(report).values()} == {"taken"}
    for body in bodies(entries(taken(report))):
        was = comparable(body.type, rows[body.type])
        own = {SECRET, "context"} if body.type == "kubernetes" else set()
        assert {*differing(was, body.fields)} == own, body.type


STORED = [name for name, shape in SHAPES.items() if shape.is_stored]


@pytest.mark.parametrize("name", STORED)
def test_a_report_says_what_a_delivery_would_change(name: str) -> None:
    report = reported(stored(SHAPES[name].providers))
    said = {
        account: finding.kind
        for finding in report.findings
        if finding.kind in ("stored-equal", "stored-kubeconfig")
        for account in finding.accounts
    }

    for body in bodies(entries(taken(report))) if report.judgement.written else ():
        (was,) = (
            comparable(body.type, {SPELLED.get(key, key): v for key, v in row.items()})
            for row in SHAPES[name].providers[body.type]["accounts"]
            if row["name"] == body.name
        )
        found = {*differing_by_effect(body.type, body.name, was, body.fields)}
        if body.type == "kubernetes":
            assert (said[body.name], found) == (
                "stored-kubeconfig",
                {SECRET, "context"},
            )
        elif body.name in said:
            assert (said[body.name], found - {"externalId"}) == ("stored-equal", set())
        else:
            assert found & {"assumeRole", "regions"}, body.name
    assert said.keys() <= outcomes(report).keys()


def test_of_a_default_that_only_spinnaker_knows_a_report_promises_nothing() -> None:
    account = {key: v for key, v in aws("prod").items() if key != "regions"}
    providers = {"aws": {"accounts": [account]}}
    whole = {"aws": {"accounts": [aws("prod")]}}

    alone, both = (
        {one.kind for one in reported(*files).findings}
        for files in (
            [stored(providers)],
            [stored(providers), loaded(whole)],
        )
    )

    assert "stored-equal" not in alone
    assert "stored-equal" in both


GROUPS = st.lists(st.sampled_from(["a", "b c", "ä"]), min_size=1, unique=True)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "accountType": st.sampled_from(["main", "007", "yes", "{{region}}"]),
        "custom": st.recursive(
            st.one_of(
                st.booleans(), st.integers(-9, 900), st.sampled_from(["x", "no"])
            ),
            lambda inner: st.one_of(
                st.lists(inner, max_size=2),
                st.dictionaries(st.sampled_from(["k", "key-two"]), inner, max_size=2),
            ),
            max_leaves=4,
        ),
        "defaultSecurityGroups": st.just(["sg-1", "sg-2"]),
        "edda": st.sampled_from(["https://edda.{{region}}.example.com", "x: y #z"]),
        "front50Enabled": st.just(True),
        "lifecycleHooks": st.lists(st.just(HOOK), min_size=1, max_size=2),
        "permissions": st.dictionaries(
            st.sampled_from(["READ", "WRITE", "EXECUTE", "CREATE"]), GROUPS
        ),
        "regions": st.just(
            [
                {"name": "eu-west-1", "preferredZones": ["eu-west-1b", "eu-west-1a"]},
                {"name": "us-east-1", "deprecated": True},
            ]
        ),
        "requiredGroupMembership": st.just(["ops"]),
        "sessionDurationSeconds": st.integers(900, 3_600),
    },
)


@settings(max_examples=40)
@given(FIELDS, st.sampled_from(["default", "tags"]))
def test_whatever_is_carried_is_read_back(fields: dict[str, Any], naming: str) -> None:
    providers = {
        "aws": {"enabled": True, "accounts": [aws("prod", **fields)]},
        "ecs": {
            "accounts": [
                {"name": "apps", "awsAccount": "prod", "namingStrategy": naming}
            ]
        },
    }

    report = reported(spring(providers))

    assert outcomes(report) == {"prod": "taken", "apps": "taken"}
    assert differences(report) == {"prod": set(), "apps": set()}


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
