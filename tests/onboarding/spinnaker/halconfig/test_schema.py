from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.spinnaker.halconfig.tree import BadHalconfig, Table


def config(providers: dict[str, Any]) -> bytes:
    deployment = {"name": "default", "providers": providers}
    value = {"currentDeployment": "default", "deploymentConfigurations": [deployment]}
    return yaml.safe_dump(value, sort_keys=False).encode()


def account(**fields: Any) -> bytes:
    return config({"aws": {"accounts": [{"name": "a", **fields}]}})


def cluster(**fields: Any) -> bytes:
    return config({"kubernetes": {"accounts": [{"name": "k", **fields}]}})


AWS = "deploymentConfigurations.providers.aws"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (config({"awss": {}}), "Line 5: hal knows no “deploymentConfigurations.prov"),
        (config({"aws": {"account": []}}), f"Line 6: hal knows no “{AWS}.account”."),
        (account(accountID="1"), f"Line 8: hal knows no “{AWS}.accounts.accountID”."),
        (account(regions=["us-east-1"]), f"Line 9: “{AWS}.accounts.regions” must be a"),
        (account(regions="us-east-1"), f"Line 8: “{AWS}.accounts.regions” must be a l"),
        (account(lambdaEnabled="maybe"), f"Line 8: “{AWS}.accounts.lambdaEnabled” mus"),
        (account(permissions=["a"]), f"Line 9: “{AWS}.accounts.permissions” must be a"),
        (account(name=["a"]), f"Line 8: “{AWS}.accounts.name” must be one text."),
        (account(lifecycleHooks=[{"heartbeatTimeout": "long"}]), "Line 9: “deployment"),
        (
            config({"aws": {"features": {"launch-templates": {}}}}),
            "Line 7: hal knows n",
        ),
        (config({"ecs": {"accounts": [{"namingStrategy": "x"}]}}), "Line 7: hal knows"),
        (cluster(providerVersion="V3"), "Line 8: “deploymentConfigurations.providers."),
        (cluster(namespaces="web"), "Line 8: “deploymentConfigurations.providers.kub"),
        (config({"alicloud": {}}), "Line 5: hal knows no “deploymentConfigurations.pr"),
        (cluster(metrics=True), "Line 8: hal knows no “deploymentConfigurations.provi"),
    ],
)
def test_what_halyards_strict_reader_refuses_is_refused(content: bytes, sentence: str):
    with pytest.raises(BadHalconfig) as refused:
        read_halconfig(content)

    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    "content",
    [
        account(providerVersion="V1", sessionName="s", edda="e", discovery="d"),
        account(regions=[], lifecycleHooks=[{"heartbeatTimeout": 3600}]),
        account(permissions={"READ": ["a"], "EXECUTE": ["b"]}, environment=None),
        account(lambdaEnabled="true"),
        cluster(cacheThreads=1, providerVersion="V2", serviceAccount=True),
        config({"openstack": {"anything": [1]}, "google": {"accounts": []}}),
        config({"aws": {"defaultRegions": [{"name": "us-west-2"}], "accounts": None}}),
    ],
)
def test_what_halyard_reads_is_read(content: bytes):
    assert read_halconfig(content).root.text("currentDeployment") == "default"


def test_several_problems_are_told_at_once_but_not_thousands():
    many = config({"aws": {"accounts": [{f"x{n}": 1} for n in range(1000)]}})

    with pytest.raises(BadHalconfig) as refused:
        read_halconfig(many)

    assert len(str(refused.value).splitlines()) == 10


def test_a_config_as_a_current_hal_writes_it_is_read_whole():
    """Of Halyard 1.69 and newer, with every provider of its last release."""
    written = Path(__file__).with_name("written_by_hal.yml").read_bytes()

    (deployment,) = read_halconfig(written).root.items("deploymentConfigurations")

    assert isinstance(deployment, Table)
    providers = deployment.table("providers")
    assert providers is not None
    assert "cloudrun" in providers.pairs
    assert len(providers.pairs) == 13
