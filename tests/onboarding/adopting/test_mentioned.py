"""What the sources have that Bowline doesn't read is named."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from onboarding.adopting.report import Report
from onboarding.adopting.sources.files import may_be_source
from onboarding.adopting.wording import text
from tests.onboarding.adopting.documents import (
    aws,
    halconfig,
    kinds,
    outcomes,
    reasons,
    reported,
    service,
    spring,
    yaml_of,
)
from tests.onboarding.adopting.test_clusters import TOKEN, kubeconfig, run

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
