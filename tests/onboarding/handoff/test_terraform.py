"""The Terraform modules: their shape, what they escape, and applied by Terraform.

Terraform runs where it is installed and a folder has hashicorp/aws, such as the one
that TERRAFORM_PLUGIN_DIR names: nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from onboarding.aws.observe import observe
from onboarding.desired import desired_in
from onboarding.handoff.hand_off import HandOffPackage, hand_off
from onboarding.resources.kinds import ServiceLinkedRole
from onboarding.resources.plan import diff
from onboarding.topology import READER_ROLE, Managed, Reach, Topology
from tests.bundles import eks, staging
from tests.factories import MANAGED_ID, MANAGING_ID, managed, managing, provider
from tests.onboarding.aws.field import Field, trusting

MIRRORS = (
    *(Path(one) for one in [os.environ.get("TERRAFORM_PLUGIN_DIR")] if one),
    Path.home() / ".terraform.d/plugins",
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/plugins"),
    *Path("/opt").glob("*"),
)
"""Where Terraform itself looks for providers, and where images keep them."""
AWS = "registry.terraform.io/hashicorp/aws"
PLUGINS = next((str(one) for one in MIRRORS if (one / AWS).is_dir()), "")
needs_terraform = pytest.mark.skipif(
    not (PLUGINS and shutil.which("terraform")),
    reason="needs terraform, and a folder with hashicorp/aws",
)
BOWLINE = f"arn:aws:iam::{MANAGING_ID}:user/bowline"
HOSTILE = "e'-\"${aws:username}%{if true}$(x)\\"
LOOKED_UP = re.compile(
    r"\$\{(data\.aws_caller_identity\.here\.account_id|jsonencode\(var\.external_id\)|"
    r"var\.service_linked_roles|each\.value|aws_iam_(?:role|policy)\.\w+\.(?:name|arn))\}"
)


def handed(account: Managed) -> HandOffPackage:
    return hand_off(managing(bowline=BOWLINE), account, reader=True)


def terraform_of(one: HandOffPackage) -> dict[str, Any]:
    return {
        file.path.removeprefix("terraform/"): json.loads(file.text)
        for file in one.files()
        if file.path.startswith("terraform/")
    }


def texts(value: Any) -> list[str]:
    match value:
        case dict():
            return [text for item in value.values() for text in texts(item)]
        case list():
            return [text for item in value for text in texts(item)]
        case str():
            return [value]
        case _:
            return []


def test_modules_have_no_provider_of_their_own() -> None:
    files = terraform_of(handed(staging(external_id="e-1")))

    assert set(files) == {
        "main.tf.json",
        "iam/main.tf.json",
        "us-east-1/main.tf.json",
        "imports.tf.json.example",
    }
    for path in ("iam/main.tf.json", "us-east-1/main.tf.json"):
        assert "provider" not in files[path]
        assert "backend" not in files[path]["terraform"]


def test_each_provider_refuses_other_accounts() -> None:
    clusters = eks({"name": "apps"}, {"name": "jobs", "region": "us-west-2"})

    root = terraform_of(handed(managed(clusters)))["main.tf.json"]

    providers = root["provider"]["aws"]
    assert [one["region"] for one in providers] == ["us-east-1", "us-west-2"]
    assert all(one["allowed_account_ids"] == [MANAGED_ID] for one in providers)
    assert root["module"]["us-west-2"]["providers"] == {"aws": "aws.us-west-2"}
    assert root["module"]["us-west-2"]["depends_on"] == ["module.iam"]


def test_nothing_but_what_is_meant_is_looked_up() -> None:
    account = staging(external_id=HOSTILE)

    files = terraform_of(handed(account))

    for path in ("iam/main.tf.json", "us-east-1/main.tf.json"):
        for text in texts(files[path]["resource"]):
            left = LOOKED_UP.sub("", text).replace("$${", "").replace("%%{", "")
            assert "${" not in left, text
            assert "%{" not in left, text


def test_the_external_id_is_a_variable() -> None:
    module = terraform_of(handed(staging(external_id=HOSTILE)))["iam/main.tf.json"]

    default = module["variable"]["external_id"]["default"]
    assert default == HOSTILE
    trust = module["resource"]["aws_iam_role"]["RoleSpinnakerManaged"]
    assert "${jsonencode(var.external_id)}" in trust["assume_role_policy"]


def test_service_linked_roles_are_created_only_where_asked_for() -> None:
    module = terraform_of(handed(staging()))["iam/main.tf.json"]

    assert module["variable"]["service_linked_roles"]["default"] == []
    linked = module["resource"]["aws_iam_service_linked_role"]["needed"]
    assert linked["for_each"] == "${var.service_linked_roles}"


def test_no_policy_has_a_description() -> None:
    module = terraform_of(handed(staging()))["iam/main.tf.json"]

    policies = module["resource"]["aws_iam_policy"].values()
    assert policies
    assert all("description" not in policy for policy in policies)


def test_what_exists_is_imported_by_the_ids_that_terraform_takes() -> None:
    example = terraform_of(handed(staging()))["imports.tf.json.example"]

    ids: dict[str, str] = {}
    for block in example["import"]:
        ids.setdefault(block["to"].split(".")[2], block["id"])
    owner = f"arn:aws:iam::{MANAGED_ID}:policy/bowline/managed/"
    assert ids["aws_iam_policy"].startswith(owner)
    assert ids["aws_iam_role"] == "spinnakerManaged"
    assert ids["aws_iam_role_policy"] == "spinnakerManaged:BowlinePassRole"
    assert ids["aws_iam_role_policy_attachment"].startswith(f"spinnakerManaged/{owner}")
    assert ids["aws_iam_instance_profile"] == "BaseIAMRole"


def unpacked(one: HandOffPackage, folder: Path) -> Path:
    """Write the files to disk, and return the folder of Terraform's."""
    for file in one.files():
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)
    return folder / "terraform"


