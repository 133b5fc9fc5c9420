"""Faults planted by hand, in front of an AWS that is slow to know and often busy.

Each is located as it is without: what passes hides no fault, and is taken for none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws.session import Sessions
from onboarding.checks import Outcome
from onboarding.providers.ec2 import Ec2
from onboarding.verify.result import Result
from onboarding.verify.verification import verify
from tests.onboarding.aws.field import Field
from tests.onboarding.verify.test_why_denied import (
    FAULTS,
    Fault,
    detached_policy,
    expired_credentials,
    explicit_deny,
    missing_managing_policy,
    missing_profile,
    other_path,
    small_boundary,
    wrong_account,
    wrong_external_id,
)
from tests.onboarding.verify.verified import Verified
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.delays import (
    GrantsNotYet,
    InvalidPrincipal,
    NotAssumableYet,
    StaleReads,
    YoungUnknown,
)
from tests.strict_aws.limits import Quotas
from tests.strict_aws.proxy import Behaviour
from tests.strict_aws.trouble import EgressProxy, Throttling


def planted_by(plant: Callable[[Field], None]) -> Fault:
    return next(fault for fault in FAULTS if fault.plant is plant)


# Whose credentials are bad hears nothing of AWS but that.
PLANTED = [fault for fault in FAULTS if fault.plant is not expired_credentials]
WAITING = 4.0
LAG = 0.5
"""Longer than the first calls of a verification take."""
ALONE: tuple[tuple[Fault, Behaviour], ...] = (
    (planted_by(wrong_external_id), StaleReads(LAG, share=0.5)),
    (planted_by(small_boundary), YoungUnknown(LAG)),
    (planted_by(wrong_account), NotAssumableYet(LAG)),
    (planted_by(explicit_deny), GrantsNotYet(LAG)),
    (planted_by(other_path), InvalidPrincipal()),
    (planted_by(missing_managing_policy), Throttling(0.3)),
    (planted_by(missing_profile), EgressProxy(0.1, 502)),
    (planted_by(detached_policy), Quotas()),
)


def cases() -> Iterator[Any]:
    """Yield each behaviour with a fault, and each fault with some of them at once."""
    for fault, behaviour in ALONE:
        alone = f"{type(behaviour).__name__}-{fault.plant.__name__}"
        yield pytest.param((behaviour,), fault, 0, id=alone)
    for seed, fault in enumerate(PLANTED):
        together = (
            Throttling(0.2),
            StaleReads(LAG, share=0.5),
            NotAssumableYet(LAG),
            GrantsNotYet(LAG),
        )
        yield pytest.param(together, fault, seed, id=f"{seed}-{fault.plant.__name__}")


@pytest.mark.smoke
@pytest.mark.parametrize(("behaviours", "fault", "seed"), [*cases()])
def test_the_fault_is_located(
    field: Field,
    strictly: Strictly,
    behaviours: tuple[Behaviour, ...],
    fault: Fault,
    seed: int,
) -> None:
    verified = Verified(field, field.managing(), field.managed(Ec2())).stand()
    aws = strictly(*behaviours, seed=seed)
    fault.plant(replace(field, endpoint=aws.endpoint))

    result = found(verified, fault.check)

    assert (result.outcome, result.located) == (Outcome.FAILED, fault.located), result
    lines = ["", *result.document.splitlines()]
    assert lines[result.line].strip() == fault.marked
    assert fault.change in result.change


def found(verified: Verified, name: str) -> Result:
    """Verify as a run does, and as patiently."""
    results = verify(
        Sessions("test", patience=WAITING),
        verified.managing,
        verified.managed,
        verified.field.reach,
        identity_reach=verified.field.own,
        backoff_seconds=WAITING,
    )
    return next(result for result in results if result.name.startswith(name))
