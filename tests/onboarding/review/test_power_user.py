"""PowerUserAccess beside what is granted, in numbers."""

from __future__ import annotations

from collections import Counter

from policy_sentry.querying.all import get_all_actions

from onboarding.review.power_user import (
    EXCEPTIONS,
    Service,
    compared,
    is_power_users,
    power_user_actions,
    service_of,
)


def test_it_is_counted_in_awss_reference():
    known = set(get_all_actions())

    counted = Counter(service_of(action) for action in known if is_power_users(action))

    assert known >= EXCEPTIONS
    assert power_user_actions() == counted


def test_services_stand_side_by_side_the_most_granted_first():
    comparison = compared(["ecs:StopTask", "ec2:RunInstances", "ec2:CreateTags"])

    counts = power_user_actions()
    assert comparison.services == (
        Service("ec2", granted=2, shared=2, power_user=counts["ec2"]),
        Service("ecs", granted=1, shared=1, power_user=counts["ecs"]),
    )


def test_services_of_which_nothing_is_granted_are_summed():
    comparison = compared(["ec2:RunInstances"])

    counts = power_user_actions()
    assert comparison.other_services == len(counts) - 1
    assert comparison.other_actions == sum(counts.values()) - counts["ec2"]


def test_an_action_that_is_granted_twice_counts_once():
    comparison = compared(["ec2:RunInstances", "ec2:RunInstances"])

    assert comparison.granted == 1


def test_the_totals_are_of_all_services():
    comparison = compared(["ec2:RunInstances", "iam:PassRole"])

    total = sum(power_user_actions().values())
    assert comparison.granted == 2
    assert comparison.power_user == total
    assert comparison.fewer == total - 2
    assert comparison.both == total + 1


def test_what_power_user_access_lacks_is_told():
    comparison = compared(["iam:PassRole", "iam:ListRoles", "iam:GetRole"])

    (iam,) = comparison.services
    assert comparison.lacking == ("iam:GetRole", "iam:PassRole")
    assert (iam.granted, iam.shared) == (3, 1)
