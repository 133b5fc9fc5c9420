"""Grants on KMS keys: made, found, changed and revoked in the emulated AWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.observe import observe
from onboarding.aws.session import Sessions
from onboarding.resources.kinds import KeyGrant
from onboarding.resources.plan import Create, Delete, Update, diff
from tests.onboarding.aws.field import FakeClock, Field, failing
from tests.onboarding.aws.wanted import key_grant


@pytest.fixture
def kms(field: Field) -> Any:
    return field.root(field.managed_id, "kms")


@pytest.fixture
def grant(field: Field) -> KeyGrant:
    return key_grant(field)


def standing(kms: Any, grant: KeyGrant) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kms.list_grants(KeyId=grant.key_arn)["Grants"]
    return found


def test_a_grant_is_made_under_bowlines_name(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    field.bring_about(field.reach, (grant,))

    (found,) = standing(kms, grant)
    assert found["GranteePrincipal"] == grant.grantee
    assert found["Operations"] == ["Decrypt", "DescribeKey"]
    assert found["Name"] == f"bowline/{grant.name}"


def test_what_was_made_is_found_as_it_was_wanted(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    field.bring_about(field.reach, (grant,))

    assert observe(field.sessions(), field.reach, (grant,)) == (grant,)


def test_making_it_twice_leaves_one(field: Field, kms: Any, grant: KeyGrant) -> None:
    for _ in range(2):
        apply(field.sessions(), field.reach, Create(grant))

    assert len(standing(kms, grant)) == 1


def test_a_grant_of_somebody_else_is_not_seen(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    kms.create_grant(
        KeyId=grant.key_arn, GranteePrincipal=grant.grantee, Operations=["Decrypt"]
    )

    assert observe(field.sessions(), field.reach, (grant,)) == ()


def test_all_grants_are_listed_however_many_pages_they_take(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    """KMS may refuse to search for a grantee that does not exist yet."""
    others = replace(grant, grantee="arn:aws:iam::333333333333:role/Other")
    for number in range(51):
        kms.create_grant(**{**others.request, "Name": f"other-{number}"})
    field.bring_about(field.reach, (grant,))
    sessions, asked = field.sessions(), []
    events = sessions.client(field.reach, "kms", "us-east-1").meta.events
    events.register(
        "provide-client-params.kms.ListGrants",
        lambda params, **_: asked.append(set(params)),
    )

    found = observe(sessions, field.reach, (grant,))

    assert found == (grant,)
    assert asked == [{"KeyId"}, {"KeyId", "Marker"}]


def test_the_mark_with_another_grantee_is_not_ones_own(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    """A role that was deleted is shown by its id, and a new one has other ids."""
    kms.create_grant(**{**grant.request, "GranteePrincipal": "AROAEXAMPLE"})

    assert observe(field.sessions(), field.reach, (grant,)) == ()


def test_other_operations_replace_the_grant(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    field.bring_about(field.reach, (grant,))
    wider = replace(grant, operations=("CreateGrant", "Decrypt"))

    field.bring_about(field.reach, (wider,))

    (found,) = standing(kms, grant)
    assert found["Operations"] == ["CreateGrant", "Decrypt"]


def test_a_change_that_was_killed_half_way_is_finished(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    wider = replace(grant, operations=("CreateGrant", "Decrypt"))
    field.bring_about(field.reach, (grant,))
    apply(field.sessions(), field.reach, Create(wider))

    observed = observe(field.sessions(), field.reach, (wider,))
    (change,) = diff((wider,), observed)
    apply(field.sessions(), field.reach, change)

    assert isinstance(change, Update)
    (found,) = standing(kms, grant)
    assert found["Operations"] == ["CreateGrant", "Decrypt"]


def test_a_grant_is_revoked_and_once_more_is_no_error(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    field.bring_about(field.reach, (grant,))

    for _ in range(2):
        apply(field.sessions(), field.reach, Delete(grant))

    assert standing(kms, grant) == []


def test_a_key_that_is_gone_holds_no_grant(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    gone = replace(grant, key_arn=grant.key_arn.replace("key/", "key/0"))

    assert observe(field.sessions(), field.reach, (gone,)) == ()


def test_a_key_that_is_gone_is_named_where_a_grant_is_wanted(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    gone = replace(grant, key_arn=grant.key_arn.replace("key/", "key/0"))

    with pytest.raises(AwsError) as error:
        apply(field.sessions(), field.reach, Create(gone))

    assert "Correct the image encryption keys" in error.value.hint


def test_listing_that_is_denied_is_not_taken_for_absence(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    sessions = field.sessions()
    client = sessions.client(field.reach, "kms", "us-east-1")
    failing(client, "ListGrants", "AccessDeniedException", "no", times=1)

    with pytest.raises(AwsError, match="AWS refused kms:ListGrants"):
        observe(sessions, field.reach, (grant,))


def reading(sessions: Sessions, field: Field, grant: KeyGrant) -> None:
    observe(sessions, field.reach, (grant,))


def making(sessions: Sessions, field: Field, grant: KeyGrant) -> None:
    apply(sessions, field.reach, Create(grant))


@pytest.mark.parametrize(
    ("act", "operation"), [(reading, "ListGrants"), (making, "CreateGrant")]
)
def test_where_another_accounts_key_is_denied_its_policy_is_what_to_change(
    field: Field, grant: KeyGrant, act: Callable[..., None], operation: str
) -> None:
    sessions, theirs = field.sessions(), field.managing_id
    elsewhere = replace(grant, key_arn=grant.key_arn.replace(field.managed_id, theirs))
    client = sessions.client(field.reach, "kms", "us-east-1")
    failing(client, operation, "AccessDeniedException", "no", times=1)

    with pytest.raises(AwsError) as error:
        act(sessions, field, elsewhere)

    assert error.value.denied
    assert f"Allow kms:{operation}" in error.value.hint
    assert f"As account {theirs}, add these statements" in error.value.hint


def test_where_the_organization_denies_it_no_key_policy_helps(
    field: Field, grant: KeyGrant
) -> None:
    sessions = field.sessions()
    elsewhere = replace(
        grant, key_arn=grant.key_arn.replace(field.managed_id, field.managing_id)
    )
    client = sessions.client(field.reach, "kms", "us-east-1")
    why = "with an explicit deny in a service control policy"
    failing(client, "ListGrants", "AccessDeniedException", why, times=1)

    with pytest.raises(AwsError) as error:
        observe(sessions, field.reach, (elsewhere,))

    assert "add these statements" not in error.value.hint


def test_it_waits_for_a_role_that_kms_does_not_know_yet(
    field: Field, kms: Any, grant: KeyGrant
) -> None:
    sessions, clock = field.sessions(), FakeClock()
    client = sessions.client(field.reach, "kms", "us-east-1")
    unknown = "ARN does not refer to a valid principal"
    failing(client, "CreateGrant", "InvalidArnException", unknown, times=2)

    apply(sessions, field.reach, Create(grant), clock=clock.clock)

    assert len(standing(kms, grant)) == 1