class Terraform:
    """A folder's files, and Terraform without a network."""

    def __init__(self, root: Path, **environment: str) -> None:
        self.root = root
        self.environment = environment
        empty = root / "terraformrc"
        empty.touch()
        self.environment |= {
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(empty),
            "TF_IN_AUTOMATION": "1",
            "PATH": os.environ["PATH"],
            "HOME": str(root),
        }
        self("init", f"-plugin-dir={PLUGINS}")

    def __call__(self, *words: str) -> str:
        done = subprocess.run(
            ["terraform", *words, "-no-color"],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def account_of(field: Field) -> Managed:
    every = [provider(key) for key in ("ec2", "ecs", "lambda")]
    clusters = eks({"name": "apps", "arn": ""})
    return field.managed(*every, clusters, access_role="", external_id=HOSTILE)


def owner_of(field: Field) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": field.endpoint,
        "AWS_ACCESS_KEY_ID": field.managed_id,
        "AWS_SECRET_ACCESS_KEY": "any",
    }


def left(field: Field, account: Managed) -> tuple[set[type], bool]:
    """Return what of the account differs still, and whether all of it is ours."""
    wanted = desired_in(Topology(field.managing(), (account,)), account.account_id)
    observed = observe(field.sessions(), Reach(account.account_id, READER_ROLE), wanted)
    changes = diff(wanted, observed)
    return {type(one.resource) for one in changes}, all(one.owned for one in observed)


@pytest.mark.exhaustive(after=0)
@needs_terraform
def test_applied_it_leaves_nothing_to_change(
    field: Field, cluster: Any, tmp_path: Path
) -> None:
    account = account_of(field)
    one = hand_off(field.managing(), account, reader=True)
    terraform = Terraform(unpacked(one, tmp_path), **owner_of(field))

    terraform("apply", "-auto-approve")

    assert left(field, account) == ({ServiceLinkedRole}, True)
    entries = cluster.list_access_entries(clusterName="apps")["accessEntries"]
    assert field.managing().identity_arn in entries
    assert "No changes." in terraform("plan")


@pytest.mark.exhaustive(after=0)
@needs_terraform
@pytest.mark.exhaustive
def test_a_role_that_exists_is_imported_and_corrected(
    field: Field, cluster: Any, tmp_path: Path
) -> None:
    account = account_of(field)
    one = hand_off(field.managing(), account, reader=True)
    field.iam.create_role(
        RoleName="spinnakerManaged", AssumeRolePolicyDocument=trusting(field.bowline)
    )
    terraform = Terraform(unpacked(one, tmp_path), **owner_of(field))
    example = json.loads((terraform.root / "imports.tf.json.example").read_text())
    exists = [b for b in example["import"] if b["id"] == "spinnakerManaged"]
    imports = terraform.root / "imports.tf.json"
    imports.write_text(json.dumps({"import": exists}))

    said = terraform("apply", "-auto-approve")

    assert re.search(
        r"Apply complete! Resources: 1 imported, \d+ added, 1 changed", said
    )
    assert left(field, account) == ({ServiceLinkedRole}, True)
    # All of it exists now, so every block finds what it names.
    (terraform.root / "terraform.tfstate").unlink()
    imports.write_text(json.dumps(example))
    again = terraform("plan")
    assert f"{len(example['import'])} to import, 0 to add" in again
    assert "0 to destroy" in again
