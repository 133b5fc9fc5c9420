"""Which plans are the same: all but the account's own id and external ID."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.desired import desired_in
from onboarding.resources.entry_changes import entry_changes
from onboarding.resources.fingerprint import fingerprint
from onboarding.resources.kinds import Key, ManagedPolicy, Role
from onboarding.resources.plan import (
    Change,
    Create,
    Delete,
    NotRecommended,
    Update,
    diff,
)
from onboarding.resources.policy import Policy
from onboarding.resources.risks import Risk, Topic
from onboarding.spinnaker.entries import entry_documents
from onboarding.topology import Managed, Permissions
from tests.factories import (
    MANAGING_ID,
    image_key,
    managed,
    managing,
    provider,
    side_of,
    topology,
)

ONE, OTHER, THIRD = "222222222222", "333333333333", "444444444444"
EXTERNAL = {
    ONE: "b0a1c9f4-0000-4000-8000-000000000001",
    OTHER: "0c55d2aa-0000-4000-8000-000000000002",
}


def own(account_id: str) -> dict[str, str]:
    words = {account_id: "account id"}
    if account_id in EXTERNAL:
        words[EXTERNAL[account_id]] = "external ID"
    return words


def member(account_id: str, *keys: str, **fields: Any) -> Managed:
    chosen = (provider(key) for key in keys or ("ec2", "lambda"))
    plain = {"external_id": EXTERNAL.get(account_id, "")}
    return managed(*chosen, account_id=account_id, **{**plain, **fields})


def onboarding(account: Managed, **fields: Any) -> str:
    """Sign the plan of an account in which nothing stands, both sides."""
    whole = topology(account, **fields)
    sides = (*side_of(whole), *desired_in(whole, account.account_id))
    return fingerprint(diff(sides, ()), own(account.account_id))


def read_policy(account_id: str, *statements: dict[str, Any]) -> ManagedPolicy:
    return ManagedPolicy(
        account=account_id,
        name="Read",
        path="/bowline/managed/",
        document=Policy.allowing(*statements),
    )


def added(account_id: str, resource: str, *, action: str = "s3:GetObject") -> str:
    """Sign an update that adds one permission on that resource."""
    before = {"Action": "ec2:DescribeVpcs", "Resource": "*"}
    after = {"Action": action, "Resource": resource}
    old, new = read_policy(account_id, before), read_policy(account_id, before, after)
    return fingerprint([Update(old, new)], own(account_id))


@pytest.mark.parametrize("keys", [("ec2", "lambda"), ("ec2", "ecs", "eks", "lambda")])
def test_two_accounts_of_the_same_choices_have_the_same_plan(keys) -> None:
    fields = {"external_id": ""} if "ecs" in keys else {}

    one = onboarding(member(ONE, *keys, **fields))
    other = onboarding(member(OTHER, *keys, name="production", **fields))

    assert len(one) == 32
    assert one == other


def test_each_accounts_own_grant_on_a_key_is_the_same() -> None:
    keys = {"bakes": True, "image_keys": (image_key(),)}

    assert onboarding(member(ONE), **keys) == onboarding(member(OTHER), **keys)


@pytest.mark.parametrize(
    ("account", "fields"),
    [
        (member(OTHER, "ec2"), {}),
        (member(OTHER, external_id=""), {}),
        (member(OTHER), {"managed_role": "another"}),
        (member(OTHER), {"base_role": "another"}),
        (member(OTHER), {"boundary": f"arn:aws:iam::{MANAGING_ID}:policy/Most"}),
        (member(OTHER), {"bakes": True}),
        (member(MANAGING_ID, external_id=EXTERNAL[ONE]), {}),
    ],
    ids=[
        "provider",
        "external ID",
        "managed role",
        "base role",
        "boundary",
        "bakes",
        "the managing account",
    ],
)
def test_any_other_choice_makes_another_plan(account, fields) -> None:
    assert onboarding(account, **fields) != onboarding(member(ONE))


def test_a_cluster_in_another_region_makes_another_plan() -> None:
    plans = []
    for account_id, region in ((ONE, "us-east-1"), (OTHER, "us-west-2")):
        cluster = {"name": "apps", "region": region}
        eks = provider("eks", clusters=[cluster])
        plans.append(onboarding(managed(eks, account_id=account_id)))

    assert plans[0] != plans[1]


def joining(account_id: str, *standing: str) -> str:
    """Sign what the managing side changes for an account that joins these."""
    before = topology(*(member(one) for one in standing))
    after = topology(*(member(one) for one in (*standing, account_id)))
    changes = diff(side_of(after), side_of(before))
    assert [change.verb for change in changes] == ["update"]
    return fingerprint(changes, own(account_id))


def test_who_stands_already_is_no_part_of_what_an_account_adds() -> None:
    assert joining(ONE, THIRD) == joining(OTHER, THIRD, "5" * 12)


def test_letting_another_account_in_too_makes_another_plan() -> None:
    before = tuple(side_of(topology(member(THIRD))))
    after = topology(member(THIRD), member("5" * 12), member(ONE))

    both = fingerprint(diff(side_of(after), before), own(ONE))

    assert both != joining(OTHER, THIRD)


def test_what_goes_makes_another_plan() -> None:
    kept = {"Action": "ec2:DescribeVpcs", "Resource": "*"}
    gone = {"Action": "ec2:RunInstances", "Resource": "*"}
    new = {"Action": "ec2:DescribeSubnets", "Resource": "*"}
    after = read_policy(ONE, kept, new)

    adds = fingerprint([Update(read_policy(ONE, kept), after)], own(ONE))
    adds_and_takes = Update(read_policy(ONE, kept, gone), after)

    assert adds != fingerprint([adds_and_takes], own(ONE))


def test_an_own_id_within_another_word_is_no_own_id() -> None:
    plain = [added(x, f"arn:aws:s3:::{x}/*") for x in (ONE, OTHER)]
    glued = [added(x, f"arn:aws:s3:::logs-{x}/*") for x in (ONE, OTHER)]
    longer = [added(x, f"arn:aws:s3:::{x}0/*") for x in (ONE, OTHER)]

    assert plain[0] == plain[1]
    assert glued[0] != glued[1]
    assert longer[0] != longer[1]


words = st.lists(
    st.sampled_from(["{own}", "logs", ONE, OTHER, "logs-{own}", "{own}0"]), max_size=3
)


@given(words, words)
def test_texts_are_the_same_where_each_says_its_own_id(one, other) -> None:
    """An account's own id, whole between slashes, is the only word that may differ."""
    texts = [
        [word.format(own=account) for word in said]
        for account, said in ((ONE, one), (OTHER, other))
    ]
    meant = [
        ["own" if word == account else word for word in text]
        for account, text in zip((ONE, OTHER), texts, strict=True)
    ]

    signed = [
        added(account, "/".join(["arn:aws:s3:::b", *text]))
        for account, text in zip((ONE, OTHER), texts, strict=True)
    ]

    assert (signed[0] == signed[1]) is (meant[0] == meant[1])


