"""What a bundle holds: one module for each output format, each a pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from onboarding.spinnaker.bundle.archive import File, manifest
from onboarding.spinnaker.bundle.contents import PROVIDERS, BundleAccounts
from onboarding.spinnaker.bundle.formats.clouddriver import clouddriver
from onboarding.spinnaker.bundle.formats.cloudformation.format import cloudformation
from onboarding.spinnaker.bundle.formats.halyard import halyard, removed
from onboarding.spinnaker.bundle.formats.kubernetes import kubernetes
from onboarding.spinnaker.bundle.formats.kustomize import kustomize
from onboarding.spinnaker.bundle.formats.operator import operator
from onboarding.spinnaker.bundle.formats.verify_script import verify_script
from onboarding.spinnaker.bundle.readme import readme
from onboarding.spinnaker.entries import Entries, entries, refuse_misread
from onboarding.topology import Topology

__all__ = ["FORMATS", "EmptyBundle", "File", "Format", "bundle_files"]

Format: TypeAlias = Callable[[Topology, Entries], Iterator[File]]

FORMATS: tuple[Format, ...] = (
    verify_script,
    halyard,
    clouddriver,
    kustomize,
    operator,
    kubernetes,
    cloudformation,
)

NOTHING = BundleAccounts()


class EmptyBundle(ValueError):
    """A bundle that would hold no account at all."""


def bundle_files(
    topology: Topology,
    states: Mapping[str, str],
    approved: Entries | None = None,
    before: BundleAccounts = NOTHING,
) -> tuple[File, ...]:
    """Write the bundle of the accounts that have a state, and of no others, with what
    was approved for Spinnaker; if that is not given, with what is described. What
    bundles had `before`, and this one has not, is to be removed from Spinnaker.
    """
    chosen = tuple(m for m in topology.managed if m.name in states)
    topology = replace(topology, managed=chosen)
    known = entries(topology) if approved is None else approved
    if not (known.aws or known.kubernetes):
        raise EmptyBundle(
            "A bundle needs at least one verified account that has a provider."
        )
    refuse_misread(known)
    known = replace(known, emptied=emptied(known, before))
    files = [file for format_ in FORMATS for file in format_(topology, known)]
    files += removed(known, before)
    files.insert(0, readme(topology, known, states, files))
    return (files[0], manifest(topology, states, files), *files[1:])


def emptied(known: Entries, before: BundleAccounts) -> tuple[str, ...]:
    now = {"aws": known.aws, "ecs": known.ecs, "kubernetes": known.kubernetes}
    return tuple(name for name in PROVIDERS if before.of(name) and not now[name])
