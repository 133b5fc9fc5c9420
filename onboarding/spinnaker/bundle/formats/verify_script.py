"""verify.sh: proves each chain as Spinnaker, with the aws CLI, also from outside.

It holds all that it needs, kubeconfigs too, since it is sent into the pod by itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from onboarding.partitions import Arn
from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.formats.kubeconfig import kubeconfig
from onboarding.spinnaker.entries import Entries
from onboarding.topology import SESSION_NAME, Topology

COMMAND = "./verify.sh"
WHERE = (
    "Run it on Clouddriver's host, or wherever kubectl reaches Clouddriver's pod: it "
    "then runs in there."
)
"""What the README and a bundle's page say of it."""

HEAD, TAIL = (
    (Path(__file__).parent / "verify.sh")
    .read_text(encoding="utf-8")
    .split("# the accounts\n", 1)
)


def verify_script(topology: Topology, entries: Entries) -> Iterator[File]:
    lines = "\n".join(calls(topology, entries))
    yield File("verify.sh", f"{HEAD}{lines}\n{TAIL}", executable=True)


def calls(topology: Topology, entries: Entries) -> Iterator[str]:
    """Yield one call of the script's own functions a line, every word quoted."""
    managing = topology.managing
    arn = managing.identity_arn
    yield f"region={shlex.quote(managing.aws.home_region)}"
    yield shlex.join(("identity", arn, managing.account_id, Arn.of(arn).name))
    for entry in entries.aws:
        role = entry.assume_role
        if not Arn.of(role).partition:
            role = managing.arn("iam", entry.account_id, role)
        own = (entry.session_name,) if entry.session_name != SESSION_NAME else ()
        yield shlex.join(
            ("account", entry.name, entry.account_id, role, entry.external_id, *own)
        )
    for cluster in entries.kubernetes:
        call = shlex.join(("cluster", cluster.name, *cluster.namespaces))
        yield f"{call} <<'KUBECONFIG'\n{kubeconfig(cluster)}KUBECONFIG"
