"""clouddriver/: the whole configuration, for installations without Halyard."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.formats.kubeconfig import KUBECONFIGS
from onboarding.spinnaker.bundle.formats.spring import clouddriver_yml
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.services.places import BESIDE_CLOUDDRIVER, Place
from onboarding.spinnaker.services.settings import file_of, settings
from onboarding.topology import Topology

WHERE = """
Put each kubernetes/NAME/kubeconfig.yml of the bundle at kubeconfigFile's path on every
host or pod that runs Clouddriver.
"""


def clouddriver(topology: Topology, entries: Entries) -> Iterator[File]:
    yield File(
        "clouddriver/clouddriver-local.yml",
        clouddriver_yml(
            topology, entries, Place.FILES, kubeconfigs=KUBECONFIGS, comment=WHERE
        ),
    )
    known = settings(topology.managing, entries, Place.FILES)
    for service in BESIDE_CLOUDDRIVER:
        if text := file_of(service, known):
            yield File(f"clouddriver/{service.file}", text)
