"""The headless job, removal and rotation on a strict AWS."""

from __future__ import annotations

import pytest

from accounts.external_ids import rotate
from accounts.models.states import State, Status
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.delays import (
    EksInvalidPrincipal,
    GrantsNotYet,
    InvalidPrincipal,
    NotAssumableYet,
    StaleReads,
    YoungEntryUnknown,
    YoungUnknown,
)
from tests.strict_aws.job import EVERYTHING, Job
from tests.strict_aws.limits import DeniedRegions, Quotas
from tests.strict_aws.proxy import Behaviour
from tests.strict_aws.trouble import (
    ConcurrentModification,
    EgressProxy,
    LostAnswers,
    Throttling,
)

pytestmark = pytest.mark.django_db(transaction=True)

PASSING: dict[str, tuple[Behaviour, ...]] = {
    "stale reads": (StaleReads(),),
    "young things unknown": (YoungUnknown(),),
    "young entry unknown": (YoungEntryUnknown(),),
    "not assumable yet": (NotAssumableYet(),),
    "grants not effective yet": (GrantsNotYet(),),
    "invalid principal": (InvalidPrincipal(),),
    "invalid principal in EKS": (EksInvalidPrincipal(),),
    "throttling": (Throttling(),),
    "lost answers": (LostAnswers(),),
    "concurrent modification": (ConcurrentModification(),),
    "quotas that nothing exceeds": (Quotas(),),
    "an egress proxy in trouble": (EgressProxy(0.1, 502),),
    "lost answers and stale reads": (LostAnswers(), StaleReads()),
    "lost answers of what is unknown": (LostAnswers(), YoungUnknown()),
    "everything young": (
        YoungUnknown(),
        NotAssumableYet(),
        GrantsNotYet(),
        InvalidPrincipal(),
    ),
    "everything young, EKS too": (
        YoungUnknown(),
        NotAssumableYet(),
        GrantsNotYet(),
        InvalidPrincipal(),
        EksInvalidPrincipal(),
        YoungEntryUnknown(),
    ),
}


def concerns_eks(behaviours: tuple[Behaviour, ...]) -> bool:
    return any(
        isinstance(b, EksInvalidPrincipal | YoungEntryUnknown) for b in behaviours
    )


@pytest.mark.smoke
@pytest.mark.parametrize("behaviours", PASSING.values(), ids=PASSING)
def test_what_passes_costs_time_and_ends_verified(
    job: Job, strictly: Strictly, behaviours: tuple[Behaviour, ...]
) -> None:
    strictly(*behaviours)
    job.providers = EVERYTHING if concerns_eks(behaviours) else "{ec2: {}}"

    state = job.onboard()

    assert state == State.VERIFIED, job.output


@pytest.mark.parametrize("seed", range(5))
def test_it_ends_verified_with_a_third_throttled_and_half_of_the_reads_stale(
    job: Job, strictly: Strictly, seed: int
) -> None:
    strictly(Throttling(0.3), StaleReads(0.1, share=0.5), seed=seed)

    state = job.onboard()

    assert state == State.VERIFIED, job.output


AFTERWARDS: dict[str, tuple[Behaviour, ...]] = {
    **{name: some for name, some in PASSING.items() if not concerns_eks(some)},
    "a region is denied": (DeniedRegions(("us-east-1",)),),
    "all that is drawn": (
        Throttling(0.2),
        StaleReads(share=0.5),
        ConcurrentModification(0.3),
        EgressProxy(0.05, 502),
    ),
}
"""No entry of EKS is made when an ID is rotated or an account removed."""
SEEDS = {"all that is drawn": (0, 1, 2)}


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("name", "seed"),
    [(name, seed) for name in AFTERWARDS for seed in SEEDS.get(name, (0,))],
)
def test_an_external_id_is_rotated_and_the_account_removed(
    job: Job, strictly: Strictly, name: str, seed: int
) -> None:
    job.providers, job.regions = "{ec2: {}}", ("us-west-2",)
    job.onboard()
    strictly(*AFTERWARDS[name], seed=seed)

    rotate(job.account, None)
    rotated = job.bring_up_to_date()
    removed = job.remove()

    assert rotated.status == Status.VERIFIED, rotated.error
    assert removed.status == Status.REMOVED, removed.error
    left = {role["RoleName"] for role in job.field.iam.list_roles()["Roles"]}
    assert not left & {"BaseIAMRole", "spinnakerManaged"}
