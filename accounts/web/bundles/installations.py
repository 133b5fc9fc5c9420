"""The formats of a bundle in a sentence each, and what to do next with each kind of
Spinnaker's installation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from onboarding.spinnaker.bundle.contents import REMOVED
from onboarding.spinnaker.bundle.formats.verify_script import COMMAND, WHERE

FORMAT_SENTENCES = {
    "hal/": "Scripts that configure Halyard, check it, or undo it.",
    "clouddriver/": (
        "Whole configuration files for Clouddriver, Orca and Deck, for any "
        "installation without Halyard."
    ),
    "kustomize/": (
        "A component for spinnaker-kustomize, which mounts those files next to yours."
    ),
    "operator/": "A patch of the operator's SpinnakerService.",
    "kubernetes/": (
        "A kubeconfig without secrets for each EKS cluster, and what the cluster "
        "must allow."
    ),
    "aws/": "The roles and policies of each account, to review or create again.",
    "verify.sh": "Proves each account and cluster from where Spinnaker runs.",
    "manifest.json": "Names the accounts, and every file with its SHA-256.",
}


class ExplainedFormat(NamedTuple):
    path: str
    says: str


class ShellCommand(NamedTuple):
    says: str
    line: str


class Installation(NamedTuple):
    """A kind of installation, and the three commands that come next."""

    title: str
    commands: tuple[ShellCommand, ...]


SECRETS = "operator/kubeconfigs.yml"
PROOF = ShellCommand(f"Prove that Spinnaker can access each account. {WHERE}", COMMAND)


def formats(paths: Iterable[str]) -> list[ExplainedFormat]:
    """Explain the formats that these files are of."""
    known = list(paths)
    return [
        ExplainedFormat(start, says)
        for start, says in FORMAT_SENTENCES.items()
        if any(path.startswith(start) for path in known)
    ]


def installations(filename: str, paths: Iterable[str]) -> Iterator[Installation]:
    """Yield the kinds of installation that the bundle's files serve."""
    known = set(paths)
    folders = {path.split("/")[0] for path in known if "/" in path}
    unpack = f"unzip -o {filename} -d bowline && cd bowline"
    host = ShellCommand("Unpack it on hal's host, over the previous one.", unpack)
    here = ShellCommand("Unpack it next to your spinnaker-kustomize.", unpack)
    if "hal" in folders:
        prunes, removes = "", ""
        if REMOVED in known:
            prunes = " --prune"
            removes = ", remove accounts that this bundle no longer has"
        apply = f"hal/apply.sh{prunes} && hal/profiles.sh && hal deploy apply"
        says = f"Configure Halyard, which makes a backup first{removes}, and deploy."
        yield Installation("Halyard", (host, PROOF, ShellCommand(says, apply)))
    if "kustomize" in folders:
        copy = (
            "mkdir -p ../spinnaker-kustomize/components/bowline && "
            "cp -r kustomize/. ../spinnaker-kustomize/components/bowline/ && "
            "kubectl apply --server-side -k ../spinnaker-kustomize"
        )
        says = (
            "Add components/bowline as the last of components: in its "
            "kustomization.yml (once), copy the component there, and deploy."
        )
        commands = (here, PROOF, ShellCommand(says, copy))
        yield Installation("spinnaker-kustomize", commands)
    if "operator" in folders:
        here = ShellCommand("Unpack it where kubectl reaches the cluster.", unpack)
        patch = (
            "kubectl -n spinnaker patch spinsvc spinnaker --type merge "
            "--patch-file operator/spinnakerservice.yml"
        )
        if SECRETS in known:
            patch = f"kubectl -n spinnaker apply -f {SECRETS} && {patch}"
        says = "Patch the SpinnakerService; README.md says what its lists hide."
        commands = (here, PROOF, ShellCommand(says, patch))
        yield Installation("the operator", commands)
