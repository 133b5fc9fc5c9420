from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.desired import desired_in
from onboarding.resources.entry_changes import EntryChange
from onboarding.resources.kinds import (
    InstanceProfile,
    ManagedPolicy,
    Role,
)
from onboarding.resources.plan import (
    Create,
    Delete,
    NotOurs,
    Plan,
    PlannedChange,
    PlanOutdated,
    Update,
    WantedTwice,
    as_found,
    diff,
)
from onboarding.resources.policy import Policy
from onboarding.resources.risks import Topic
from tests.factories import MANAGED_ID, managed, provider, topology


def policy(*actions, name="Read", **fields):
    return ManagedPolicy(
        account=MANAGED_ID,
        name=name,
        path="/bowline/managed/",
        document=Policy.allowing({"Action": list(actions), "Resource": "*"}),
        **fields,
    )


ONE, TWO, THREE = policy("a:One"), policy("a:One", "a:Two"), policy("a:Three")
STRANGERS = policy("a:Other", owned=False)
ALL = desired_in(
    topology(managed(*(provider(k) for k in ("ec2", "ecs", "eks", "lambda")))),
    MANAGED_ID,
)


def approve(*changes):
    return Plan(tuple(PlannedChange.of(change) for change in changes))


def test_what_stands_as_wanted_needs_no_change():
    assert diff(ALL, ALL) == ()


def role(boundary):
    trust = Policy.of({"Statement": []})
    return Role(account=MANAGED_ID, name="R", trust=trust, boundary=boundary)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("arn:b", "The permissions boundary arn:b limits it."),
        ("", "No permissions boundary limits it."),
        ("arn:a", ""),
    ],
)
def test_a_boundary_that_was_found_is_said(found, said):
    assert as_found(Update(role(found), role("arn:a"))) == said


@pytest.mark.parametrize(("existing", "sweeps"), [(2, True), (3, False), (0, True)])
def test_deleting_more_than_a_third_of_what_exists_is_sweeping(existing, sweeps):
    deletion = PlannedChange.of(Delete(ONE))

    plan = Plan((deletion,), existing={MANAGED_ID: existing})

    assert plan.sweeping == ({MANAGED_ID: (deletion,)} if sweeps else {})


def test_what_is_missing_is_created_in_the_order_in_which_it_is_wanted():
    assert diff(ALL, []) == tuple(Create(resource) for resource in ALL)


def test_what_differs_is_updated():
    assert diff([TWO], [ONE]) == (Update(ONE, TWO),)


def test_what_nobody_wants_is_deleted():
    assert diff([], [ONE]) == (Delete(ONE),)


def test_deletion_takes_holders_after_what_they_hold():
    kinds = [change.resource.kind for change in diff([], ALL)]

    assert list(dict.fromkeys(kinds)) == [
        "cluster access",
        "service-linked role",
        "inline policy",
        "attachment",
        "policy",
        "instance profile",
        "role",
    ]


def test_a_rename_creates_before_it_deletes():
    other = policy("a:One", name="Other")

    assert diff([other], [ONE]) == (Create(other), Delete(ONE))


def test_a_strangers_thing_of_a_wanted_name_stops_the_plan():
    with pytest.raises(NotOurs, match="policy Read in account 922222222222") as error:
        diff([ONE], [STRANGERS])

    assert error.value.resource is STRANGERS


def test_a_strangers_thing_is_used_as_it_is_where_that_is_allowed():
    assert diff([ONE], [STRANGERS], adopts=True) == ()


def test_a_strangers_thing_that_is_right_already_is_left_as_it_is():
    assert diff([ONE], [replace(ONE, owned=False)]) == ()


def test_a_strangers_thing_is_never_deleted():
    assert diff([], [STRANGERS]) == ()


sides = st.dictionaries(
    st.sampled_from("abcd"), st.tuples(st.sampled_from("xy"), st.booleans())
)


@given(sides, sides, st.booleans())
def test_carrying_out_the_changes_leads_to_what_is_wanted(wanted, existing, adopts):
    """Names to what they are to be; of what exists, whether it is Bowline's."""
    desired = [policy(f"a:{text}", name=name) for name, (text, _) in wanted.items()]
    observed = [
        policy(f"a:{text}", name=name, owned=owned)
        for name, (text, owned) in existing.items()
    ]
    theirs = {name for name, (_, owned) in existing.items() if not owned}
    clashing = {
        name for name in theirs & set(wanted) if existing[name][0] != wanted[name][0]
    }
    if clashing and not adopts:
        with pytest.raises(NotOurs):
            diff(desired, observed)
        return

    changes = diff(desired, observed, adopts=adopts)

    world = {one.name: one for one in observed}
    for change in changes:
        name = change.resource.key.name
        assert name not in theirs
        assert (
            world.get(name) == change.before
            if change.verb != "create"
            else (name not in world)
        )
        world.pop(name, None)
        if change.verb != "delete":
            world[name] = change.after
    left = {name: text for name, (text, _) in existing.items() if name in theirs}
    expected = {name: text for name, (text, _) in wanted.items()} | left
    assert world == {
        name: policy(f"a:{text}", name=name, owned=name not in theirs)
        for name, text in expected.items()
    }
    assert len(changes) == len({change.resource.key for change in changes})


def test_one_name_for_two_things_is_refused():
    with pytest.raises(WantedTwice, match=r"policy Read .* another name"):
        diff([ONE, TWO], [])


def test_the_same_thing_wanted_by_two_is_created_once():
    assert diff([ONE, policy("a:One", reason="Two want it.")], []) == (Create(ONE),)


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (Create(ONE), None, ONE),
        (Update(ONE, TWO), ONE, TWO),
        (Delete(ONE), ONE, None),
    ],
)
def test_a_change_shows_what_stands_before_and_after(change, before, after):
    shown = tuple(resource and resource.as_json() for resource in (before, after))

    assert change.documents == shown


