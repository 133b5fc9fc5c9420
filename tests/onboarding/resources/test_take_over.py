"""What a plan takes over of roles of before Bowline, and how another one undoes it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.resources.foreign import Foreign, with_removals
from onboarding.resources.kinds import (
    Attachment,
    InlinePolicy,
    InstanceProfile,
    Key,
    OwnerTag,
    Resource,
    Role,
)
from onboarding.resources.plan import Change, Create, Delete, Update, diff
from onboarding.resources.policy import Policy
from onboarding.resources.take_over import NOTHING, Done, TakeOver, is_take_over

ACCOUNT = "1" * 12
POWER_USER = "arn:aws:iam::aws:policy/PowerUserAccess"


def trusting(who: str) -> Policy:
    return Policy.allowing({"Principal": {"AWS": who}, "Action": "sts:AssumeRole"})


def serving(*services: str) -> Policy:
    names = [f"{one}.amazonaws.com" for one in services]
    return Policy.allowing(
        {"Principal": {"Service": names}, "Action": "sts:AssumeRole"}
    )


WANTED: tuple[Resource, ...] = (
    Role(account=ACCOUNT, name="managed", trust=trusting("222222222222")),
    Role(account=ACCOUNT, name="base", trust=serving("ec2")),
    InstanceProfile(account=ACCOUNT, name="base", role="base"),
)
PASS_AS_WRITTEN = {
    "Statement": {"Resource": ["*"], "Action": ["iam:PassRole"], "Effect": "Allow"}
}
PASS_ROLE = Policy.allowing({"Action": "iam:PassRole", "Resource": "*"})


def spelled(who: str) -> st.SearchStrategy[Policy]:
    """Write a trust policy as others do: AWS has it back as it was."""
    names = st.sampled_from([who, [who], [who, who]])
    principals = names.map(lambda one: {"AWS": one, "Service": ["ec2.amazonaws.com"]})
    return principals.map(
        lambda one: Policy.read(
            {
                "Id": "theirs",
                "Statement": {
                    "Action": ["sts:AssumeRole"],
                    "Principal": one,
                    "Effect": "Allow",
                },
            }
        )
    )


roles = st.builds(
    Role,
    account=st.just(ACCOUNT),
    name=st.sampled_from(["managed", "base"]),
    trust=st.sampled_from(["222222222222", "*"]).map(trusting)
    | st.sampled_from([serving("ec2"), serving("ec2", "lambda")]),
    boundary=st.sampled_from(["", "arn:aws:iam::aws:policy/Cap"]),
) | st.builds(
    Role,
    account=st.just(ACCOUNT),
    name=st.sampled_from(["managed", "base"]),
    trust=st.sampled_from(["222222222222", "*"]).flatmap(spelled)
    | st.sampled_from([serving("ec2"), serving("ec2", "lambda")]),
    boundary=st.sampled_from(["", "arn:aws:iam::aws:policy/Cap"]),
    other_tag=st.sampled_from(["", "managed-by=terraform", "Managed-By=a=b"]),
    owned=st.just(False),
)
profiles = st.builds(
    InstanceProfile,
    account=st.just(ACCOUNT),
    name=st.just("base"),
    role=st.sampled_from(["base", "other", ""]),
    owned=st.booleans(),
).map(lambda one: one if one.owned else replace(one, other_tag="Managed-by=team"))
policies = st.one_of(
    st.builds(
        Attachment,
        account=st.just(ACCOUNT),
        holder=st.sampled_from(["managed", "base"]),
        policy_arn=st.sampled_from([POWER_USER, "arn:aws:iam::aws:policy/Other"]),
        owned=st.just(False),
    ),
    st.builds(
        InlinePolicy,
        account=st.just(ACCOUNT),
        role=st.sampled_from(["managed", "base"]),
        policy=st.sampled_from(["PassRole", "Theirs"]),
        document=st.sampled_from([PASS_ROLE, Policy.read(PASS_AS_WRITTEN)]),
        owned=st.just(False),
    ),
)
Found = dict[Key, Resource]


@st.composite
def found(draw: Any) -> Found:
    """Draw roles as people left them; policies are on roles that are there."""
    there = draw(st.lists(st.one_of(roles, profiles), unique_by=lambda one: one.key))
    names = {one.name for one in there if isinstance(one, Role)}
    held = draw(st.lists(policies, unique_by=lambda one: one.key))
    return {one.key: one for one in [*there, *held] if role_of(one) in {"", *names}}


def role_of(one: Resource) -> str:
    return one.role if isinstance(one, Attachment | InlinePolicy) else ""


def foreign_in(observed: Found, choice: TakeOver) -> tuple[Foreign, ...]:
    owned = {one.key: one for one in choice.owning(WANTED, observed.values())}
    found = (
        Foreign(
            one,
            PASS_ROLE,
            removable=owned[Key(ACCOUNT, Role.kind, one.role)].owned,
        )
        for one in observed.values()
        if isinstance(one, Attachment | InlinePolicy)
    )
    return choice.removing(found)


def changes(observed: Found, choice: TakeOver) -> tuple[Change, ...]:
    """List what a plan of an account that adopts its roles changes."""
    planned = (
        *diff(WANTED, choice.owning(WANTED, observed.values()), adopts=True),
        *choice.changes(WANTED, observed.values()),
    )
    return with_removals(planned, foreign_in(observed, choice))


def carried_out(observed: Found, made: tuple[Change, ...]) -> Found:
    now = dict(observed)
    for change in made:
        match change:
            case Create(OwnerTag() as tag) | Update(_, OwnerTag() as tag):
                whose = {"owned": not tag.instead, "other_tag": tag.instead}
                now[tag.tagged] = replace(now[tag.tagged], **whose)
            case Delete(OwnerTag() as tag):
                now[tag.tagged] = replace(now[tag.tagged], owned=False)
            case Create(after):
                now[after.key] = after
            case Update(_, after):
                whose = {"owned": now[after.key].owned}
                if isinstance(after, Role | InstanceProfile):
                    whose["other_tag"] = now[after.key].other_tag
                now[after.key] = replace(after, **whose)
            case Delete(before):
                del now[before.key]
    return now


def done(made: tuple[Change, ...]) -> tuple[Done, ...]:
    steps = (Done(one.resource.key, one.verb, one.documents[0]) for one in made)
    return tuple(reversed(list(steps)))


def as_it_is(observed: Found) -> list[tuple[Any, ...]]:
    """Tell things apart by whose they are, and by each letter of what others wrote."""
    return [
        (one.key, one.as_found())
        if isinstance(one, Attachment | InlinePolicy)
        else (one.key, one.as_found(), one.owned, getattr(one, "other_tag", ""))
        for one in sorted(observed.values(), key=lambda one: one.key)
    ]


choices = st.builds(
    TakeOver,
    detaches=st.sets(
        st.sampled_from(
            [
                Foreign(Attachment(account=ACCOUNT, holder=h, policy_arn=p), PASS_ROLE)
                for h in ("managed", "base")
                for p in (POWER_USER, "arn:aws:iam::aws:policy/Other")
            ]
        ).map(lambda one: one.alike)
    ).map(frozenset),
    trust=st.booleans(),
    owns=st.booleans(),
    services_trust=st.booleans(),
)


@given(found(), choices)
def test_an_undo_puts_back_what_was_there(observed: Found, choice: TakeOver) -> None:
    regular = changes(observed, NOTHING)
    before = carried_out(observed, regular)
    made = changes(before, choice)
    taken = carried_out(before, made)

    back = changes(taken, TakeOver(undoes=done(made), undone_run=1))

    assert as_it_is(carried_out(taken, back)) == as_it_is(before)
    assert TakeOver(undoes=done(made)).puts_back(one.resource.key for one in back) or (
        not made
    )


@given(found(), choices)
def test_what_was_taken_over_is_not_planned_again(
    observed: Found, choice: TakeOver
) -> None:
    before = carried_out(observed, changes(observed, NOTHING))
    taken = carried_out(before, changes(before, choice))

    assert changes(taken, choice) == ()


@given(found(), choices)
def test_it_can_be_written_down(observed: Found, choice: TakeOver) -> None:
    made = changes(observed, choice)
    undo = TakeOver(undoes=done(made), undone_run=7)

    for one in (choice, undo):
        assert is_take_over(one.as_json())
        assert TakeOver.of(one.as_json()) == (one or NOTHING)


@pytest.mark.parametrize(
    "said", [{"trust": True}, {"detaches": 1}, [], "x", {"undoes": [[1]]}, None]
)
def test_what_it_did_not_write_is_none(said: Any) -> None:
    assert not is_take_over(said)


def test_roles_become_bowlines_with_all_that_it_wants() -> None:
    theirs = Role(account=ACCOUNT, name="managed", trust=trusting("*"), owned=False)
    wide = Attachment(
        account=ACCOUNT, holder="managed", policy_arn=POWER_USER, owned=False
    )
    observed = {one.key: one for one in (theirs, wide)}

    made = changes(observed, TakeOver(owns=True))

    said = [f"{one.verb} {one.resource.kind} {one.resource.name}" for one in made]
    assert said == [
        "update role managed",
        "create role base",
        "create instance profile base",
        "create owner tag role/managed",
        "delete attachment managed/PowerUserAccess",
    ]


def test_a_role_of_bowlines_is_changed_once() -> None:
    mine = Role(account=ACCOUNT, name="managed", trust=trusting("*"))

    made = changes({mine.key: mine}, TakeOver(trust=True))

    assert [one.verb for one in made if one.resource.key == mine.key] == ["update"]


MANAGED = Role(account=ACCOUNT, name="managed", trust=trusting("*"), owned=False)
BASE = Role(account=ACCOUNT, name="base", trust=serving("ec2", "lambda"), owned=False)
PROFILE = InstanceProfile(account=ACCOUNT, name="base", role="base", owned=False)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (TakeOver(trust=True), ["update role managed"]),
        (TakeOver(services_trust=True), ["update role base"]),
        (
            TakeOver(owns=True),
            [
                "update role managed",
                "create owner tag role/managed",
                "create owner tag instance profile/base",
            ],
        ),
        (
            TakeOver(owns=True, services_trust=True),
            [
                "update role managed",
                "update role base",
                "create owner tag role/managed",
                "create owner tag role/base",
                "create owner tag instance profile/base",
            ],
        ),
    ],
)
def test_the_trust_of_a_role_for_services_stays_unless_it_is_chosen(
    choice: TakeOver, said: list[str]
) -> None:
    made = changes({one.key: one for one in (MANAGED, BASE, PROFILE)}, choice)

    told = [f"{one.verb} {one.resource.kind} {one.resource.name}" for one in made]
    assert told == said


def test_a_role_for_services_with_the_wanted_trust_becomes_bowlines() -> None:
    base = replace(BASE, trust=serving("ec2"))

    made = changes({one.key: one for one in (MANAGED, base)}, TakeOver(owns=True))

    assert "role/base" in [one.resource.name for one in made]


def test_what_was_written_before_roles_for_services_were_apart_is_read() -> None:
    said = {**TakeOver(trust=True).as_json()}

    assert "services_trust" not in said
    assert is_take_over(said)


def test_what_bowline_made_is_never_undone() -> None:
    mine = Role(account=ACCOUNT, name="managed", trust=trusting("222222222222"))
    steps = [
        Done(mine.key, "update", {"trust": trusting("*").document, "boundary": ""}),
        Done(
            Key(ACCOUNT, "attachment", "managed/PowerUserAccess"),
            "delete",
            {"policy_arn": POWER_USER, "to_user": False},
        ),
    ]
    undo = TakeOver(undoes=tuple(steps))

    assert list(undo.changes(WANTED, [mine])) == []


def test_an_identity_that_was_deleted_is_not_put_back() -> None:
    """IAM shows an ID in its place, and takes a document with that ID from nobody."""
    deleted, left = "AROAJ2UCCR6DPCEXAMPLE", "arn:aws:iam::222222222222:role/x"
    alone = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    statements = [
        {**alone, "Principal": {"AWS": [deleted, left]}},
        {**alone, "Principal": {"AWS": deleted, "Service": "ecs.amazonaws.com"}},
        {**alone, "Principal": {"AWS": [deleted]}},
        {**alone, "Principal": "*"},
    ]
    mine = Role(account=ACCOUNT, name="managed", trust=trusting(left), owned=False)
    was = {"trust": {"Statement": statements}, "boundary": ""}

    (change,) = TakeOver(undoes=(Done(mine.key, "update", was),)).changes((), [mine])

    assert change.documents[1] is not None
    assert json.loads(change.resource.trust.as_written)["Statement"] == [  # type: ignore[attr-defined]
        {**alone, "Principal": {"AWS": [left]}},
        {**alone, "Principal": {"Service": "ecs.amazonaws.com"}},
        {**alone, "Principal": "*"},
    ]
    assert change.resource.reason.endswith("so it's without AROAJ2UCCR6DPCEXAMPLE.")


def test_a_role_that_only_deleted_identities_could_assume_keeps_its_trust() -> None:
    mine = Role(account=ACCOUNT, name="managed", trust=trusting("*"), owned=False)
    trust = trusting("AROAJ2UCCR6DPCEXAMPLE").document
    step = Done(mine.key, "update", {"trust": trust, "boundary": ""})

    assert list(TakeOver(undoes=(step,)).changes((), [mine])) == []


def test_the_tag_of_another_tool_is_read_before_it_is_replaced() -> None:
    theirs = Role(
        account=ACCOUNT,
        name="managed",
        trust=trusting("*"),
        owned=False,
        other_tag="Managed-By=terraform",
    )

    made = TakeOver(owns=True).changes(WANTED, [theirs])

    (tag,) = (one for one in made if isinstance(one.resource, OwnerTag))
    assert tag.verb == "update"
    assert "Managed-By=terraform says that something else" in tag.resource.reason


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (NOTHING, ""),
        (TakeOver(detaches=frozenset("a")), "Detach 1 policy of others"),
        (
            TakeOver(detaches=frozenset("ab"), trust=True),
            "Replace the trust policy. Detach 2 policies of others",
        ),
        (
            TakeOver(services_trust=True),
            "Replace the trust policies of roles for AWS's services",
        ),
        (TakeOver(owns=True), "Make the existing roles Bowline's"),
        (
            TakeOver(undoes=(Done(Key("1", "role", "r"), "update", {}),), undone_run=3),
            "Undo run 3",
        ),
    ],
)
def test_it_says_what_it_is_about(choice: TakeOver, sentence: str) -> None:
    assert choice.sentence == sentence
