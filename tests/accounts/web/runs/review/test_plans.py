"""A plan as it is reviewed: where each change is, and what to read first."""

from __future__ import annotations

from typing import Any

from accounts.web.runs.review.cards import Card, Line
from accounts.web.runs.review.plans import MANAGED, MANAGING, Review, review
from onboarding.desired.managed import managed_side
from onboarding.resources.entry_changes import EntryChange
from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import MANAGING_PATH, Attachment, Key
from onboarding.resources.plan import NotRecommended, Plan, PlannedChange, diff
from onboarding.topology import Managed
from tests.factories import (
    MANAGED_ID,
    MANAGING_ID,
    managed,
    managing,
    provider,
    side_of,
    topology,
)


def plan_for(account: Managed, **fields: Any) -> Plan:
    """Plan everything of an account and of its managing account, from nothing."""
    whole = topology(account)
    changes = [
        *(PlannedChange.of(change, "core") for change in diff(side_of(whole), ())),
        *(
            PlannedChange.of(change, account.name)
            for change in diff(managed_side(managing(), account), ())
        ),
    ]
    return Plan(tuple(changes), **fields)


def laid_out(*keys: str, **fields: Any) -> Review:
    account = managed(*(provider(key) for key in keys), **fields)
    return review(plan_for(account), account.name)


def sections(shown: Review, side: str) -> dict[str, list[str]]:
    (group,) = (group for group in shown.groups if group.side == side)
    return {
        section.title: [card.key.name for card in section.cards]
        for section in group.sections
    }


def test_changes_are_grouped_by_account_side_and_role():
    shown = laid_out("ec2", "ecs", "eks")

    assert [(g.title, g.side) for g in shown.groups] == [
        ("core", MANAGING),
        ("staging", MANAGED),
    ]
    found = sections(shown, MANAGED)
    assert list(found) == [
        "spinnakerManaged",
        "BaseIAMRole",
        "Roles of AWS's services",
        "ecsTaskExecutionRole",
        "EKS clusters",
    ]
    assert found["spinnakerManaged"][:2] == ["spinnakerManaged", "BowlineCachingRead"]
    assert found["spinnakerManaged"][-1] == "spinnakerManaged/BowlinePassRole"


def test_the_managing_account_that_is_managed_too_has_two_sides():
    shown = laid_out("ec2", name="core", account_id=MANAGING_ID)

    assert [group.side for group in shown.groups] == [MANAGING, MANAGED]
    assert "SpinnakerAuthRole" in sections(shown, MANAGING)
    assert "spinnakerManaged" in sections(shown, MANAGED)


def test_a_policy_that_is_only_detached_is_on_no_side_by_its_path():
    """Anybody can choose it for a policy of theirs."""
    whole = plan_for(managed(provider("ec2")))
    theirs = Foreign(
        Attachment(
            account=MANAGED_ID,
            holder="spinnakerManaged",
            policy_arn=f"arn:aws:iam::{MANAGED_ID}:policy{MANAGING_PATH}Extra",
        ),
        None,
    )
    removal = PlannedChange.of(theirs.removal, "staging")

    shown = review(Plan((*whole.changes, removal)), "staging")

    assert [(g.title, g.side) for g in shown.groups] == [
        ("core", MANAGING),
        ("staging", MANAGED),
    ]
    (role,) = (c for c in shown.cards if c.key.name == "spinnakerManaged")
    assert "Extra" in [line.name for line in role.lines]


def test_attachments_profiles_and_roles_of_services_are_lines():
    shown = laid_out("ec2")

    role, *_ = (c for c in shown.cards if c.key.name == "spinnakerManaged")
    base, *_ = (c for c in shown.cards if c.key.name == "BaseIAMRole")
    services, *_ = (c for c in shown.cards if not c.verb)
    read, *_ = (c for c in shown.cards if c.key.name == "BowlineEC2Read")
    assert role.lines == ()
    assert [line.key.name for line in read.lines] == ["spinnakerManaged/BowlineEC2Read"]
    assert [line.details for line in base.lines] == [("role: BaseIAMRole",)]
    assert {line.key.kind for line in services.lines} == {"service-linked role"}
    assert "attachment" not in {card.kind for card in shown.cards}


def test_what_is_attached_to_a_role_that_stays_is_shown_under_its_name():
    whole = plan_for(managed(provider("ec2")))
    attached = [c for c in whole.changes if c.key.kind == "attachment"]
    policies = [c for c in whole.changes if c.key.kind == "policy"]

    alone = review(Plan(tuple(attached)), "staging")
    both = review(Plan((*attached, *policies)), "staging")

    (card,) = (c for c in alone.cards if c.key.name == "spinnakerManaged")
    assert (card.verb, card.kind) == ("", "role")
    assert "BowlineEC2Read" in sections(both, MANAGED)["spinnakerManaged"]
    assert "spinnakerManaged" not in {c.key.name for c in both.cards}


