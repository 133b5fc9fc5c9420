"""How a Spinnaker gets its accounts, and the three commands that come next with each
way: the page of a bundle, its README.md and the documentation say these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from onboarding.spinnaker.bundle.contents import REMOVED
from onboarding.spinnaker.bundle.formats.verify_script import COMMAND, WHERE

SECRETS = "operator/kubeconfigs.yml"
APPLY_HAL = "hal/apply.sh{prunes} && hal/profiles.sh && hal deploy apply"
COPY_COMPONENT = (
    "mkdir -p ../spinnaker-kustomize/components/bowline && "
    "cp -r kustomize/. ../spinnaker-kustomize/components/bowline/"
)
APPLY_TREE = "kubectl apply --server-side -k ../spinnaker-kustomize"
APPLY_SECRETS = f"kubectl -n spinnaker apply -f {SECRETS}"
PATCH = (
    "kubectl -n spinnaker patch spinsvc spinnaker --type merge "
    "--patch-file operator/spinnakerservice.yml"
)
COPY_FILES = "cp clouddriver/clouddriver-local.yml /opt/spinnaker/config/"
PLAN_DELIVERY = "python manage.py deliver --dry-run"
DELIVER = "python manage.py deliver --approve --yes"


class ShellCommand(NamedTuple):
    says: str
    line: str


VERIFICATION = ShellCommand(
    f"Verify that Spinnaker can access each account. {WHERE}", COMMAND
)


class Way(NamedTuple):
    """A way to run Spinnaker."""

    key: str
    title: str
    """As it ends “With …”."""
    choice: str
    folder: str = ""
    """What of a bundle serves it; empty: it needs no bundle."""


WAYS = (
    Way("halyard", "Halyard", "Halyard", "hal"),
    Way("kustomize", "spinnaker-kustomize", "spinnaker-kustomize", "kustomize"),
    Way("operator", "the operator", "The operator", "operator"),
    Way(
        "files",
        "your own files",
        "Own configuration files (clouddriver-local.yml)",
        "clouddriver",
    ),
    Way("live", "deliveries", "Bowline delivers to Gate, without a restart"),
)


def next_commands(
    way: Way, filename: str, paths: Collection[str]
) -> Iterator[ShellCommand]:
    """Yield what to run next, of the bundle with this name and these files."""
    unpack = f"unzip -o {filename} -d bowline && cd bowline"
    match way.key:
        case "halyard":
            prunes, removes = "", ""
            if REMOVED in paths:
                prunes = " --prune"
                removes = ", remove accounts that this bundle no longer has"
            yield ShellCommand("Unpack it on hal's host.", unpack)
            yield VERIFICATION
            yield ShellCommand(
                f"Configure Halyard, which makes a backup first{removes}, and deploy.",
                APPLY_HAL.format(prunes=prunes),
            )
        case "kustomize":
            yield ShellCommand("Unpack it next to your spinnaker-kustomize.", unpack)
            yield VERIFICATION
            yield ShellCommand(
                "Add components/bowline as the last of components: in its "
                "kustomization.yml (once), copy the component there, and deploy.",
                f"{COPY_COMPONENT} && {APPLY_TREE}",
            )
        case "operator":
            secrets = f"{APPLY_SECRETS} && " if SECRETS in paths else ""
            yield ShellCommand("Unpack it where kubectl reaches the cluster.", unpack)
            yield VERIFICATION
            yield ShellCommand(
                "Patch the SpinnakerService; README.md says what its lists hide.",
                f"{secrets}{PATCH}",
            )
        case "files":
            yield ShellCommand("Unpack it on Clouddriver's host.", unpack)
            yield VERIFICATION
            yield ShellCommand(
                "Copy each file to its service, as README.md says, and restart that. "
                "The file is whole: it hides accounts in a clouddriver-local.yml of "
                "yours.",
                COPY_FILES,
            )
        case "live":
            yield ShellCommand(
                "See what a delivery would change. Nothing is sent.", PLAN_DELIVERY
            )
            yield ShellCommand(
                "Deliver it, and wait until Spinnaker has loaded the accounts.", DELIVER
            )