@pytest.mark.parametrize(
    ("change", "verb"),
    [(Create(ONE), "create"), (Update(TWO, ONE), "update"), (Delete(ONE), "delete")],
)
def test_a_change_has_a_verb_and_a_resource(change, verb):
    assert (change.verb, change.resource) == (verb, ONE)


@pytest.mark.parametrize(
    "change", [Create(ONE), Update(ONE, TWO), Update(TWO, ONE), Delete(ONE)]
)
def test_an_approved_change_is_carried_out(change):
    approve(change).refuse_unapproved([change])


@pytest.mark.parametrize(
    ("approved", "now"),
    [
        (Create(TWO), Create(THREE)),
        (Create(TWO), Delete(ONE)),
        (Update(ONE, TWO), Update(ONE, THREE)),
        (Update(ONE, TWO), Update(THREE, ONE)),
        (Update(ONE, TWO), Create(TWO)),
        (Update(ONE, TWO), Delete(ONE)),
        (Delete(ONE), Delete(TWO)),
        (Delete(ONE), Create(ONE)),
    ],
)
def test_a_change_beyond_what_was_approved_is_refused(approved, now):
    with pytest.raises(PlanOutdated, match=f"{now.verb} policy Read"):
        approve(approved).refuse_unapproved([now])


def test_a_change_of_another_thing_is_refused():
    other = Create(policy("a:One", name="Other"))

    with pytest.raises(PlanOutdated, match="create policy Other"):
        approve(Create(ONE)).refuse_unapproved([other])


@pytest.mark.parametrize(
    ("planned", "other"),
    [
        (Create(ONE), Create(policy("a:One", name="Other"))),
        (
            Update(ONE, TWO),
            Update(
                policy("a:One", name="Other"), policy("a:One", "a:Two", name="Other")
            ),
        ),
    ],
)
def test_a_planned_change_covers_no_other_thing(planned, other):
    assert not PlannedChange.of(planned).covers(other)


PROFILE = InstanceProfile(account=MANAGED_ID, name="base", role="base")


def test_a_profile_that_holds_another_role_is_not_the_one_to_delete():
    now = Delete(replace(PROFILE, role="other"))

    with pytest.raises(PlanOutdated, match="delete instance profile base"):
        approve(Delete(PROFILE)).refuse_unapproved([now])


@pytest.mark.parametrize(
    ("approved", "now"),
    [
        (Create(TWO), Update(ONE, TWO)),
        (Create(TWO), Update(THREE, TWO)),
        (Update(policy("a:Old"), TWO), Update(ONE, TWO)),
        (Delete(TWO), Delete(ONE)),
        (Delete(TWO), Update(TWO, ONE)),
        (Delete(PROFILE), Delete(replace(PROFILE, role=""))),
    ],
    ids=[
        "half of it stands",
        "a wrong half stands",
        "half is done",
        "half is gone",
        "half goes",
        "what it held is gone",
    ],
)
def test_an_interrupted_change_may_be_finished(approved, now):
    approve(approved).refuse_unapproved([now])


def test_what_others_added_meanwhile_does_not_outdate_a_plan():
    standing, ours, theirs = policy("a:1"), policy("a:1", "a:2"), policy("a:1", "a:3")
    all_three = policy("a:1", "a:2", "a:3")

    approve(Update(standing, ours)).refuse_unapproved([Update(theirs, all_three)])


def test_everything_unapproved_is_named():
    profile = Create(InstanceProfile(account=MANAGED_ID, name="base", role="base"))
    role = Create(Role(account=MANAGED_ID, name="base", trust=ONE.document))

    with pytest.raises(PlanOutdated, match="create instance profile base, create role"):
        Plan().refuse_unapproved([profile, role])


@pytest.mark.parametrize("side", ["removed", "added"])
def test_the_digest_of_a_plan_tells_approvals_of_the_same_documents_apart(side):
    change = PlannedChange.of(Update(ONE, TWO))
    other = replace(change, **{side: frozenset({"more"})})

    assert Plan((other,)).digest != Plan((change,)).digest


def test_a_plan_counts_its_changes_by_verb():
    plan = approve(Create(ONE), Create(TWO), Delete(THREE))

    assert plan.counts == {"create": 2, "update": 0, "delete": 1}
    assert [change.key.name for change in plan.deletions] == [THREE.name]


def test_a_plan_names_what_to_read_closely_with_its_change():
    plan = approve(Create(policy("ec2:RunInstances")))

    (risk,) = plan.risks

    assert risk.key == ONE.key
    assert risk.sentence == "Changes every resource: ec2:RunInstances."


def test_concerns_come_by_topic_deletions_first():
    plan = approve(Create(policy("ec2:RunInstances")), Delete(THREE))

    deletions, wildcards = plan.concerns

    assert deletions.topic is Topic.DELETIONS
    assert [risk.sentence for risk in deletions.risks] == [
        f"Deletes policy {THREE.name}."
    ]
    assert wildcards == (Topic.WILDCARDS, plan.risks)


def test_what_spinnaker_loses_is_among_the_deletions():
    entry = {"provider": "aws", "name": "staging"}
    limited = {**entry, "permissions": {"write": ["sre"]}}
    plan = Plan(entries=(EntryChange(entry, None), EntryChange(None, limited)))

    ((topic, (risk,)),) = plan.concerns

    assert plan.entry_counts == {"create": 1, "update": 0, "delete": 1}
    assert topic is Topic.DELETIONS
    assert risk.key == plan.entries[0].key
    assert "Spinnaker's account staging" in risk.sentence
