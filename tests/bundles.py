"""Bundles for tests: an account of every provider, and a bundle unpacked to disk."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from onboarding.delivery.switches import switches
from onboarding.providers.base import Provider
from onboarding.spinnaker.bundle import bundle_files
from onboarding.spinnaker.bundle.archive import zipped
from onboarding.spinnaker.bundle.contents import BundleAccounts, ever_in
from onboarding.spinnaker.entries import entries
from onboarding.spinnaker.services.places import Service
from onboarding.topology import Managed, Topology
from tests.factories import MANAGING_ID, managed, provider, topology

CA = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"


def eks(*clusters: dict[str, Any]) -> Provider:
    """Make an EKS provider whose clusters AWS has told everything about."""
    return provider("eks", clusters=[cluster(**c) for c in clusters or ({},)])


def cluster(**fields: Any) -> dict[str, Any]:
    name = fields.get("name", "apps")
    return {
        "name": name,
        "region": "us-east-1",
        "endpoint": f"https://{name}.eks.amazonaws.com",
        "certificate_authority": CA,
        "arn": f"arn:aws:eks:us-east-1:922222222222:cluster/{name}",
        **fields,
    }


def core(**fields: Any) -> Managed:
    """Make the managing account as a managed one."""
    return managed(
        provider("ec2"), **{"name": "core", "account_id": MANAGING_ID, **fields}
    )


def staging(**fields: Any) -> Managed:
    """Make an account with every provider."""
    every = (provider("ec2"), provider("ecs"), provider("lambda"), eks())
    return managed(*every, **fields)


def with_every_provider(**fields: Any) -> Topology:
    return topology(core(), staging(), **fields)


def files_of(bundled: Topology) -> dict[str, str]:
    """Map each path of the bundle to its text."""
    states = {one.name: "verified" for one in bundled.managed}
    return {file.path: file.text for file in bundle_files(bundled, states)}


def clouddriver_once(bundled: Topology, **options: Any) -> str:
    """Write what Clouddriver needs once, before accounts are delivered."""
    return switches(bundled.managing, entries(bundled), **options)[Service.CLOUDDRIVER]


def had_by(*bundles: Topology) -> BundleAccounts:
    """Return what bundles had, one after the other, the last one's zip says."""
    archive = b""
    for bundled in bundles:
        states = {one.name: "verified" for one in bundled.managed}
        before = ever_in(archive) if archive else BundleAccounts()
        archive = zipped(bundle_files(bundled, states, before=before))
    return ever_in(archive) if archive else BundleAccounts()


def unpacked(bundled: Topology, folder: Path, *earlier: Topology) -> Path:
    """Write the bundle's zip to disk as unzip does, modes and all."""
    states = {one.name: "verified" for one in bundled.managed}
    content = zipped(bundle_files(bundled, states, before=had_by(*earlier)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
        for info in archive.infolist():
            (folder / info.filename).chmod(info.external_attr >> 16 & 0o777)
    return folder
