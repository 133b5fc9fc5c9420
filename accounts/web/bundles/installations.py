"""The formats of a bundle in a sentence each, and what to do next with each way to run
Spinnaker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from onboarding.spinnaker.bundle.ways import WAYS, ShellCommand, Way, next_commands

FORMAT_SENTENCES = {
    "hal/": "Scripts that configure Halyard, check the configuration, or undo it.",
    "clouddriver/": (
        "Complete configuration files for Clouddriver, Orca, and Deck, for any "
        "installation without Halyard."
    ),
    "kustomize/": (
        "A component for spinnaker-kustomize that mounts those files next to yours."
    ),
    "operator/": "A patch for the Spinnaker Operator's SpinnakerService.",
    "kubernetes/": (
        "A kubeconfig without secrets for each EKS cluster, and the access that the "
        "cluster must allow."
    ),
    "aws/": "The roles and policies of each account, for review or to recreate them.",
    "verify.sh": "Tests each account and cluster from the host that Spinnaker runs on.",
    "manifest.json": "Lists the accounts, and every file with its SHA-256.",
}


class ExplainedFormat(NamedTuple):
    path: str
    says: str


class Installation(NamedTuple):
    """A way to run Spinnaker, and the commands that come next."""

    way: Way
    commands: tuple[ShellCommand, ...]

    @property
    def title(self) -> str:
        return self.way.title


def formats(paths: Iterable[str]) -> list[ExplainedFormat]:
    """Explain the formats that these files are of."""
    known = list(paths)
    return [
        ExplainedFormat(start, says)
        for start, says in FORMAT_SENTENCES.items()
        if any(path.startswith(start) for path in known)
    ]


def installations(
    filename: str, paths: Iterable[str], first: str = ""
) -> Iterator[Installation]:
    """Yield the ways that the bundle's files serve, and those that need no bundle; the
    one that was said first.
    """
    known = set(paths)
    folders = {path.split("/")[0] for path in known if "/" in path}
    for way in sorted(WAYS, key=lambda one: one.key != first):
        if not way.folder or way.folder in folders:
            yield Installation(way, tuple(next_commands(way, filename, known)))
