from __future__ import annotations

from onboarding.providers.discouraged import discouraged
from tests.factories import managed, provider


def test_a_discouraged_choice_is_told_once_for_all_its_providers() -> None:
    account = managed(
        provider("ec2", access="power-user"),
        provider("ecs", access="power-user", tasks_as_managed_role=True),
    )

    power, lends = discouraged(account)

    assert power.titles == "EC2 and ECS"
    assert power.sentence.startswith("PowerUserAccess lets Spinnaker")
    assert lends.titles == "ECS"
    assert lends.sentence.startswith("Fargate tasks without an execution role")


def test_usual_choices_are_not_warned_of() -> None:
    assert discouraged(managed(provider("ec2"), provider("lambda"))) == ()
