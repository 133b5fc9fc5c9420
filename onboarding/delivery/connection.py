"""A test of the connection: who Bowline is there, what it may do, what is switched on.

Only what can be seen from outside: whether Clouddriver polls shows at a delivery.
"""

from __future__ import annotations

from dataclasses import dataclass

from onboarding.delivery.bodies import TYPES
from onboarding.delivery.errors import GateError
from onboarding.delivery.gate import Caller, Gate
from onboarding.delivery.releases import Release, refusal, warnings

WITHOUT_ROLE = (
    "These accounts have no role to assume: {names}. Clouddriver was started without "
    "aws.defaultAssumeRole, so every account that it loads now acts as Spinnaker's own "
    "identity. Set it and restart Clouddriver before the first delivery."
)
NOT_ADMIN = (
    "The robot is no admin of Spinnaker. An account manager can neither see nor delete "
    "an account until Spinnaker has loaded it and Fiat knows it."
)
NOBODY = (
    "Gate knows nobody: either it lets everyone in, or it did not take the sign-in."
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a test of the connection found."""

    caller: Caller | None
    stored: int = 0
    loaded: int = 0
    error: GateError | None = None
    """Why nothing can be delivered; None: it can."""
    warnings: tuple[str, ...] = ()


def report(gate: Gate, release: Release) -> Report:
    """Ask Gate who Bowline is, and read what is stored and loaded; send nothing."""
    caller = None
    try:
        caller = gate.caller()
        types = [type_ for type_ in TYPES if not refusal(type_, release)]
        stored = sum(len(gate.stored(type_)) for type_ in types)
        loaded = gate.loaded(details=True)
    except GateError as error:
        return Report(caller, error=error)
    bare = [one.name for one in loaded if one.type == "aws" and not one.assume_role]
    found = [refusal(type_, release) for type_ in TYPES]
    found += warnings(types, release)
    if caller is None:
        found.append(NOBODY)
    elif not caller.is_admin:
        found.append(NOT_ADMIN)
    if bare:
        found.append(WITHOUT_ROLE.format(names=", ".join(bare)))
    return Report(
        caller, stored, len(loaded), warnings=tuple(one for one in found if one)
    )
