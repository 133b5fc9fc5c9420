from __future__ import annotations

from typing import Any

import pytest

from onboarding.resources.entry_changes import OPEN_TO_ALL, EntryChange, entry_changes
from onboarding.resources.kinds import Key
from onboarding.resources.plan import Plan, PlannedChange
from onboarding.resources.risks import Topic


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


ALONE = {"carried": {"requiredGroupMembership": ["ops"]}}
FEW = {"permissions": {"read": ["developers"], "write": ["sre"]}}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (FEW, {"permissions": {"read": [], "write": ["sre"]}}, ["can see"]),
        (FEW, {"permissions": {"read": ["developers"], "write": []}}, ["can deploy"]),
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
        (ALONE, {}, ["no longer names a group"]),
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
