"""verify.sh, run by bash as Spinnaker's identity against an AWS that enforces IAM."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from onboarding.desired import desired_in
from onboarding.resources.kinds import Role
from onboarding.topology import ExistingIdentity, Topology
from tests import aws_cli
from tests.bundles import eks, files_of, unpacked
from tests.factories import managed, provider, topology

SPINNAKER, DEV, PROD = "711111111111", "722222222222", "733333333333"


def installation(**fields: Any) -> Topology:
    dev = managed(provider("ec2"), name="dev", account_id=DEV, external_id="e 1")
    prod = managed(provider("ec2"), name="prod", account_id=PROD)
    bowline = f"arn:aws:iam::{SPINNAKER}:root"
    return topology(dev, prod, account_id=SPINNAKER, bowline=bowline, **fields)


def iam(endpoint: str, account: str) -> Any:
    return boto3.client(
        "iam",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="root",
    )


@pytest.fixture(scope="module")
def spinnaker(emulator: str) -> dict[str, str]:
    """Make the roles of the installation, and give the identity's environment."""
    for account in (SPINNAKER, DEV, PROD):
        client = iam(emulator, account)
        for resource in desired_in(installation(), account):
            if isinstance(resource, Role):
                client.create_role(
                    RoleName=resource.name,
                    AssumeRolePolicyDocument=json.dumps(resource.trust.document),
                )
    may_assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    iam(emulator, SPINNAKER).put_role_policy(
        RoleName="SpinnakerAuthRole",
        PolicyName="assume",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may_assume]}),
    )
    sts = boto3.client(
        "sts",
        endpoint_url=emulator,
        region_name="us-east-1",
        aws_access_key_id=SPINNAKER,
        aws_secret_access_key="root",
    )
    keys = sts.assume_role(
        RoleArn=f"arn:aws:iam::{SPINNAKER}:role/SpinnakerAuthRole",
        RoleSessionName="i-0123",
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "AWS_ENDPOINT_URL": emulator,
    }


