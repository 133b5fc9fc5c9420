"""kustomize/: built by real kubectl on a tree laid out like spinnaker-kustomize."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.spinnaker.bundle.formats.kubeconfig import KUBECONFIGS
from onboarding.spinnaker.bundle.limits import APPLY, CONFIG_MAP
from onboarding.topology import PodRole, Topology
from tests.bundles import core, eks, files_of, staging, with_every_provider
from tests.factories import managed, provider, topology
from tests.kubernetes import validate

KUBECTL = str(Path(sys.executable).parent / "kubectl")
TREE = Path(__file__).parents[4] / "data" / "spinnaker-kustomize"
CONFIG = "/opt/spinnaker/config"
POD = PodRole(
    name="spinnaker",
    cluster="core",
    region="us-east-1",
    namespace="spinnaker",
    service_account="clouddriver",
    issuer="oidc.eks.us-east-1.amazonaws.com/id/0A1B",
)


@dataclass
class Built:
    objects: list[dict[str, Any]]

    def one(self, kind: str, name: str) -> dict[str, Any]:
        """Return that object; a generated name goes on with `-` and a digest."""
        (found,) = (
            each
            for each in self.objects
            if each["kind"] == kind
            and each["metadata"]["name"] in {name, self.hashed(name)}
        )
        return found

    def hashed(self, name: str) -> str:
        names = [each["metadata"]["name"] for each in self.objects]
        return next((n for n in names if n.rpartition("-")[0] == name), name)

    def pod(self, deployment: str) -> dict[str, Any]:
        found: dict[str, Any] = self.one("Deployment", deployment)["spec"]["template"]
        return found["spec"]

    def mounted(self, deployment: str) -> dict[str, str]:
        """Map each path in the container's configuration to the text that it has."""
        pod = self.pod(deployment)
        (container,) = pod["containers"]
        (volume,) = (v for v in pod["volumes"] if "projected" in v)
        assert container["volumeMounts"][0]["mountPath"] == CONFIG
        assert container["volumeMounts"][0]["name"] == volume["name"]
        return {
            item["path"]: self.one("ConfigMap", source["configMap"]["name"])["data"][
                item["key"]
            ]
            for source in volume["projected"]["sources"]
            for item in source["configMap"].get("items", [])
        }


