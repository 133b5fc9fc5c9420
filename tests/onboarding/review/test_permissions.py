"""What a security reviewer reads."""

from __future__ import annotations

from onboarding.desired import desired
from onboarding.desired.managed import grants
from onboarding.review.permissions import (
    folders,
    identity_trust,
    managed_review,
    managing_topics,
    other_roles,
)
from onboarding.topology import ExistingIdentity
from tests.factories import image_key, managed, managing, provider, topology


def reviewed(*providers, managing_fields=None, **fields):
    return managed_review(
        managing(**managing_fields or {}), managed(*providers, **fields)
    )


def test_the_trust_is_shown_with_its_conditions():
    review = reviewed(provider("ec2"), external_id="0c3f")

    (statement,) = review.trust
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
    assert "Passes the roles" in passed.evidence.reason
    assert "clouddriver-ecs" in passed.evidence.sources[0]


def test_the_files_that_call_it_are_listed_once_by_folder():
    review = reviewed(provider("ecs"))

    by_folder = folders(*review.topics, *review.topics)

    places = [
        place
        for topic in review.topics
        for capability in topic.capabilities
        for one in capability.allowed
        for place in one.evidence.places
    ]
    assert {(p.folder, p.file) for p in places} == {
        (folder, place.file) for folder, files in by_folder.items() for place in files
    }
    assert list(by_folder) == sorted(by_folder)
    assert all(files == tuple(sorted(set(files))) for files in by_folder.values())


def test_an_address_is_no_file():
    topics = managing_topics(managing(bakes=True, image_keys=(image_key(),)))

    sources = [
        p
        for t in topics
        for c in t.capabilities
        for a in c.allowed
        for p in a.evidence.places
    ]

    assert any(place.file.startswith("https:") for place in sources)
    assert "" not in folders(*topics)


def test_discouraged_choices_are_told_once():
    power = [provider(key, access="power-user") for key in ("ec2", "lambda")]

    (warning,) = reviewed(*power).warnings

    assert "PowerUserAccess" in warning


def test_it_is_compared_with_power_user_access():
    review = reviewed(provider("ec2"))

    assert review.comparison.granted == len(review.actions)
    assert review.comparison.fewer > 20_000
    assert review.power_user_by == ()


def test_what_spinnaker_needs_beyond_power_user_access_comes_with_its_reason():
    review = reviewed(provider("ec2"), provider("ecs"))

    assert [one.action for one in review.lacking] == [
        "iam:GetRole",
        "iam:ListServerCertificates",
        "iam:PassRole",
    ]
    assert all(one.evidence.reason for one in review.lacking)


def test_power_user_access_is_told_with_the_providers_that_chose_it():
    power = provider("ec2", access="power-user")

    review = reviewed(power, provider("lambda"))

    assert review.power_user_by == ("EC2",)


def test_the_other_roles_are_told_with_who_may_become_them_and_what_is_attached():
    whole = topology(managed(provider("ecs")))
    resources = desired(whole, *whole.managed)

    (base, execution) = other_roles(whole.managing, whole.managed[0], resources)

    assert base.arn == "arn:aws:iam::922222222222:role/BaseIAMRole"
    assert (base.services, base.policies) == (("ec2.amazonaws.com",), ())
    assert execution.arn.endswith(":role/spinnaker-ecs/ecsTaskExecutionRole")
    assert execution.services == ("ecs-tasks.amazonaws.com",)
    assert [arn.rsplit("/", 1)[-1] for arn in execution.policies] == [
        "AmazonECSTaskExecutionRolePolicy"
    ]


def test_the_identitys_trust_is_shown_with_bowline_in_it():
    bowline = "arn:aws:iam::911111111111:role/Bowline"

    trust = identity_trust(managing(bowline=bowline))

    trusted = [statement["Principal"] for statement in trust]
    assert len(trusted) == 2
    assert {"Service": "ec2.amazonaws.com"} in trusted
    assert {"AWS": bowline} in trusted


def test_the_trust_of_an_identity_that_stood_before_is_not_known():
    user = ExistingIdentity("arn:aws:iam::911111111111:user/spinnaker")

    assert identity_trust(managing(identity=user)) == ()


def test_the_identity_that_bakes_nothing_only_looks_regions_up():
    (loading,) = managing_topics(managing())

    (capability,) = loading.capabilities
    assert [a.action for a in capability.allowed] == [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeRegions",
    ]


def test_the_identity_that_bakes_has_evidence_for_it_too():
    keys = (image_key(),)

    (_, baking) = managing_topics(managing(bakes=True, image_keys=keys))

    titles = [c.title for c in baking.capabilities]
    assert titles == ["bake", "bake", "share images", "encrypted images"]
