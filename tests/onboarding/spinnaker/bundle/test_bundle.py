"""The whole bundle: what it holds, in every combination, and always the same."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import re
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from onboarding import VERSION
from onboarding.spinnaker.bundle import EmptyBundle, bundle_files
from onboarding.spinnaker.bundle.archive import File, file_list, zipped
from onboarding.topology import Topology
from tests.bundles import core, eks, files_of, staging, unpacked, with_every_provider
from tests.factories import managed, provider, topology
from tests.growth import assert_it_grows_as_much

SHELLCHECK = str(Path(sys.executable).parent / "shellcheck")
PROVIDERS = ("ec2", "ecs", "lambda", "eks")
COMBINATIONS = [
    keys for size in range(1, 5) for keys in itertools.combinations(PROVIDERS, size)
]


def with_providers(*keys: str) -> Topology:
    chosen = [eks() if key == "eks" else provider(key) for key in keys]
    return topology(managed(*chosen))


def test_it_holds_what_the_readme_promises():
    paths = list(files_of(with_every_provider(bakes=True)))

    assert [path for path in paths if "/policies/" not in path] == [
        "README.md",
        "manifest.json",
        "verify.sh",
        "hal/apply.sh",
        "hal/check.sh",
        "hal/profiles.sh",
        "hal/remove.sh",
        "hal/bowline/__init__.py",
        "hal/bowline/__main__.py",
        "hal/bowline/afterwards.py",
        "hal/bowline/arguments.py",
        "hal/bowline/calling.py",
        "hal/bowline/collisions.py",
        "hal/bowline/known.py",
        "hal/bowline/lock.py",
        "hal/bowline/plan.py",
        "hal/bowline/primary.py",
        "hal/bowline/profiles.py",
        "hal/bowline/removing.py",
        "hal/bowline/stopping.py",
        "hal/accounts.yml",
        "hal/profiles/clouddriver-local.yml",
        "hal/profiles/orca-local.yml",
        "hal/profiles/settings-local.js",
        "clouddriver/clouddriver-local.yml",
        "clouddriver/orca-local.yml",
        "clouddriver/settings-local.js",
        "clouddriver/rosco-local.yml",
        "kustomize/clouddriver-local.yml",
        "kustomize/kubeconfigs/staging-apps.yml",
        "kustomize/clouddriver-patch.yml",
        "kustomize/orca-local.yml",
        "kustomize/orca-patch.yml",
        "kustomize/settings-local.js",
        "kustomize/rosco-local.yml",
        "kustomize/rosco-patch.yml",
        "kustomize/kustomization.yml",
        "operator/spinnakerservice.yml",
        "operator/kubeconfigs.yml",
        "kubernetes/staging-apps/kubeconfig.yml",
        "kubernetes/staging-apps/rbac.yml",
        "kubernetes/staging-apps/access.md",
        "aws/managing/iam.yml",
        "aws/managing/trust/SpinnakerAuthRole.json",
        "aws/managing/trust/spinnakerManaged.json",
        "aws/managing/trust/BaseIAMRole.json",
        "aws/ec2-ecs-lambda-eks/iam.yml",
        "aws/ec2-ecs-lambda-eks/eks-us-east-1.yml",
        "aws/ec2-ecs-lambda-eks/trust/spinnakerManaged.json",
        "aws/ec2-ecs-lambda-eks/trust/BaseIAMRole.json",
        "aws/ec2-ecs-lambda-eks/trust/ecsTaskExecutionRole.json",
        "aws/accounts.json",
    ]


def test_scripts_pass_shellcheck_for_every_combination(tmp_path: Path):
    distinct: dict[str, Path] = {}
    for keys in COMBINATIONS:
        folder = tmp_path / "-".join(keys)
        unpacked(with_providers(*keys), folder)
        scripts = list(folder.rglob("*.sh"))
        assert len(scripts) == 5
        distinct |= {script.read_text(): script for script in scripts}

    done = subprocess.run(
        [SHELLCHECK, *map(str, distinct.values())], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout


HASH = re.compile(r"[0-9a-f]{64}")


@pytest.mark.parametrize("name", ["PROD-US", "aws.prod_1", "1e5", "0x1F.5", "1_000"])
def test_every_file_has_a_name_byte_for_byte(name: str):
    plain = ("zq" * 5)[: len(name)]

    def files_of_account(name: str) -> dict[str, str]:
        ecs = provider("ecs", account_name=f"{name}.ecs")
        chosen = (provider("ec2"), ecs, eks({"account_name": f"{name}.k8s"}))
        made = files_of(topology(managed(*chosen, name=name)))
        return {
            path.replace(name, plain): HASH.sub("", text).replace(name, plain)
            for path, text in made.items()
        }

    assert files_of_account(name) == files_of_account(plain)


def test_accounts_without_a_state_are_left_out():
    files = bundle_files(topology(core(), staging()), {"core": "verified"})

    assert not any("staging" in file.text for file in files)


@pytest.mark.parametrize(
    "bundled",
    [topology(), topology(managed()), topology(core())],
    ids=["no account", "no provider", "no state"],
)
def test_a_bundle_of_nothing_is_refused_in_a_sentence(bundled: Topology):
    states = {one.name: "verified" for one in bundled.managed if not one.providers}

    with pytest.raises(EmptyBundle, match="at least one verified account"):
        bundle_files(bundled, states)


def test_the_manifest_names_accounts_states_and_digests():
    states = {"core": "verified", "staging": "evaluated"}
    files = bundle_files(with_every_provider(), states)
    text = {file.path: file.content for file in files}

    manifest = json.loads(text.pop("manifest.json"))

    assert manifest["accounts"][1] == {
        "name": "staging",
        "account_id": "922222222222",
        "providers": ["ec2", "ecs", "lambda", "eks"],
        "state": "evaluated",
    }
    assert manifest["bowline"] == VERSION
    assert manifest["managing"]["account_id"] == "911111111111"
    assert manifest["files"] == [
        {
            "path": path,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for path, content in text.items()
    ]


def test_nothing_tells_the_day_or_the_revision():
    assert files_of(with_every_provider()) == files_of(with_every_provider())


# The zip


def test_the_zip_holds_the_files_in_order_with_their_modes():
    files = [File("b.sh", "x", executable=True), File("a/ü.txt", "ä")]

    with zipfile.ZipFile(io.BytesIO(zipped(files))) as archive:
        infos = archive.infolist()
        texts = [archive.read(info).decode() for info in infos]

    assert [info.filename for info in infos] == ["b.sh", "a/ü.txt"]
    assert [info.external_attr >> 16 for info in infos] == [0o100755, 0o100644]
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert texts == ["x", "ä"]


def test_a_listing_has_path_size_in_bytes_and_digest():
    (entry,) = file_list([File("a", "ä")])

    assert entry == {
        "path": "a",
        "size": 2,
        "sha256": hashlib.sha256("ä".encode()).hexdigest(),
    }


DIGEST = """
import hashlib, django
django.setup()
from tests.bundles import with_every_provider
from onboarding.spinnaker.bundle import bundle_files
from onboarding.spinnaker.bundle.archive import zipped
states = {"core": "verified", "staging": "verified"}
content = zipped(bundle_files(with_every_provider(bakes=True), states))
print(hashlib.sha256(content).hexdigest())
"""


def test_the_zip_has_the_same_bytes_in_every_process():
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "PYTHONHASHSEED": seed,
                "TZ": zone,
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }

    assert len(digests) == 1


# Size


def many(number: int) -> Topology:
    every = (provider("ec2"), provider("ecs"), provider("lambda"))
    return topology(
        *(
            managed(
                *(every if n % 20 else (*every, eks())),
                name=f"account-{n}",
                account_id=f"{n:012}",
            )
            for n in range(number)
        ),
        organization="o-a1b2c3d4e5",
    )


def zip_of(bundled: Topology) -> bytes:
    states = {one.name: "verified" for one in bundled.managed}
    return zipped(bundle_files(bundled, states))


def test_twice_as_many_accounts_take_twice_the_work():
    topologies = {number: many(number) for number in (100, 200)}

    assert_it_grows_as_much(lambda number: zip_of(topologies[number]), at=100)


def test_size_and_memory_stay_within_bounds():
    bundled = many(1_000)

    tracemalloc.start()
    content = zip_of(bundled)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 30_000_000  # and so 300 MB for ten thousand
    assert len(content) < 500_000
