"""What a plan takes from Spinnaker, as a whole, and when a person confirms it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onboarding.desired.capacity import assume_policy
from onboarding.resources.entry_changes import OPEN_TO_ALL, EntryChange, entry_changes
from onboarding.resources.fingerprint import fingerprint
from onboarding.resources.kinds import MANAGING_PATH, Key, ManagedPolicy, Role
from onboarding.resources.plan import Create, Delete, Plan, PlannedChange, Update
from onboarding.resources.policy import Policy
from onboarding.resources.risks import Topic, allowed_by, lost_grants
from tests.factories import MANAGED_ID


def approve(*changes):
    return Plan(tuple(PlannedChange.of(change) for change in changes))


READ = ManagedPolicy(
    account=MANAGED_ID,
    name="Read",
    path="/bowline/managed/",
    document=Policy.allowing({"Action": "a:One", "Resource": "*"}),
)


def listing(*accounts, number=1, path=MANAGING_PATH):
    """Make one of the policies that list the roles that Spinnaker may assume."""
    roles = [
        f"arn:aws:iam::{one:012}:role/spinnakerManaged" if isinstance(one, int) else one
        for one in accounts
    ]
    name = "BowlineAssumeManaged" + (f"-{number}" if number > 1 else "")
    policy = assume_policy(roles)
    return ManagedPolicy(account=MANAGED_ID, name=name, path=path, document=policy)


FIVE = listing(1, 2, 3, 4, 5)


def test_what_spinnaker_can_no_longer_assume_is_confirmed_like_a_deletion():
    plan = approve(Update(FIVE, listing(1)), Delete(READ))
    gains, none = approve(Update(listing(1), FIVE)), approve(Create(READ))

    assert plan.deletions == (plan.changes[1],)
    assert [one.sentence for one in plan.to_confirm] == [
        "Deletes policy Read.",
        "Spinnaker loses 4 accounts: 000000000002, 000000000003, 000000000004 and "
        "1 more.",
    ]
    assert gains.to_confirm == none.to_confirm == ()


def test_a_whole_list_that_is_deleted_is_lost():
    plan = approve(Delete(listing(1)))

    topics = [one.topic for one in plan.to_confirm]

    assert topics == [Topic.DELETIONS, Topic.LOST]


def test_what_moves_between_the_policies_of_the_list_is_neither_lost_nor_gained():
    plan = approve(
        Update(listing(1, 2), listing(1, 9)),
        Create(listing(2, 3, number=2)),
        Delete(listing(3, number=3)),
    )

    said = {one.topic: one.sentence for one in plan.risks}

    assert said == {Topic.GAINED: "Spinnaker gains 1 account: 000000000009."}
    assert [one.topic for one in plan.to_confirm] == [Topic.DELETIONS]


def test_an_account_of_which_another_role_comes_is_not_lost_as_a_whole():
    other = "arn:aws:iam::000000000001:role/other"
    plan = approve(Update(listing(1), listing()), Create(listing(other, number=2)))

    assert [one.sentence for one in plan.to_confirm] == [
        "Can no longer assume 1 role: arn:aws:iam::000000000001:role/spinnakerManaged."
    ]


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        (listing("*"), listing(1), {"*"}),
        (listing("*", path="/"), listing(1, path="/"), set()),
        (listing(1), listing("*"), set()),
        (listing("*"), listing("*", 1), set()),
    ],
)
def test_every_role_at_once_is_lost_where_spinnakers_own_list_had_it(
    before, after, lost
):
    plan = approve(Update(before, after))

    assert plan.assumable.lost == lost
    assert bool(plan.to_confirm) == bool(lost)


@pytest.mark.parametrize(("listed", "many"), [(5, True), (12, False), (0, True)])
def test_losing_more_than_a_third_of_the_listed_roles_is_said(listed, many):
    plan = replace(approve(Update(FIVE, listing(1))), listed=listed)

    assert plan.loses_over_a_third == many
    assert not replace(approve(Create(READ)), listed=listed).loses_over_a_third


def role_accepting(*external_ids: str, **fields):
    asked = {"StringEquals": {"sts:ExternalId": [*external_ids]}}
    trust = Policy.allowing(
        {
            "Principal": {"AWS": "arn:aws:iam::911111111111:role/SpinnakerAuthRole"},
            "Action": "sts:AssumeRole",
            "Condition": asked if external_ids else {},
        }
    )
    return Role(account=MANAGED_ID, name="spinnakerManaged", trust=trust, **fields)


def test_an_external_id_that_is_replaced_at_once_is_a_loss():
    plan = approve(Update(role_accepting("a"), role_accepting("b")))

    (lost,) = plan.to_confirm
    assert (lost.topic, lost.accounts) == (Topic.LOST, (MANAGED_ID,))
    assert lost.sentence == (
        "The role no longer accepts the external ID that it accepts now: Spinnaker "
        "loses the account until it has the new one."
    )
    changes = [Update(role_accepting("a"), role_accepting("b"))]
    assert fingerprint(changes, {"b": "external ID"}) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [(("a",), ("a", "b")), (("a", "b"), ("b",)), ((), ("b",)), (("a",), ())],
)
def test_a_rotation_is_none(before, after):
    changes = [Update(role_accepting(*before), role_accepting(*after))]

    assert approve(*changes).to_confirm == ()
    assert fingerprint(changes, {"b": "external ID"})


def granting(name, *statements):
    return replace(READ, name=name, document=Policy.allowing(*statements))


def passing(*roles, service="ec2.amazonaws.com"):
    return {
        "Action": "iam:PassRole",
        "Resource": [f"arn:aws:iam::{MANAGED_ID}:role/{role}" for role in roles],
        "Condition": {"StringEquals": {"iam:PassedToService": service}},
    }


def narrowed(*changes):
    risks_of_plan = approve(*changes).risks
    return [one.sentence for one in risks_of_plan if one.topic is Topic.NARROWED]


def test_a_role_that_is_no_longer_passed_is_named():
    wide, narrow = granting("A", passing("app", "web")), granting("A", passing("app"))

    assert narrowed(Update(wide, narrow)) == [
        "No longer passes roles web to ec2.amazonaws.com."
    ]
    assert narrowed(Update(narrow, wide)) == []


def test_a_policy_that_is_deleted_names_the_roles_that_it_passed():
    statements = ({"Action": "a:One", "Resource": "*"}, passing("app"))
    stays = Update(granting("B"), granting("B", {"Action": "b:Two", "Resource": "*"}))

    assert narrowed(Delete(granting("A", *statements)), stays) == [
        "No longer passes roles app to ec2.amazonaws.com."
    ]
    assert narrowed(Delete(granting("A", *statements))) == []


def test_actions_that_are_no_longer_allowed_are_named():
    before = granting("A", {"Action": ["a:One", "a:Two"], "Resource": ["x", "y"]})
    after = granting("A", {"Action": "a:One", "Resource": "x"})

    assert narrowed(Update(before, after)) == [
        "No longer allows: a:Two.",
        "a:One: allowed on fewer resources, or on conditions.",
    ]


def test_what_moves_or_is_still_covered_is_not_lost():
    pass_app = passing("app")
    moved = (
        Update(granting("A", pass_app), granting("A", passing("web"))),
        Update(granting("B", passing("web")), granting("B", pass_app)),
    )
    covered = Update(
        granting("A", {"Action": "a:One", "Resource": "x"}),
        granting("A", {"Action": "A:*", "Resource": "*"}),
    )

    assert narrowed(*moved) == []
    assert narrowed(covered) == []
    assert narrowed(replace(covered, before=covered.after, after=covered.before)) == [
        "No longer allows: A:*."
    ]


def test_a_statement_with_many_parts_is_not_split():
    actions = [f"a:{number}" for number in range(100)]
    wide = {"Action": actions, "Resource": [f"r{number}" for number in range(100)]}
    key, after = READ.key, granting("A", {"Action": "b:Two", "Resource": "*"}).as_json()
    before = granting("A", wide).as_json()

    assert len([*allowed_by(before)]) == 100
    (risk,) = lost_grants([(key, before, after)])
    assert risk.sentence.startswith("No longer allows: a:0, a:1, ")


def entry(name: str = "staging", **fields: Any) -> dict[str, Any]:
    return {"provider": "aws", "name": name, **fields}


def test_what_differs_is_listed_and_what_is_dropped_comes_last():
    before = [entry("gone"), entry("same"), entry("edited", environment="staging")]
    after = [entry("edited", environment="production"), entry("same"), entry("new")]

    changes = entry_changes(before, after)

    assert [(one.verb, one.name) for one in changes] == [
        ("update", "edited"),
        ("create", "new"),
        ("delete", "gone"),
    ]


def test_one_name_of_two_providers_is_two_accounts():
    cluster = {"provider": "kubernetes", "name": "staging"}

    changes = entry_changes([entry()], [cluster])

    assert [(one.verb, one.provider) for one in changes] == [
        ("create", "kubernetes"),
        ("delete", "aws"),
    ]


EXECUTES = {"permissions": {"EXECUTE": ["ops"]}}
NO_GROUPS = {"permissions": {"read": [], "write": []}}
ALONE = {"carried": {"requiredGroupMembership": ["ops"]}}

FEW = {"permissions": {"read": ["developers"], "write": ["sre"]}}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (FEW, {"permissions": {"read": [], "write": ["sre"]}}, ["no longer see"]),
        (
            FEW,
            {"permissions": {"read": ["developers"], "write": []}},
            ["can no longer deploy to this account: sre."],
        ),
        (FEW, {"permissions": {"read": [], "write": []}}, ["Everyone in Spinnaker"]),
        (FEW, {"permissions": {}, "carried": EXECUTES}, ["no longer see", "deploy"]),
        (
            FEW,
            {"permissions": {"read": ["others"], "write": ["sre"]}},
            ["can no longer see this account: developers."],
        ),
        (FEW, {"permissions": {"read": ["developers", "all"], "write": ["sre"]}}, []),
        (
            {"regions": ["eu-west-1", "us-east-1"]},
            {"regions": ["us-east-1"]},
            ["no longer works in these Regions: eu-west-1."],
        ),
        (
            {"namespaces": ["apps", "web"]},
            {"namespaces": ["web"]},
            ["no longer works in these namespaces: apps."],
        ),
        ({"namespaces": ["apps"]}, {"namespaces": []}, ["every namespace"]),
        ({**ALONE, **NO_GROUPS}, NO_GROUPS, ["Everyone in Spinnaker can deploy"]),
        (ALONE, FEW, []),
        ({**ALONE, "key_pair": "a"}, {**ALONE, "key_pair": "b"}, []),
        ({"namespaces": []}, {"namespaces": ["apps"]}, []),
    ],
)
def test_what_opens_to_everybody_or_is_lost_is_a_risk_of_the_plan(before, after, said):
    plan = Plan(entries=(EntryChange(entry(**before), entry(**after)),))

    assert len(plan.risks) == len(said)
    for risk, words in zip(plan.risks, said, strict=True):
        assert words in risk.sentence
        assert risk.key.name == "staging"


def test_a_new_account_that_everybody_can_deploy_to_is_what_is_read_first():
    limited = entry("limited", **FEW)
    plan = Plan(
        changes=(deletion(),),
        entries=(
            EntryChange(None, entry(permissions={"read": [], "write": []})),
            EntryChange(None, entry("of-ecs", aws_account="limited")),
            EntryChange(None, limited),
        ),
    )

    first, second = plan.concerns

    assert first.topic is Topic.EVERYONE
    assert [risk.key.name for risk in first.risks] == ["staging"]
    assert first.risks[0].sentence == OPEN_TO_ALL
    assert second.topic is Topic.DELETIONS


def deletion():
    key = Key("9" * 12, "role", "old")
    return PlannedChange(key, "delete", "core", "", {}, None, frozenset(), frozenset())


def test_a_plan_of_entries_alone_is_a_plan():
    assert not Plan()
    assert Plan(entries=(EntryChange(None, entry()),))


def test_the_digest_of_a_plan_tells_entries_apart():
    one = Plan(entries=(EntryChange(None, entry(environment="staging")),))
    other = Plan(entries=(EntryChange(None, entry(environment="production")),))

    assert one.digest != other.digest != Plan().digest
    assert one.digest == Plan(entries=one.entries, fingerprint="not read").digest