def test_another_accounts_id_is_never_an_own_id() -> None:
    theirs = f"arn:aws:iam::{OTHER}:role/x"

    assert added(ONE, theirs) != added(OTHER, theirs)


def test_what_stands_for_a_word_cannot_be_written_in_a_document() -> None:
    forged = added(OTHER, "arn:aws:iam::\0account id\0:role/x")

    assert forged != added(ONE, f"arn:aws:iam::{ONE}:role/x")


def test_a_plan_that_deletes_anything_is_not_signed() -> None:
    resource = read_policy(ONE, {"Action": "ec2:DescribeVpcs", "Resource": "*"})
    changes: list[Change] = [Create(resource), Delete(resource)]

    assert fingerprint(changes[:1], own(ONE))
    assert fingerprint(changes, own(ONE)) == ""


def test_a_plan_by_which_spinnaker_loses_a_role_is_not_signed() -> None:
    def listing(*accounts: str) -> ManagedPolicy:
        roles = [f"arn:aws:iam::{one}:role/spinnakerManaged" for one in accounts]
        statement = {"Action": "sts:AssumeRole", "Resource": roles}
        return read_policy(MANAGING_ID, statement)

    loses = Update(listing(ONE, OTHER), listing(ONE))
    gains = Update(listing(ONE), listing(ONE, OTHER))

    assert fingerprint([loses], own(ONE)) == ""
    assert fingerprint([gains], own(ONE))
    assert fingerprint([loses], own(ONE), removes=True)


def test_what_is_discouraged_makes_another_plan() -> None:
    resource = read_policy(ONE, {"Action": "ec2:DescribeVpcs", "Resource": "*"})
    plain, other = (NotRecommended("EC2", text) for text in ("Costly.", "Public."))

    signed = {
        fingerprint([Create(resource)], own(ONE), not_recommended=some)
        for some in ((), (plain,), (other,))
    }

    assert len(signed) == 3


