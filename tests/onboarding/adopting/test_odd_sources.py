"""Sources that are oddly written, or only in part what they should be."""

from __future__ import annotations

from typing import Any

from onboarding.adopting.report import managing_of
from onboarding.adopting.wording import text
from onboarding.bounded_yaml import MOST_ALIASES
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


def values(text: bytes) -> dict[str, Any]:
    (account,) = reported({"clouddriver.yml": text}).spinnaker.accounts
    return dict(account.values)


def test_what_says_nothing_is_left_out() -> None:
    found = values(
        b"""aws: {accounts: [{name: a, environment: a, accountType: a,
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
    text = b"- a\n---\naws: {accounts: [{name: a}]}\nspring: {config: {import: x}}\n"

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


def test_variables_are_filled_in_up_to_a_bound() -> None:
    for depth, outcome in ((30, "taken"), (300, "left")):
        deep = "${A:" * depth + "x" + "}" * depth

        report = reported(spring({"aws": {"accounts": [aws("a", environment=deep)]}}))

        assert outcomes(report) == {"a": outcome}


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