class Verification:
    """An unpacked bundle, and a host with an aws command and Spinnaker's identity."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.bundle = folder / "bundle"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.environment = environment
        script = f'exec {sys.executable} {aws_cli.__file__} "$@"\n'
        self.program("aws", f"#!/bin/sh\n{script}")

        for used in ("bash", "cat", "env", "grep", "mktemp", "rm", "sh", "tr"):
            (self.bin / used).symlink_to(shutil.which(used) or "")

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(
        self, bundled: Topology, *words: str, **changed: str
    ) -> subprocess.CompletedProcess[str]:
        unpacked(bundled, self.bundle)
        return subprocess.run(
            ["bash", str(self.bundle / "verify.sh"), *words],
            env={"PATH": str(self.bin), "HOME": "/", **self.environment, **changed},
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture
def verification(tmp_path: Path, spinnaker: dict[str, str]) -> Verification:
    return Verification(tmp_path, spinnaker)


def test_it_proves_each_chain(verification: Verification):
    done = verification.run(installation())

    role = f"arn:aws:iam::{DEV}:role/spinnakerManaged in account {DEV}"
    assert f"dev: passed. Spinnaker becomes {role}." in done.stdout
    assert done.stdout.endswith("2 passed, 0 failed.\n")
    assert done.returncode == 0


def test_it_proves_the_named_accounts_only(verification: Verification):
    done = verification.run(installation(), "prod")

    assert "dev" not in done.stdout
    assert done.stdout.endswith("1 passed, 0 failed.\n")


def test_it_fails_for_an_account_that_is_not_there(verification: Verification):
    assert verification.run(installation(), "nowhere").returncode == 1


def test_a_role_that_cannot_be_assumed_is_told_with_aws_own_words(
    verification: Verification,
):
    stranger = managed(provider("ec2"), name="x", account_id="744444444444")
    bundled = installation()
    bundled = topology(
        *bundled.managed, stranger, account_id=SPINNAKER, bowline="arn:aws:iam::1:root"
    )

    done = verification.run(bundled)

    assert done.returncode == 1
    assert "x: FAILED. Spinnaker cannot become" in done.stderr
    assert "AccessDenied" in done.stderr
    assert "dev: passed" in done.stdout


def test_a_trust_that_takes_any_external_id_is_not_proved(verification: Verification):
    prod = managed(provider("ec2"), name="p", account_id=PROD, external_id="e-1")

    done = verification.run(topology(prod, account_id=SPINNAKER))

    assert done.returncode == 1
    assert "takes a wrong external ID too" in done.stderr


def test_it_never_shows_a_credential_not_even_in_a_trace(
    verification: Verification, spinnaker: dict[str, str]
):
    unpacked(installation(), verification.bundle)
    done = subprocess.run(
        ["bash", "-x", str(verification.bundle / "verify.sh")],
        env={"PATH": str(verification.bin), **spinnaker},
        capture_output=True,
        text=True,
    )

    shown = done.stdout + done.stderr
    assert "2 passed" in shown
    assert "ASIA" not in shown
    assert spinnaker["AWS_SESSION_TOKEN"] not in shown


def test_another_identity_proves_nothing(verification: Verification):
    root = {"AWS_ACCESS_KEY_ID": SPINNAKER, "AWS_SESSION_TOKEN": ""}

    done = verification.run(installation(), **root)

    assert done.returncode == 1
    assert "Run this where Clouddriver runs, or where kubectl" in done.stderr
    assert "passed" not in done.stdout


def test_an_existing_user_may_be_the_identity():
    arn = "arn:aws:iam::911111111111:user/ci/spinnaker"
    text = files_of(topology(managed(provider("ec2")), identity=ExistingIdentity(arn)))[
        "verify.sh"
    ]

    assert f"identity {arn} 911111111111 spinnaker\n" in text


def test_it_says_so_where_there_is_no_aws_command(verification: Verification):
    (verification.bin / "aws").unlink()

    done = verification.run(installation())

    assert done.returncode == 1
    assert "There is no aws command here." in done.stderr


def test_a_role_outside_partition_aws_is_asked_of_its_own_sts():
    text = files_of(topology(managed(provider("ec2")), partition="aws-us-gov"))

    assert "region=us-gov-west-1\n" in text["verify.sh"]
    assert "arn:aws-us-gov:iam::922222222222:role/" in text["verify.sh"]


def test_values_are_quoted_for_the_shell():
    hostile = managed(provider("ec2"), external_id="$(id) it's")

    text = files_of(topology(hostile))["verify.sh"]

    assert "'$(id) it'\"'\"'s'" in text


KUBECTL = """\
#!/bin/sh
echo "$@" >>"$0.log"
grep server: "$2" >>"$0.log"
"""


@pytest.mark.parametrize(
    ("namespaces", "asked"),
    [
        ([], ["--all-namespaces"]),
        (["web", "jobs"], ["--namespace web", "--namespace jobs"]),
    ],
)
def test_a_cluster_is_asked_what_it_allows(
    verification: Verification, namespaces: list[str], asked: list[str]
):
    verification.program("kubectl", KUBECTL)
    bundled = topology(
        managed(eks({"namespaces": namespaces}), name="dev"), account_id=SPINNAKER
    )

    done = verification.run(bundled)

    assert done.returncode == 0, done.stderr
    calls = (verification.bin / "kubectl.log").read_text().splitlines()
    assert [call.split("pods ")[1] for call in calls[::2]] == asked
    assert {*calls[1::2]} == {'      server: "https://apps.eks.amazonaws.com"'}
    assert "dev-apps: passed" in done.stdout


def test_a_cluster_that_refuses_is_not_proved(verification: Verification):
    verification.program("kubectl", "#!/bin/sh\necho no such host >&2\nexit 1\n")
    bundled = topology(managed(eks(), name="dev"), account_id=SPINNAKER)

    done = verification.run(bundled)

    assert done.returncode == 1
    assert "dev-apps: FAILED. Spinnaker may not list pods" in done.stderr
    assert "no such host" in done.stderr


def test_a_cluster_is_not_proved_without_kubectl(verification: Verification):
    bundled = topology(managed(eks(), name="dev"), account_id=SPINNAKER)

    done = verification.run(bundled)

    assert done.returncode == 1
    assert "There is no kubectl here" in done.stderr


class Desk:
    """A person's machine, whose kubectl reaches Clouddriver in a pod, or does not."""

    def __init__(self, verification: Verification, folder: Path) -> None:
        self.pod = verification
        self.bin = folder / "desk"
        self.bin.mkdir()
        for used in ("bash", "cat", "mktemp", "rm", "sh", "tr"):
            (self.bin / used).symlink_to(shutil.which(used) or "")

    def has_kubectl(self, *, namespace: str, deployment: str) -> None:
        """Give it one that knows this deployment, and runs in its pod what it is told,
        with the pod's own programs and identity and nothing of the desk's.
        """
        inside = shlex.join(f"{k}={v}" for k, v in self.pod.environment.items())
        text = f"""\
#!/bin/sh
echo "$@" >>"$0.log"
if [ "$2" != {namespace} ]; then echo no such namespace >&2; exit 1; fi
case "$3 $4" in
  "get {deployment}") exit 0 ;;
  "get "*) echo "Error: deployments $4 not found" >&2; exit 1 ;;
esac
[ "$3 $4 $5 $6" = "exec -i {deployment} --" ] || exit 9
shift 6
cd / && exec {shutil.which("env")} -i PATH={self.pod.bin} {inside} "$@"
"""
        (self.bin / "kubectl").write_text(text)
        (self.bin / "kubectl").chmod(0o755)

    def run(self, *words: str, **own: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(self.pod.bundle / "verify.sh"), *words],
            env={"PATH": str(self.bin), **own},
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture
def desk(verification: Verification, tmp_path: Path) -> Desk:
    cluster = managed(eks(), name="web", account_id="755555555555")
    bundled = topology(*installation().managed, cluster, account_id=SPINNAKER)
    unpacked(bundled, verification.bundle)
    verification.program("kubectl", KUBECTL)
    return Desk(verification, tmp_path)