def test_a_policy_alone_is_no_roles():
    whole = plan_for(managed(provider("ec2")))
    (read,) = (c for c in whole.changes if c.key.name == "BowlineEC2Read")

    shown = review(Plan((read,)), "staging")

    assert sections(shown, MANAGED) == {"Policies": ["BowlineEC2Read"]}


def test_every_change_is_shown_once():
    plan = plan_for(managed(provider("ec2"), provider("ecs"), provider("eks")))

    shown = review(plan, "staging")

    keys = [one.key for card in shown.cards for one in (card, *card.lines) if one.verb]
    assert sorted(keys) == sorted(change.key for change in plan.changes)
    assert sum(sum(group.counts.values()) for group in shown.groups) == len(keys)


def test_each_line_of_the_summary_points_to_its_change():
    account = managed(provider("ec2"), provider("ecs"), provider("eks"))
    entries = (EntryChange(None, {"provider": "aws", "name": "staging"}),)
    plan = plan_for(account, entries=entries)

    shown = review(plan, "staging")

    places = {anchor: key for key, anchor in shown.places.items()}
    topics = {
        reading.topic: [places[one.anchor] for one in reading.pointers]
        for reading in shown.readings
    }
    told = [key for reading in topics.values() for key in reading]
    assert set(told) == {risk.key for risk in plan.risks} | {entries[0].key}
    assert [key.kind for key in topics["PassRole"]] == ["inline policy"] * 2
    assert [key.kind for key in topics["Secrets"]] == ["cluster access"]
    assert [key.kind for key in topics["Spinnaker"]] == ["aws"]


def test_what_is_risky_is_marked_on_its_card():
    shown = laid_out("ec2", "ecs")

    risky = {card.key.name: card.is_risky for card in shown.cards}
    assert risky["spinnakerManaged/BowlinePassRole"]
    assert risky["ecsTaskExecutionRole"], "for what is attached to it"
    assert not risky["BaseIAMRole"]


def test_a_folded_change_names_its_topics_the_most_severe_first():
    shown = laid_out("ec2", "ecs")

    marks = {card.key.name: [m.says for m in card.marks] for card in shown.cards}
    assert marks["spinnakerManaged"] == ["Trust"]
    assert marks["ecsTaskExecutionRole"] == ["AWS's own policies"]
    assert marks["spinnakerManaged/BowlinePassRole"] == ["PassRole"]
    assert marks["BaseIAMRole"] == []


def test_a_folded_change_names_what_it_takes_away():
    account = managed(provider("ec2"))
    wanted = managed_side(managing(), account)
    ends = diff((), wanted)
    plan = Plan(tuple(PlannedChange.of(change, "staging") for change in ends))
    attached = [c for c in plan.changes if c.key.kind == "attachment"]

    (card,) = review(Plan(tuple(attached)), "staging").cards

    assert [(mark.says, mark.tone) for mark in card.marks] == [("Deletions", "bad")]
    assert card.says.startswith("Bowline")


def test_what_changes_of_an_account_in_spinnaker_is_said_while_it_is_folded():
    was = {"provider": "aws", "name": "staging", "read": []}
    entry = EntryChange(was, {**was, "read": ["devs"]})

    (card,) = review(Plan((), entries=(entry,)), "staging").cards

    assert card.says == "Changes read."


def test_a_plan_of_few_changes_begins_open():
    whole = plan_for(managed(provider("ec2"))).changes

    assert review(Plan(whole[:3]), "staging").is_short
    assert not review(Plan(whole), "staging").is_short


def test_a_digest_stays_while_every_word_does():
    one, again = laid_out("ec2"), laid_out("ec2")
    other = laid_out("ec2", external_id="an-external-id")

    assert [c.digest for c in one.cards] == [c.digest for c in again.cards]
    differ = [
        was.key.name
        for was, now in zip(one.cards, other.cards, strict=True)
        if was.digest != now.digest
    ]
    assert differ == ["spinnakerManaged"]
    assert len({card.digest for card in one.cards}) == len(one.cards)


