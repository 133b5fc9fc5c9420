"""Sources that are oddly written, or only in part what they should be; and what they
have that Bowline doesn't read, which is named.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from onboarding.adopting.report import Report, managing_of
from onboarding.adopting.sources.files import may_be_source
from onboarding.adopting.wording import text
from onboarding.bounded_yaml import MOST_ALIASES
from onboarding.carried.table import CARRIED, TAKEN
from tests.onboarding.adopting.documents import (
    aws,
    halconfig,
    kinds,
    outcomes,
    reasons,
    reported,
    service,
    spring,
    stored,
    yaml_of,
)
from tests.onboarding.adopting.test_clusters import TOKEN, kubeconfig, run


def values(text: bytes) -> dict[str, Any]:
    (account,) = reported({"clouddriver.yml": text}).spinnaker.accounts
    return dict(account.values)


def test_what_says_nothing_is_left_out() -> None:
    found = values(
        b"""aws: {accounts: [{name: a, accountType: a,
        defaultKeyPair: a-keypair, enabled: ~, lambdaEnabled: 'no', permissions: '',
        regions: ~, discoveryEnabled: ~, allowPrivateThirdPartyImages: ~,
        requiredGroupMembership: [~, '']}]}"""
    )

    assert found == {"name": "a", "regions": ["us-east-1"]}


def test_lists_may_be_texts_and_texts_may_be_lists() -> None:
    found = values(
        b"""aws: {accounts: [{name: a, requiredGroupMembership: 'x, y',
        permissions: {read: 't', write: {}}, edda: [1], regions: {name: x}}]}"""
    )

    assert found["requiredGroupMembership"] == [" y", "x"]
    assert found["permissions"] == {"READ": ["t"]}
    assert found["edda"] == [1]
    assert found["regions"] == ["us-east-1"]


def test_a_key_that_looks_like_a_secret_is_not_shown() -> None:
    key = "https://user:hunter2@example.com"
    report = reported(spring({"aws": {"accounts": [aws("a", tags={key: "x"})]}}))

    assert "hunter2" not in text(report)
    assert "a key that isn't shown" in text(report)


def test_services_without_a_config_and_files_of_other_kinds_are_skipped() -> None:
    files = {
        "profiles__clouddriver-local.yml": yaml_of(
            {"aws": {"accounts": [aws("by-file")]}}
        ).decode(),
        "clouddriver.yml": "- x",
        "broken": "a: [",
        "empty": "",
        "other": {"not": "a text"},
    }
    config = service({}, files=files)["spinnakerservice.yml"]
    empty = yaml_of({"kind": "SpinnakerService", "spec": {"x": 1}})
    without = yaml_of({"kind": "SpinnakerService"})
    others = yaml_of({"kind": "ConfigMap"})

    report = reported({"all.yml": b"---\n".join((without, empty, others, config))})

    assert outcomes(report) == {"by-file": "taken"}


def test_objects_that_are_off_or_of_another_kind_are_no_accounts() -> None:
    def manifest(name: str, **spec: Any) -> bytes:
        spec = {"type": "kubernetes", **spec}
        return yaml_of(
            {"kind": "SpinnakerAccount", "metadata": {"name": name}, "spec": spec}
        )

    secret = {"kubeconfigSecret": {"name": "n", "key": "k"}}
    documents = (
        manifest("off", enabled=False),
        manifest("on", enabled=True, kubernetes=secret),
        manifest("own"),
        yaml_of({"kind": "SpinnakerAccount"}),
        yaml_of({"kind": "SpinnakerAccount", "spec": {"type": "kubernetes"}}),
    )

    report = reported({"accounts.yml": b"---\n".join(documents)})

    assert [*outcomes(report)] == ["on", "own"]
    assert "doesn't follow" in reasons(report, "on")
    assert "has no kubeconfig" in reasons(report, "own")
    (on, _) = report.spinnaker.accounts
    assert on.values["kubeconfigFile"] == "encryptedFile:k8s!n:n!k:k"


def test_documents_of_a_springs_file_may_be_anything() -> None:
    text = b"- a\n---\naws: {accounts: [{name: a}]}\nspring: {main: [y]}\n"

    report = reported({"clouddriver.yml": b"other: x\n---\n" + text})

    assert [*outcomes(report)] == ["a"]
    assert "profile-not-read" not in kinds(report)


def test_a_halconfig_with_one_deployment_needs_no_current_one() -> None:
    config = yaml_of({"deploymentConfigurations": [{"name": "only"}]})

    (reading,) = reported({"config": config}).spinnaker.readings

    assert reading.title == "config, deployment only"


def test_any_number_of_aliases_is_read_and_hal_refuses_more_than_fifty() -> None:
    for count, is_refused in ((MOST_ALIASES, False), (300, True)):
        listed = "".join(
            f"      - {{name: a{one}, accountId: '123456789012', regions: *r}}\n"
            for one in range(count)
        )
        config = (
            "currentDeployment: default\ndeploymentConfigurations:\n- name: default\n"
            "  providers:\n    aws:\n      defaultRegions: &r [{name: eu-west-1}]\n"
            f"      accounts:\n{listed}"
        )

        report = reported({"config": config.encode()})

        assert len(report.spinnaker.accounts) == count
        assert {*report.spinnaker.accounts[0].values["regions"]} == {"eu-west-1"}
        assert ("refused-by-hal" in kinds(report)) == is_refused


def test_settings_of_a_provider_are_reported_without_empty_ones() -> None:
    files = halconfig({"aws": {"bakeryDefaults": {}, "client": {"x": "y"}}})

    settings = {one.setting: one.treatment for one in reported(files).settings}

    assert settings == {"client": "carried"}


def test_accounts_of_other_types_in_gates_answers_are_counted() -> None:
    files = stored(
        {"aws": {"accounts": [aws("a")]}, "google": {"accounts": [{"name": "g"}]}}
    )

    report = reported(files)

    assert report.others == {"google": 1}


def test_a_kubeconfig_of_several_things_finds_the_named_one() -> None:
    arn = "arn:aws:eks:us-east-1:123456789012:cluster/main"
    run = {"command": "aws", "args": ["eks", "get-token", "--cluster-name", "main", {}]}
    kubeconfig = {
        "kind": "Config",
        "contexts": [
            {"name": "other", "context": {"cluster": "x", "user": "x"}},
            {"name": "main", "context": {"cluster": arn, "user": "me"}},
        ],
        "users": [{"name": "x", "user": {}}, {"name": "me", "user": {"exec": run}}],
    }
    clusters = [
        {"name": name, "context": "main", "kubeconfigFile": "/x/kubeconfig"}
        for name in ("one", "two")
    ]
    clusters[0] = {**clusters[0], "namespaces": ["a"]}
    providers = {
        "aws": {"accounts": [aws("prod")]},
        "kubernetes": {"accounts": clusters},
    }

    report = reported(spring(providers), {"kubeconfig": yaml_of(kubeconfig)})

    assert outcomes(report) == {"prod": "taken", "one": "taken", "two": "left"}
    assert "main in us-east-1" in reasons(report, "two")
    (written,) = report.judgement.written
    assert written["providers"]["eks"]["clusters"][0]["namespaces"] == ["a"]


def test_an_empty_kubeconfig_cannot_be_read() -> None:
    account = {"name": "k", "kubeconfigContents": "# nothing"}

    report = reported(spring({"kubernetes": {"accounts": [account]}}))

    assert "can't be read" in reasons(report, "k")


def test_the_managing_account_is_described_by_its_identity() -> None:
    arn = "arn:aws:iam::111111111111:role/SpinnakerAuthRole"
    accounts = [aws("managing", assumeRole="role/x")]
    section = {"accounts": accounts, "defaults": {"iamRole": "Base"}}

    found = managing_of(reported(spring({"aws": section})).taken, arn)
    plain = managing_of(reported(spring({"kubernetes": {"accounts": []}})).taken, arn)

    assert (found.name, found.account_id) == ("managing-account", "111111111111")
    assert (found.managed_role, found.base_role) == ("x", "Base")
    assert (plain.name, plain.managed_role) == ("managing", "spinnakerManaged")
    assert plain.base_role == "BaseIAMRole"


def test_the_base_role_is_taken_and_other_defaults_stay() -> None:
    defaults = {"iamRole": "CompanyInstanceRole", "unknown": 1}
    section = {"accounts": [aws("a")], "defaults": defaults}

    settings = reported(spring({"aws": section})).settings
    found = {one.setting: (one.treatment, one.value) for one in settings}

    assert found["defaults.iamRole"] == (TAKEN, "CompanyInstanceRole")
    assert found["defaults"] == (CARRIED, {"unknown": 1})


EKS = kubeconfig(run("aws", *TOKEN))
SECRET = kubeconfig({"token": "hunter2"})


def says(report: Report, kind: str) -> str:
    return " ".join(one.says for one in report.findings if one.kind == kind)


def test_docker_registries_are_named() -> None:
    section = {"dockerRegistry": {"accounts": [{"name": "a"}, {"name": "b"}]}}

    for files in (halconfig(section), service(section), spring({**section, "aws": {}})):
        report = reported(files)

        assert "2 in this source" in says(report, "docker-registries")
        assert report.others == {"dockerRegistry": 2}
    assert "docker-registries" not in kinds(reported(halconfig({})))


def test_zones_of_the_default_regions_are_named() -> None:
    zones = [{"name": "us-east-1", "availabilityZones": ["us-east-1a"]}]
    plain = [{"name": "us-east-1", "preferredZones": None}, {"id": "x"}]

    for regions, is_named in ((zones, True), (plain, False)):
        section = {"defaultRegions": regions, "accounts": [aws("a")]}

        for files in (halconfig({"aws": section}), spring({"aws": section})):
            report = reported(files)

            assert ("for us-east-1." in says(report, "default-zones")) is is_named


def account(name: str, **spec: Any) -> bytes:
    manifest = {"kind": "SpinnakerAccount", "metadata": {"name": name}, "spec": spec}
    return yaml_of(manifest)


def test_objects_that_the_operator_makes_no_account_of_are_named() -> None:
    documents = (
        account("a", type="AWS"),
        account("b", type="AWS"),
        account("c"),
        account("d", type="Kubernetes", enabled=False),
    )

    report = reported({"accounts.yml": b"---\n".join(documents)})

    found = {
        one.says.partition(" aren't")[0].partition(" have")[0]: one.accounts
        for one in report.findings
        if one.kind == "object-left"
    }
    assert found == {
        "SpinnakerAccount objects of type AWS": ("a", "b"),
        "SpinnakerAccount objects without a type": ("c",),
        "These SpinnakerAccount objects": ("d",),
    }


@pytest.mark.parametrize("inline", [EKS, yaml_of(EKS).decode()])
def test_a_kubeconfig_in_an_object_leads_to_its_cluster(inline: Any) -> None:
    files = {
        **spring({"aws": {"accounts": [aws("prod")]}}),
        "accounts.yml": account(
            "k", type="kubernetes", kubernetes={"kubeconfig": inline}
        ),
    }
    secret = account("k", type="kubernetes", kubernetes={"kubeconfig": SECRET})

    taken, left = reported(files), reported({**files, "accounts.yml": secret})

    assert outcomes(taken)["k"] == "taken"
    assert outcomes(left)["k"] == "left"
    assert "a secret of its own" in reasons(left, "k")
    assert "hunter2" not in text(left)


@pytest.mark.parametrize(
    "name", ["prod.conf", "prod.kubeconfig", "kubeconfig", "prod-kubeconfig"]
)
def test_a_kubeconfig_is_known_by_its_name_and_lists(name: str) -> None:
    without_kind = {key: value for key, value in EKS.items() if key != "kind"}
    file = f"/home/spinnaker/{name}"
    cluster = {"name": "k", "kubeconfigFile": file, "context": "main"}
    providers = {
        "aws": {"accounts": [aws("prod")]},
        "kubernetes": {"accounts": [cluster]},
    }

    report = reported(spring(providers), {name: yaml_of(without_kind)})
    other = reported(spring(providers), {name: yaml_of(EKS)})

    assert outcomes(report)["k"] == outcomes(other)["k"] == "taken"


def test_a_file_of_a_config_server_is_the_source_of_its_name() -> None:
    cluster = {
        "name": "k",
        "kubeconfigFile": "configserver:prod.conf",
        "context": "main",
    }
    providers = {
        "aws": {"accounts": [aws("prod")]},
        "kubernetes": {"accounts": [cluster]},
    }

    without = reported(spring(providers))
    given = reported(spring(providers), {"prod.conf": yaml_of(EKS)})

    assert outcomes(given)["k"] == "taken"
    assert outcomes(without)["k"] == "left"
    assert "doesn't follow" in reasons(without, "k")
    assert "configserver:prod.conf" in text(without)


def test_a_file_of_properties_is_named_and_not_read() -> None:
    files = spring({"aws": {"accounts": [aws("dev")]}})
    files["clouddriver-local.properties"] = b"aws.accounts[0].name=other\n"

    report = reported(files)

    assert "reads clouddriver-local.properties, and Bowline doesn't" in says(
        report, "properties-unread"
    )
    assert outcomes(report) == outcomes(
        reported(spring({"aws": {"accounts": [aws("dev")]}}))
    )
    assert report.unknown == ("clouddriver-local.properties",)


def test_a_folder_has_it_too() -> None:
    assert may_be_source(PurePosixPath("config/clouddriver-local.properties"))
    assert not may_be_source(PurePosixPath("config/log4j.properties"))
