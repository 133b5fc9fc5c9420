"""A test of the connection: what it found, as checks with sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.db.models.functions import Now

from accounts.mapping.spinnaker import NotConnected, gate_of
from accounts.models import Spinnaker
from accounts.models.account import Unreadable
from accounts.wording import first_of
from onboarding.checks import Outcome
from onboarding.delivery.connection import (
    NO_ONE,
    NOT_ADMIN,
    WITHOUT_ROLE,
    Report,
    report,
)
from onboarding.delivery.releases import Release
from onboarding.delivery.transport import GateError, Kind, Limits
from onboarding.names import visible

LIMITS = Limits(connect=5, read=15, whole=30)
"""Seconds: somebody waits for it."""
MOST_NAMED = 10
LONGEST = 1000
"""Characters of a sentence; Gate's part in it may be of any length."""

SET_SWITCHES = "Apply the settings below once, and restart Clouddriver."
RELOADED = (
    "Clouddriver reloads these accounts at each poll and drops their cached data: "
    "{names}. They're stored without {fields}, which Clouddriver fills in."
)
SPELL_OUT = (
    "Store these fields with the accounts, or remove the aws.default… settings that "
    "fill them in."
)
SEEN_LATER = "The first delivery shows whether Clouddriver polls."
NEXT_STEPS = {
    Kind.SIGN_IN: "Check the token or the password, and whether it has expired.",
    Kind.DENIED: "Give the service account a role of fiat.admin.roles.",
    Kind.STORAGE_OFF: SET_SWITCHES,
    Kind.UNREADABLE: "Check the base URL: it often ends with /api/v1.",
    Kind.FORBIDDEN_ADDRESS: "If Gate is there, set SPINNAKER_ALLOWED_NETWORKS.",
    Kind.UNREACHABLE: "Check the URL, the certificate and the way from the workers.",
    Kind.TOO_SLOW: "Check which proxy between the workers and Gate delays its answers.",
    Kind.FAILED: "Check whether Clouddriver and Fiat answer Gate.",
}


@dataclass(frozen=True, slots=True)
class Tested:
    """One thing that a test looked at."""

    name: str
    outcome: str
    sentence: str
    fix: str = ""


FIELDS = {field.name for field in fields(Tested)}
OUTCOMES = {*Outcome}


def try_connection(version: int) -> None:
    """Ask Gate, and keep what it says with the row, unless that was edited since."""
    row = Spinnaker.objects.filter(version=version).first()
    if row is not None:
        found = [asdict(one) for one in tested(row)]
        same = Spinnaker.objects.filter(pk=row.pk, version=version)
        same.update(tested_at=Now(), result=found)


def tested(row: Spinnaker) -> Iterator[Tested]:
    """Yield what a test sees, without a text that nobody bounded."""
    try:
        found = report(gate_of(row, limits=LIMITS), Release.of(row.release))
    except NotConnected as error:
        yield Tested("Connection", Outcome.FAILED, str(error))
        return
    for one in (*checks(found), *of_the_release(found)):
        yield Tested(one.name, one.outcome, bounded(one.sentence), one.fix)


def checks(found: Report) -> Iterator[Tested]:
    if found.caller:
        roles = first_names(found.caller.roles) or "none"
        who = f"Bowline is signed in as {found.caller.name}. Roles: {roles}."
        yield Tested("Sign-in", Outcome.PASSED, who)
    elif found.error is None:
        yield Tested("Sign-in", Outcome.NOT_TESTABLE, NO_ONE)
    if found.error:
        yield refused(found.error, signed_in=found.caller is not None)
        return
    yield permissions(found)
    said = f"Spinnaker stores {found.stored:,} in its database."
    yield Tested("Account storage", Outcome.PASSED, said)
    yield loading(found)
    yield default_role(found)
    if found.reloading:
        yield reloads(found)


def refused(error: GateError, *, signed_in: bool) -> Tested:
    names = {Kind.DENIED: "Permissions", Kind.STORAGE_OFF: "Account storage"}
    name = names.get(error.kind, "Gate" if signed_in else "Sign-in")
    return Tested(name, Outcome.FAILED, str(error), NEXT_STEPS.get(error.kind, ""))


def permissions(found: Report) -> Tested:
    name = "Permissions"
    if found.caller is None:
        return Tested(
            name, Outcome.NOT_TESTABLE, "No user is signed in, so there are none."
        )
    if not found.caller.is_admin:
        return Tested(name, Outcome.NOT_TESTABLE, NOT_ADMIN, NEXT_STEPS[Kind.DENIED])
    said = (
        "The service account is a Spinnaker admin: it can store, change, and delete "
        "every account."
    )
    return Tested(name, Outcome.PASSED, said)


def loading(found: Report) -> Tested:
    """Say what is loaded; of the poller, only signs can be seen."""
    name = "Loaded accounts"
    types = ", ".join(f"{count:,} {type_}" for type_, count in found.types.items())
    said = f"Spinnaker has loaded {found.loaded:,}{f' ({types})' * bool(types)}."
    if found.not_loaded:
        said += f" Stored but not loaded yet: {first_names(found.not_loaded)}."
        return Tested(name, Outcome.NOT_TESTABLE, said, SET_SWITCHES)
    if not found.stored:
        return Tested(name, Outcome.NOT_TESTABLE, f"{said} {SEEN_LATER}")
    said += " Every stored one is among them, from its last start or by polling."
    return Tested(name, Outcome.EVALUATED, said)


def default_role(found: Report) -> Tested:
    name = "Role to assume"
    if found.without_role:
        said = WITHOUT_ROLE.format(names=first_names(found.without_role))
        return Tested(name, Outcome.FAILED, said, SET_SWITCHES)
    if not found.types.get("aws"):
        return Tested(
            name, Outcome.NOT_TESTABLE, "No aws account is loaded that shows it."
        )
    return Tested(name, Outcome.PASSED, "Each loaded aws account assumes one.")


def reloads(found: Report) -> Tested:
    fields = sorted({name for names in found.reloading.values() for name in names})
    said = RELOADED.format(names=first_names(found.reloading), fields=", ".join(fields))
    return Tested("Polling", Outcome.FAILED, said, SPELL_OUT)


def of_the_release(found: Report) -> Iterator[Tested]:
    """Yield the warnings that no check says."""
    said = {NO_ONE, NOT_ADMIN}
    for warning in found.warnings:
        if warning not in said and not warning.startswith(WITHOUT_ROLE.split("{")[0]):
            yield Tested("Release", Outcome.EVALUATED, warning)


def first_names(names: Iterable[str]) -> str:
    return first_of([name[:100] for name in names], MOST_NAMED)


def bounded(text: str) -> str:
    """Make it one that every database takes."""
    return visible(text)[:LONGEST]


def last_test(row: Spinnaker) -> list[Tested]:
    """Read back what the last test of this version saw; raise Unreadable."""
    stored: list[dict[str, Any]] = row.result or []
    if any(one.keys() != FIELDS or one["outcome"] not in OUTCOMES for one in stored):
        raise Unreadable(row, "result", stored)
    return [Tested(**one) for one in stored]