def test_the_managing_account_is_named_literally() -> None:
    elsewhere = managing(account_id=THIRD)
    whole = topology(member(OTHER), account_id=elsewhere.account_id)
    sides = (*side_of(whole), *desired_in(whole, OTHER))

    moved = fingerprint(diff(sides, ()), own(OTHER))

    assert moved != onboarding(member(ONE))


def telling(account: Managed, before: Managed | None = None) -> str:
    """Sign what Spinnaker is told of an account, and no change in AWS."""
    was, now = (
        entry_documents(topology(one)) if one else [] for one in (before, account)
    )
    return fingerprint(
        [], own(account.account_id), entry_changes(was, now), account.name
    )


def test_accounts_that_spinnaker_is_told_the_same_of_have_the_same_plan() -> None:
    keys = ("ecs", "eks")
    one = member(ONE, *keys, name="dev", external_id="")
    other = member(OTHER, *keys, name="prod", external_id="")

    assert telling(one) == telling(other) != ""


@pytest.mark.parametrize(
    "fields",
    [
        {"permissions": Permissions(write=("sre",))},
        {"regions": ("us-east-1",)},
        {"external_id": "0c55d2aa-0000-4000-8000-000000000003"},
    ],
)
def test_accounts_that_spinnaker_is_told_otherwise_of_have_other_plans(fields) -> None:
    one, other = member(ONE, name="dev"), member(OTHER, **{"name": "prod", **fields})

    assert telling(one) != telling(other)


def test_accounts_that_only_their_environment_tells_apart_have_the_same_plan() -> None:
    one, other = member(ONE, name="dev"), member(OTHER, name="prod", environment="eu")

    assert telling(one) == telling(other) != ""


def test_accounts_that_name_other_groups_of_spinnaker_have_the_same_plan() -> None:
    sre, team, nobody = (
        telling(member(account, permissions=Permissions(("all",), write)))
        for account, write in ((ONE, ("sre",)), (OTHER, ("team", "dev")), (ONE, ()))
    )

    assert sre == team != nobody


def test_a_change_of_the_environment_is_no_part_of_another_plan() -> None:
    before = member(ONE, name="dev", environment="dev")
    to_eu, to_us = (
        telling(replace(before, environment=name), before) for name in ("eu", "us")
    )

    assert to_eu != to_us


def test_an_edit_is_not_the_same_as_another_edit_to_the_same() -> None:
    after = member(ONE, permissions=Permissions(write=("sre",)))
    closes, opens = (
        telling(after, replace(after, permissions=Permissions(write=roles)))
        for roles in ((), ("sre", "developers"))
    )

    assert closes != opens


def test_a_plan_that_takes_an_account_from_spinnaker_is_not_signed() -> None:
    known = entry_documents(topology(member(ONE)))

    assert fingerprint([], own(ONE), entry_changes(known, ())) == ""


def removing(account: Managed) -> str:
    """Sign a removal, of what exists in AWS and of what Spinnaker knows."""
    whole = topology(account)
    changes = diff((), desired_in(whole, account.account_id))
    entries = entry_changes(entry_documents(whole), ())
    mine = own(account.account_id)
    return fingerprint(changes, mine, entries, account.name, removes=True)


def test_removals_that_delete_the_same_have_the_same_plan() -> None:
    one = member(ONE, "ecs", name="dev", external_id="")
    other = member(OTHER, "ecs", name="prod", external_id="")
    more = member(OTHER, "ecs", "lambda", name="prod", external_id="")

    assert removing(one) == removing(other) != ""
    assert removing(more) != removing(one)


def test_plans_are_the_same_only_where_the_same_others_can_assume_the_role() -> None:
    trust = Policy.allowing({"Principal": "*", "Action": "sts:AssumeRole"})
    role = Role(account=ONE, name="spinnakerManaged", trust=trust)

    def signed(account_id: str, *sentences: str) -> str:
        key = Key(account_id, "role", "spinnakerManaged")
        others = [Risk(key, Topic.OTHERS, sentence) for sentence in sentences]
        change = Create(replace(role, account=account_id))
        return fingerprint([change], own(account_id), others=others)

    said = "Every identity that account {} permits can assume it."
    assert signed(ONE, said.format(ONE)) == signed(OTHER, said.format(OTHER))
    assert signed(ONE, said.format(THIRD)) != signed(OTHER, said.format(OTHER))
    assert signed(ONE) != signed(ONE, said.format(THIRD))
    assert signed(ONE) == fingerprint([Create(role)], own(ONE))
