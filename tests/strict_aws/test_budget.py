"""How many calls of AWS a verification may take, for each provider."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from accounts.models.states import State, Status
from tests.strict_aws.calls import Calls
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import EVERYTHING, Job
from tests.strict_aws.simulator import Simulator

CLUSTERS = "{eks: {clusters: [{name: apps, region: us-east-1, namespaces: []}]}}"


class Budget(NamedTuple):
    providers: str
    calls: int
    simulations: int
    ends: State = State.VERIFIED


BUDGETS = {
    "ec2": Budget("{ec2: {}}", 27, 3),
    "ecs": Budget("{ecs: {}}", 29, 2),
    "eks": Budget(CLUSTERS, 7, 0, State.EVALUATED),
    "lambda": Budget("{lambda: {}}", 27, 3),
    "all four": Budget(EVERYTHING, 43, 4),
}


@pytest.mark.smoke
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS)
def test_a_verification_keeps_to_its_budget(
    job: Job, strictly: Strictly, calls: Calls, budget: Budget
) -> None:
    strictly(Simulator())
    job.providers = budget.providers
    assert job.onboard() == budget.ends, job.output
    job.verify()  # a worker reads each policy once
    calls.made.clear()

    run = job.verify()

    assert run.status == Status(budget.ends), run.error
    assert calls.made.total() <= budget.calls, calls.made
    assert calls.made["iam:SimulatePrincipalPolicy"] <= budget.simulations