def test_what_spinnaker_gets_and_loses_is_said():
    entry = {"provider": "aws", "name": "staging", "permissions": {"write": ["sre"]}}
    opened = {**entry, "permissions": {"write": []}, "environment": "live"}
    gone = {"provider": "ecs", "name": "old"}
    new = {"provider": "aws", "name": "new", "permissions": {"write": []}}
    entries = (
        EntryChange(entry, opened),
        EntryChange(None, new),
        EntryChange(gone, None),
    )

    shown = review(Plan(entries=entries), "staging")

    said = {
        reading.topic: [one.sentence for one in reading.pointers]
        for reading in shown.readings
    }
    assert said["Deletions in Spinnaker"] == ["Deletes Spinnaker's account old."]
    assert "Deletions" not in said, "the plan deletes nothing in AWS"
    tones = {reading.topic: reading.tone for reading in shown.readings}
    assert tones["Deletions in Spinnaker"] == "bad"
    assert said["Spinnaker"] == [
        "Changes permissions, environment.",
        "New Spinnaker account of type aws.",
    ]
    assert shown.readings[0].topic == "Open to everyone"
    assert shown.readings[0].tone == "bad"
    assert ["can deploy" in one for one in said["Open to everyone"]] == [True, True]


def clustered(number: int) -> Managed:
    clusters = [{"name": f"team-{n:02}", "region": "us-east-1"} for n in range(number)]
    return managed(provider("eks", clusters=clusters))


def test_an_equal_sentence_is_said_once_and_names_what_it_is_true_of():
    shown = review(plan_for(clustered(5)), "staging")

    (secrets,) = (one for one in shown.readings if one.topic == "Secrets")
    (line,) = secrets.lines
    assert len(secrets.pointers) == 5
    assert [one.name for one in line.first] == [
        "team-00 · us-east-1",
        "team-01 · us-east-1",
        "team-02 · us-east-1",
    ]
    assert [one.name for one in line.rest] == [
        "team-03 · us-east-1",
        "team-04 · us-east-1",
    ]
    assert "every namespace" in line.sentence
    assert secrets.rest == ()


def test_a_single_one_is_not_folded():
    shown = review(plan_for(clustered(4)), "staging")

    (secrets,) = (one for one in shown.readings if one.topic == "Secrets")
    (line,) = secrets.lines
    assert len(line.first) == 4
    assert line.rest == ()


def test_a_card_does_not_repeat_its_name_for_what_it_says():
    role = Key(MANAGED_ID, "role", "BaseIAMRole")
    lines = [Line(role, "c1", "delete", name, (), ()) for name in (role.name, "other")]

    removed = Card(role, "c0", "delete", "role", "", lines=tuple(lines))

    assert removed.says == "other"


def test_a_cluster_is_named_without_the_role_that_gets_access():
    shown = review(plan_for(clustered(1)), "staging")

    (card,) = (one for one in shown.cards if one.kind == "cluster access")
    assert card.short == "team-00 · us-east-1"
    assert "role/SpinnakerAuthRole" in card.key.name


def test_accounts_within_reach_are_named_where_bowline_knows_them():
    whole = plan_for(managed(provider("ec2")))
    names = {"922222222222": "payments"}

    (gained,) = (
        one
        for one in review(whole, "staging", names).readings
        if one.topic == "Reach gained"
    )

    assert gained.tone == "warn"
    assert gained.lines[0].sentence == "Spinnaker gains 1 account."
    assert gained.lines[0].accounts == ("payments (922222222222)",)


def test_a_line_says_what_changes_of_it():
    (change,) = (
        c
        for c in plan_for(managed(provider("ec2"))).changes
        if c.key.kind == "instance profile" and c.account_name == "staging"
    )
    empty = {**(change.after or {}), "role": ""}
    update = PlannedChange(
        **{
            **{f: getattr(change, f) for f in change.__dataclass_fields__},
            "verb": "update",
            "before": empty,
        }
    )

    (card,) = review(Plan((update,)), "staging").cards

    assert card.lines[0].details == ("role: none → BaseIAMRole",)


def test_what_is_discouraged_points_to_what_it_attaches():
    choice = NotRecommended("EC2", "With PowerUserAccess, Spinnaker do everything.")
    other = NotRecommended("ECS", "Something else.")
    account = managed(provider("ec2", access="power-user"))

    shown = review(plan_for(account, not_recommended=(choice, other)), "staging")

    first, second = shown.not_recommended
    places = {anchor: key.name for key, anchor in shown.places.items()}
    assert (first.name, first.sentence) == choice
    assert places[first.anchor] == "spinnakerManaged/PowerUserAccess"
    assert second.anchor == ""


def test_what_is_true_of_identical_plans_is_not_counted_in_one_of_them() -> None:
    new = {"provider": "aws", "name": "staging", "permissions": {"write": []}}
    plan = Plan(entries=(EntryChange(None, new),))

    (alone, *_), (same, *_) = (
        review(plan, "", plans=plans).readings for plans in (1, 4)
    )

    assert alone.total == str(len(alone.pointers))
    assert same.total == f"{alone.total} in each of 4 plans"
