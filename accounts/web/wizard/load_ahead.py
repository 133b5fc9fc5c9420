"""What an account would add to the installation that the latest bundle describes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from accounts.models import Bundle
from onboarding.spinnaker.bundle.contents import BundleAccounts, accounts_in
from onboarding.spinnaker.bundle.formats.clouddriver import clouddriver
from onboarding.spinnaker.bundle.limits import Limit, both, limits, load, load_of
from onboarding.spinnaker.entries import Entries, WouldBeMisread, entries
from onboarding.topology import Topology

FILE = "clouddriver/clouddriver-local.yml"


class Ahead(NamedTuple):
    """The limits with the account in, and the bundle whose accounts were counted."""

    bundle: Bundle | None
    limits: tuple[Limit, ...]


def load_ahead(topology: Topology) -> Ahead:
    """Add the topology's one account to the latest bundle that is ready, where it is
    not in yet.
    """
    own = entries(topology)
    size = written_size(topology, own)
    expected = load(own)
    ready = Bundle.objects.built()
    latest = ready.order_by("-number").first()
    if latest:
        accounts = accounts_in(latest.archive)
        others = without(accounts, {one.name for one in own.aws})
        expected = both(load_of(others), expected)
        is_in = others != accounts
        size = size_in(latest) + (0 if is_in else size)
    return Ahead(latest, tuple(limits(expected, {FILE: size} if size else {})))


def written_size(topology: Topology, own: Entries) -> int:
    """Return the bytes of its part in Clouddriver's file; 0 where none is written."""
    try:
        files = clouddriver(topology, own)
        return sum(len(file.content) for file in files if file.path == FILE)
    except WouldBeMisread:  # the bundle will say so, and why
        return 0


def without(accounts: BundleAccounts, names: Collection[str]) -> BundleAccounts:
    """Leave out an AWS account, by whichever names Spinnaker knows it."""
    return replace(
        accounts,
        aws=tuple(a for a in accounts.aws if a["name"] not in names),
        ecs=tuple(a for a in accounts.ecs if a["awsAccount"] not in names),
    )


def size_in(bundle: Bundle) -> int:
    sizes: dict[str, int] = {file["path"]: file["size"] for file in bundle.files}
    return sizes.get(FILE, 0)