@pytest.mark.parametrize("name", ["deploy/clouddriver", "deploy/spin-clouddriver"])
def test_from_a_desk_it_runs_in_clouddrivers_pod_clusters_and_all(
    desk: Desk, name: str
):
    desk.has_kubectl(namespace="spinnaker", deployment=name)

    done = desk.run()

    assert done.returncode == 0, done.stderr
    assert "There is no aws command here. So " in done.stdout
    assert f"So {name} in namespace spinnaker verifies it." in done.stdout
    assert "web-apps: passed" in done.stdout
    assert done.stdout.endswith("3 passed, 0 failed.\n")


def test_from_a_desk_it_answers_as_it_does_in_the_pod(desk: Desk):
    desk.has_kubectl(namespace="spin", deployment="deploy/cd")
    desk.pod.program("kubectl", "#!/bin/sh\nexit 1\n")

    done = desk.run("--namespace", "spin", "--in", "deploy/cd", "web-apps")

    assert done.returncode == 1
    assert "web-apps: FAILED." in done.stderr
    assert done.stdout.endswith("0 passed, 1 failed.\n")


def test_with_a_persons_own_credentials_it_is_the_pod_that_proves(desk: Desk):
    desk.has_kubectl(namespace="spinnaker", deployment="deploy/clouddriver")
    (desk.bin / "aws").symlink_to(desk.pod.bin / "aws")
    root = {**desk.pod.environment, "AWS_ACCESS_KEY_ID": DEV, "AWS_SESSION_TOKEN": ""}

    done = desk.run("dev", **root)

    assert done.returncode == 0, done.stderr
    assert f"This host is arn:aws:iam::{DEV}:root, and Spinnaker runs as" in done.stdout
    assert done.stdout.endswith("1 passed, 0 failed.\n")


def test_where_kubectl_does_not_reach_the_pod_it_says_how_to_name_it(desk: Desk):
    desk.has_kubectl(namespace="other", deployment="deploy/clouddriver")

    done = desk.run()

    assert done.returncode == 1
    assert "kubectl does not reach Clouddriver's pod either: no such" in done.stderr
    assert "verify.sh --namespace NAME --in deploy/NAME" in done.stderr
    assert "passed" not in done.stdout


@pytest.mark.parametrize("reaches_a_pod", [False, True])
def test_nothing_is_proved_where_neither_desk_nor_pod_has_aws(
    desk: Desk, reaches_a_pod: bool
):
    if reaches_a_pod:
        desk.has_kubectl(namespace="spinnaker", deployment="deploy/clouddriver")
    (desk.pod.bin / "aws").unlink()

    done = desk.run()

    assert done.returncode == 1
    assert "There is no aws command here. Run this where Clouddriver" in done.stderr


@pytest.mark.skipif(not shutil.which("aws"), reason="the aws command is missing")
def test_it_works_with_the_real_aws_command(verification: Verification):
    (verification.bin / "aws").unlink()

    done = verification.run(
        installation(),
        PATH=os.environ["PATH"],
        HOME=os.environ["HOME"],
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("2 passed, 0 failed.\n")
