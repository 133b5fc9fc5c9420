"""clouddriver/: the whole configuration, for installations without Halyard."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.formats.deck import settings_js
from onboarding.spinnaker.bundle.formats.kubeconfig import KUBECONFIGS
from onboarding.spinnaker.bundle.formats.spring import clouddriver_yml, orca_yml
from onboarding.spinnaker.entries import Entries
from onboarding.topology import Topology

WHERE = """
Put each kubernetes/NAME/kubeconfig.yml of the bundle at kubeconfigFile's path on every
host or pod that runs Clouddriver.
"""


def clouddriver(topology: Topology, entries: Entries) -> Iterator[File]:
    files = {
        "clouddriver-local.yml": clouddriver_yml(
            topology, entries, kubeconfigs=KUBECONFIGS, comment=WHERE
        ),
        "orca-local.yml": orca_yml(entries),
        "settings-local.js": settings_js(entries, whole=True),
    }
    for name, text in files.items():
        if text:
            yield File(f"clouddriver/{name}", text)
