"""What a security reviewer reads."""

from __future__ import annotations

from policy_sentry.querying.all import get_all_actions

from onboarding.managed_side import grants
from onboarding.review import POWER_USER_ACTIONS, managed_review, managing_topics
from tests.factories import managed, managing, provider


def reviewed(*providers, managing_fields=None, **fields):
    return managed_review(
        managing(**managing_fields or {}), managed(*providers, **fields)
    )


def test_the_trust_is_shown_with_its_conditions():
    review = reviewed(provider("ec2"), external_id="0c3f")

    (statement,) = review.trust
    assert review.role_arn == "arn:aws:iam::922222222222:role/spinnakerManaged"
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "0c3f"}}


def test_the_boundary_is_the_accounts_own():
    cap = {"boundary": "arn:aws:iam::911111111111:policy/Cap"}

    review = reviewed(provider("ec2"), managing_fields=cap)

    assert review.boundary == "arn:aws:iam::922222222222:policy/Cap"


def test_every_granted_action_is_listed_and_no_other():
    staging = managed(*(provider(key) for key in ("ec2", "ecs", "eks", "lambda")))

    review = managed_review(managing(), staging)

    granted = grants(managing(), staging).values()
    assert review.actions == {a for some in granted for g in some for a in g.actions}


def test_actions_are_grouped_by_provider_and_capability():
    review = reviewed(provider("ec2"), provider("eks"))

    assert [topic.title for topic in review.topics] == ["Caching", "EC2"]
    (caching, ec2) = review.topics
    assert [c.title for c in caching.capabilities] == ["caching", "launch templates"]
    assert ("load balancers", "write") in [
        (c.title, c.access) for c in ec2.capabilities
    ]


def test_an_action_says_on_what_and_why_and_where_it_is_called():
    (topic, *_) = [t for t in reviewed(provider("ecs")).topics if t.title == "ECS"]

    (deploy,) = [c for c in topic.capabilities if c.access == "pass role"]
    (passed,) = deploy.allowed
    assert passed.resources == ("arn:aws:iam::922222222222:role/spinnaker-ecs/*",)
    assert "iam:PassedToService" in passed.condition["StringEquals"]
    assert "Hands the roles" in passed.evidence.reason
    assert "clouddriver-ecs" in passed.evidence.sources[0]


def test_discouraged_choices_are_told_once():
    power = [provider(key, access="power-user") for key in ("ec2", "lambda")]

    (warning,) = reviewed(*power).warnings

    assert "PowerUserAccess" in warning


def test_the_difference_to_power_user_access_is_counted():
    review = reviewed(provider("ec2"))

    assert review.fewer_than_power_user == POWER_USER_ACTIONS - len(review.actions)
    assert review.fewer_than_power_user > 20_000


def test_power_user_access_is_counted_from_awss_reference():
    beyond = ("iam:", "organizations:", "account:")
    of_iam = {"iam:createservicelinkedrole", "iam:deleteservicelinkedrole"}

    actions = {action.lower() for action in get_all_actions()}

    allowed = {a for a in actions if not a.startswith(beyond)}
    assert len(allowed | of_iam | {"iam:listroles"}) == POWER_USER_ACTIONS


def test_the_identity_that_bakes_nothing_only_looks_regions_up():
    (loading,) = managing_topics(managing())

    (capability,) = loading.capabilities
    assert [a.action for a in capability.allowed] == [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeRegions",
    ]


def test_the_identity_that_bakes_has_evidence_for_it_too():
    key = "mrk-0123456789abcdef0123456789abcdef"

    (_, baking) = managing_topics(managing(bakes=True, image_keys=(key,)))

    titles = [c.title for c in baking.capabilities]
    assert titles == ["bake", "bake", "share images", "encrypted images"]
