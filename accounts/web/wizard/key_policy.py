"""What the review says of image keys whose policies must let an account grant them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from onboarding.desired.image_keys import (
    key_policy_need,
    key_policy_statements,
    key_policy_to_do,
)
from onboarding.resources.kinds import KeyGrant, Resource


class KeyPolicies(NamedTuple):
    """Sentences for each key of another account, and the statements that all need."""

    keys: list[tuple[str, str]]
    """What the key's policy must allow, and who adds the statements to it."""
    statements: list[dict[str, Any]]


def key_policies(made: Iterable[Resource]) -> KeyPolicies | None:
    """Say what to add where the account makes grants on keys of another one."""
    grants = [r for r in made if isinstance(r, KeyGrant) and r.crosses_accounts]
    if not grants:
        return None
    said = [(key_policy_need(grant), key_policy_to_do(grant)) for grant in grants]
    return KeyPolicies(said, key_policy_statements(grants[0]))
