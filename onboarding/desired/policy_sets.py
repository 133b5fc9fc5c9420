"""What came with each change to what roles are allowed, for people who take it or not.

One sentence more with every change of a document; a test pins the digest of each set.
"""

from __future__ import annotations

from typing import NamedTuple

POLICY_SETS = (
    "The first: only what Spinnaker's source calls, provider by provider, for reading "
    "and where it is chosen for deploying.",
    "Where images are baked with KMS keys, Packer may use each of them in its own "
    "Region only.",
)
"""The oldest first: an account on set 2 is missing what the third sentence says."""


class PolicySet(NamedTuple):
    number: int
    brings: str


def policy_sets_after(number: int) -> tuple[PolicySet, ...]:
    """List what came after that policy set, the oldest first."""
    sets = (PolicySet(*numbered) for numbered in enumerate(POLICY_SETS, start=1))
    return tuple(one for one in sets if one.number > number)
