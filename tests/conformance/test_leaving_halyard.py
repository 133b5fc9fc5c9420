"""docs/spinnaker/leaving-halyard.md, from a Halyard config to a built tree: the same
accounts are loaded before and after, by Clouddriver's own classes.

They are those of the AWS provider: ECS accounts and clusters are compared as written.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.topology import Permissions
from tests.bundles import core, staging
from tests.conformance.clouddriver import Answer, Clouddriver
from tests.conformance.test_installations import BASE, written_by_halyard
from tests.factories import topology
from tests.hal import Hal
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import Scripts
from tests.onboarding.spinnaker.bundle.formats.test_kustomize import CONFIG, build

DOCUMENT = Path(__file__).parents[2] / "docs/spinnaker/leaving-halyard.md"
BUNDLED = topology(
    core(external_id="e-1"),
    staging(permissions=Permissions(("dev",), ("ops",))),
    base_role="AppRole",
)


def kept() -> str:
    """Return what the page keeps of what Halyard says by itself."""
    (block,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return re.sub(r"^ +", "", block, count=1).replace("\n   ", "\n")


def names(found: dict[str, Any], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(one.get(key) or None for key in keys) for one in found["accounts"]]


def loaded(answer: Answer) -> dict[str, Any]:
    assert answer.failure == ""
    return {one["name"]: one for one in answer.accounts}


@pytest.mark.parametrize("keeps", [True, False])
def test_clouddriver_loads_the_same_accounts_afterwards(
    judge: Clouddriver, tmp_path: Path, keeps: bool
) -> None:
    """Without what the page keeps, it is the key pairs that are lost."""
    hal = Hal(tmp_path)
    scripts = Scripts(hal, tmp_path / "bundle").holds(BUNDLED)
    scripts.applied()
    assert scripts.run("profiles", str(tmp_path / "profiles")).returncode == 0
    profile = (tmp_path / "profiles" / "clouddriver-local.yml").read_text()
    before = {
        "clouddriver.yml": written_by_halyard(hal.providers["aws"]),
        "clouddriver-local.yml": profile,
    }

    built = build(BUNDLED, tmp_path, own=kept() if keeps else "")

    mounted = built.mounted("clouddriver")
    of_base = built.one("ConfigMap", "clouddriver")["data"]
    spinnaker = (BASE / "spinnaker.yml").read_text()
    then = loaded(judge.read_files(before))
    now = loaded(judge.read_files({"spinnaker.yml": spinnaker, **of_base, **mounted}))
    if not keeps:
        assert {one["keyPair"] for one in now.values()} == {None}
        then = {name: {**one, "keyPair": None} for name, one in then.items()}
    assert [*then] == ["core", "staging"]
    assert now == then

    ours = yaml.safe_load(mounted["bowline/clouddriver-local.yml"])
    ecs, clusters = hal.providers["ecs"], hal.providers["kubernetes"]
    in_ecs = ("name", "awsAccount")
    of_cluster = ("name", "context", "namespaces", "permissions")
    assert names(ours["ecs"], *in_ecs) == names(ecs, *in_ecs)
    assert names(ours["kubernetes"], *of_cluster) == names(clusters, *of_cluster)
    for was, one in zip(
        clusters["accounts"], ours["kubernetes"]["accounts"], strict=True
    ):
        place = one["kubeconfigFile"].removeprefix(f"{CONFIG}/")
        assert mounted[place] == Path(was["kubeconfigFile"]).read_text()
