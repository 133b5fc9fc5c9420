"""PowerUserAccess beside what is granted, in numbers."""

from __future__ import annotations

from collections import Counter

from policy_sentry.querying.all import get_all_actions

from onboarding.resources.policy import Policy
from onboarding.review.effective import all_actions, effective, service_of
from onboarding.review.power_user import (
    DOCUMENT,
    EXCEPTIONS,
    MOST_SERVICES,
    Service,
    compare_with_power_user,
    compared_counts,
    counts_of,
    is_power_users,
    power_user_actions,
)


def test_it_is_counted_in_awss_reference():
    known = set(get_all_actions())

    counted = Counter(service_of(action) for action in known if is_power_users(action))

    assert known >= EXCEPTIONS
    assert power_user_actions() == counted


def test_services_stand_side_by_side_the_most_granted_first():
    comparison = compare_with_power_user(
        ["ecs:StopTask", "ec2:RunInstances", "ec2:CreateTags"]
    )

    counts = power_user_actions()
    assert comparison.services == (
        Service("ec2", granted=2, shared=2, power_user=counts["ec2"]),
        Service("ecs", granted=1, shared=1, power_user=counts["ecs"]),
    )


def test_services_of_which_nothing_is_granted_are_summed():
    comparison = compare_with_power_user(["ec2:RunInstances"])

    counts = power_user_actions()
    assert comparison.other_services == len(counts) - 1
    assert comparison.other_actions == sum(counts.values()) - counts["ec2"]


def test_an_action_that_is_granted_twice_counts_once():
    comparison = compare_with_power_user(["ec2:RunInstances", "ec2:RunInstances"])

    assert comparison.granted == 1


def test_the_totals_are_of_all_services():
    comparison = compare_with_power_user(["ec2:RunInstances", "iam:PassRole"])

    total = sum(power_user_actions().values())
    assert comparison.granted == 2
    assert comparison.power_user == total
    assert comparison.fewer == total - 2


def test_what_power_user_access_lacks_is_told():
    comparison = compare_with_power_user(
        ["iam:PassRole", "iam:ListRoles", "iam:GetRole"]
    )

    (iam,) = comparison.services
    assert comparison.lacking == ("iam:GetRole", "iam:PassRole")
    assert (iam.granted, iam.shared) == (3, 1)


def test_its_document_allows_what_is_counted():
    assert counts_of(effective([DOCUMENT])) == {
        name: [count, count] for name, count in power_user_actions().items()
    }


def test_everything_is_more_than_power_user_access_and_listed_shortly():
    everything = Policy.allowing({"Action": "*", "Resource": "*"})

    comparison = compared_counts(counts_of(effective([everything])))

    services = all_actions().values()
    assert comparison.granted == sum(map(len, services))
    assert comparison.fewer < 0
    assert len(comparison.listed) == MOST_SERVICES
    assert comparison.unlisted == len(services) - MOST_SERVICES
    listed = sum(one.granted for one in comparison.listed)
    assert comparison.unlisted_granted == comparison.granted - listed


def test_a_service_that_the_reference_does_not_know_is_counted():
    comparison = compared_counts(counts_of(["brandnew:Do"]))

    assert comparison.granted == 1
    assert comparison.services[0].share == 100
