"""Grants on KMS keys: read, made and revoked by the account that they are for.

The key may be another account's; its policy must allow all three then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from onboarding.aws.client import AccountClient
from onboarding.aws.codes import NO_KEY
from onboarding.aws.errors import AwsError
from onboarding.desired.image_keys import key_policy_hint
from onboarding.resources.kinds import KeyGrant, Resource

if TYPE_CHECKING:
    from mypy_boto3_kms.type_defs import GrantListEntryTypeDef


def key_grant(client: AccountClient, wanted: KeyGrant) -> list[Resource]:
    """Read the grants of Bowline's name: two where a change was interrupted."""
    grants = grants_of(client, wanted, f"read {wanted.kind} {wanted.name}")
    found: list[Resource] = [
        replace(wanted, operations=tuple(sorted(grant["Operations"])))
        for grant in grants
    ]
    # The one that is not wanted comes last, and counts, so that it is revoked.
    return sorted(found, key=lambda grant: grant != wanted)


def grants_of(
    client: AccountClient, wanted: KeyGrant, doing: str
) -> list[GrantListEntryTypeDef]:
    """List a grantee's grants that carry Bowline's mark; none without the key.

    All are asked for: KMS may refuse to search for a grantee that does not exist yet.
    """
    try:
        with naming_the_key_policy(wanted):
            answer = client.call_all(
                client.kms(wanted.region).list_grants, doing, KeyId=wanted.key_arn
            )
    except AwsError as error:
        if error.code == NO_KEY:
            return []
        raise
    return [
        grant
        for grant in answer["Grants"]
        if grant.get("Name") == wanted.mark
        and grant.get("GranteePrincipal") == wanted.grantee
    ]


@contextmanager
def naming_the_key_policy(grant: KeyGrant) -> Iterator[None]:
    """Where AWS denies it, add what the owner of the key must allow."""
    try:
        yield
    except AwsError as error:
        if not error.denied or error.by_organization or not grant.crosses_accounts:
            raise
        hint = f"{error.hint} The key policy must also allow it. "
        raise error.hinting(hint + key_policy_hint(grant)) from error