def build(bundled: Topology, folder: Path, *, own: str = "") -> Built:
    """Build the tree with the component; `own` is added to a person's own file."""
    tree = folder / "spinnaker-kustomize"
    shutil.copytree(TREE, tree)
    with (tree / "overlays/config/files/clouddriver-local.yml").open("a") as file:
        file.write(own)
    for path, text in files_of(bundled).items():
        if path.startswith("kustomize/"):
            file = tree / "components/bowline" / path.removeprefix("kustomize/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    done = subprocess.run(
        [KUBECTL, "kustomize", str(tree)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    built = Built(list(yaml.safe_load_all(done.stdout)))
    for each in built.objects:
        validate(each, "1.33")
    return built


def test_clouddriver_reads_our_file_beside_those_of_others(tmp_path: Path):
    bundled = with_every_provider()

    mounted = build(bundled, tmp_path).mounted("clouddriver")

    told = yaml.safe_load(mounted["bowline/clouddriver-local.yml"])
    assert [one["name"] for one in told["aws"]["accounts"]] == ["core", "staging"]
    assert list(mounted) == [
        "redis/clouddriver.yml",
        "bowline/clouddriver-local.yml",
        "bowline-kubeconfigs/staging-apps.yml",
    ]


def test_each_cluster_has_its_kubeconfig_where_clouddriver_is_told(tmp_path: Path):
    bundled = topology(managed(eks({"name": "apps"}, {"name": "jobs"})))

    mounted = build(bundled, tmp_path).mounted("clouddriver")

    told = yaml.safe_load(mounted["bowline/clouddriver-local.yml"])
    for account in told["kubernetes"]["accounts"]:
        path = account["kubeconfigFile"].removeprefix(f"{CONFIG}/")
        context = yaml.safe_load(mounted[path])["current-context"]
        assert context == account["context"]


def test_our_file_says_the_same_as_the_one_without_kustomize():
    files = files_of(with_every_provider())

    same = "clouddriver-local.yml"
    assert yaml.safe_load(files[f"kustomize/{same}"]) == yaml.safe_load(
        files[f"clouddriver/{same}"]
    )


def test_it_says_that_the_list_hides_the_bases_own_cluster():
    text = files_of(with_every_provider())["kustomize/clouddriver-local.yml"]

    assert "hides the account\n# `managing`" in text


def test_no_file_is_taken_for_configuration_but_ours(tmp_path: Path):
    """In a subfolder Spring reads every application-* and SERVICE-*, and no other."""
    mounted = build(with_every_provider(), tmp_path).mounted("clouddriver")

    kubeconfigs = [path for path in mounted if path.startswith("bowline-kubeconfigs")]
    assert f"{CONFIG}/bowline-kubeconfigs" == KUBECONFIGS
    assert not any("clouddriver" in path for path in kubeconfigs)


def test_what_the_person_configured_stays(tmp_path: Path):
    built = build(with_every_provider(), tmp_path)

    data = built.one("ConfigMap", "clouddriver")["data"]
    assert "gitrepo" in data["clouddriver-local.yml"]
    assert "managing" in data["clouddriver.yml"]


def test_another_list_of_accounts_restarts_clouddriver(tmp_path: Path):
    one = build(topology(core()), tmp_path / "one")
    other = build(topology(core(), staging()), tmp_path / "other")

    assert one.pod("clouddriver")["volumes"] != other.pod("clouddriver")["volumes"]


def test_orca_hears_of_the_bake_account(tmp_path: Path):
    mounted = build(with_every_provider(), tmp_path).mounted("orca")

    told = yaml.safe_load(mounted["bowline/orca-local.yml"])
    assert told == {"default": {"bake": {"account": "core"}}}


def test_rosco_bakes_for_ec2_where_images_are_baked(tmp_path: Path):
    baking = build(with_every_provider(bakes=True), tmp_path / "baking")
    other = build(with_every_provider(), tmp_path / "other")

    told = yaml.safe_load(baking.mounted("rosco")["bowline/rosco-local.yml"])
    assert told == {"aws": {"enabled": True}}
    assert other.mounted("rosco") == {}


def test_decks_piece_is_the_same_as_without_kustomize():
    files = files_of(with_every_provider())

    same = "settings-local.js"
    assert files[f"kustomize/{same}"] == files[f"clouddriver/{same}"]


def test_a_pod_role_is_named_by_its_service_account(tmp_path: Path):
    built = build(with_every_provider(identity=POD), tmp_path)

    assert built.one("ServiceAccount", "clouddriver")["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::911111111111:role/spinnaker",
        "example.com/owner": "delivery",
    }
    others = built.one("ServiceAccount", "orca")["metadata"]["annotations"]
    assert "eks.amazonaws.com/role-arn" not in others


def test_a_service_account_that_the_tree_has_not_stops_nothing(tmp_path: Path):
    bundled = with_every_provider(identity=replace(POD, service_account="elsewhere"))

    built = build(bundled, tmp_path)

    assert "bowline/clouddriver-local.yml" in built.mounted("clouddriver")
    accounts = [one for one in built.objects if one["kind"] == "ServiceAccount"]
    assert not any("eks.amazonaws.com" in str(one["metadata"]) for one in accounts)
    assert (
        "`kubectl -n spinnaker annotate serviceaccount elsewhere\n  "
        "eks.amazonaws.com/role-arn=arn:aws:iam::911111111111:role/spinnaker`"
    ) in files_of(bundled)["README.md"]


def test_an_instance_role_changes_no_service_account():
    files = files_of(with_every_provider())

    assert "kustomize/serviceaccount-patch.yml" not in files


@pytest.mark.exhaustive(after=1)
@pytest.mark.parametrize("keys", [("ec2",), ("ecs",), ("lambda",), ("eks",)])
def test_each_provider_alone_builds(tmp_path: Path, keys: tuple[str, ...]):
    chosen = [eks() if key == "eks" else provider(key) for key in keys]

    built = build(topology(managed(*chosen)), tmp_path)

    assert "bowline/clouddriver-local.yml" in built.mounted("clouddriver")


# Size


def many(number: int) -> Topology:
    return topology(
        *(
            managed(
                provider("ec2"),
                name=f"account-{n}",
                account_id=f"{n:012}",
                environment="staging",
                external_id=f"a-long-external-id-of-account-{n}",
            )
            for n in range(number)
        ),
        organization="o-a1b2c3d4e5",
    )


def test_kubeconfigs_are_spread_so_that_each_config_map_can_be_applied(tmp_path: Path):
    large = "A" * 1500
    clusters = [{"name": f"c{n}", "certificate_authority": large} for n in range(120)]

    built = build(topology(managed(eks(*clusters))), tmp_path)

    names = ["bowline-kubeconfigs", "bowline-kubeconfigs-2", "bowline-kubeconfigs-3"]
    sizes = [len(str(built.one("ConfigMap", name)["data"])) for name in names]
    assert all(size < APPLY for size in sizes)
    assert len(built.mounted("clouddriver")) == 1 + 1 + 120


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(many(4_000), tmp_path_factory.mktemp("packed"))


def test_more_accounts_than_a_config_map_holds_are_packed(packed: Built):
    (text,) = packed.one("ConfigMap", "bowline-clouddriver")["data"].values()

    assert len(text) < CONFIG_MAP
    assert "bowline/clouddriver-local.yml" not in packed.mounted("clouddriver")


def test_what_is_packed_is_unpacked_before_clouddriver_starts(
    packed: Built, tmp_path: Path
):
    pod = packed.pod("clouddriver")
    (container,) = pod["initContainers"]
    for name, text in packed.one("ConfigMap", "bowline-clouddriver")["data"].items():
        (tmp_path / name).write_text(text)
    places = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    command = container["command"][-1]

    subprocess.run(
        ["sh", "-ec", command.replace("/packed", ".").replace("/unpacked", ".")],
        cwd=tmp_path,
        check=True,
    )

    told = (tmp_path / "clouddriver-local.yml").read_text()
    assert told == files_of(many(4_000))["clouddriver/clouddriver-local.yml"]
    mount = pod["containers"][0]["volumeMounts"][-1]
    assert mount == {"name": places["/unpacked"], "mountPath": f"{CONFIG}/bowline"}
    assert pod["volumes"][0]["name"] == "config"
    assert container["image"] == pod["containers"][0]["image"]
