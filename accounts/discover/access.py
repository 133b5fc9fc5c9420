"""How Bowline reaches AWS: the connection, and the access to an account as it
is tried.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any, NamedTuple

from accounts.discover.looking import bowline_identity, principal_of
from accounts.discover.questions import KEPT, question, reach_in, same, sessions_of
from accounts.mapping.entries import verified_entries
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount, ManagingAccount, Question, Spinnaker
from accounts.people.roles import OPERATOR
from accounts.spinnaker.testing import try_connection
from onboarding import names
from onboarding.access_role import (
    FILE,
    AccessRole,
    stack_command,
    stack_set_commands,
    usable_name,
)
from onboarding.aws.discover import AccessReport, try_access
from onboarding.aws.session import Caller
from onboarding.delivery.connection import SignInBy
from onboarding.delivery.loading import PERIOD
from onboarding.delivery.switches import switches
from onboarding.spinnaker.services.places import Service
from onboarding.topology import Reach


@question("spinnaker", doing="calling Gate")
def tested_connection(asked: Question) -> Any:
    return try_connection(asked.input["version"])


def connection_test(row: Spinnaker) -> Question:
    return tested_connection.about(version=row.version)


def switches_of(managing: ManagingAccount, row: Spinnaker | None) -> dict[Service, str]:
    """Write what each service needs once, for the accounts that are verified."""
    known = managing_of(managing)
    verified = ManagedAccount.objects.ready().order_by("name").only("name", "verified")
    return switches(
        known,
        verified_entries(known, verified),
        period=row.poll_seconds if row else int(PERIOD),
        token=bool(row and row.sign_in == SignInBy.TOKEN),
    )


READ_FOR = timedelta(hours=1)
"""As long as somebody may read the page before taking the file from it."""


@question("access", role=OPERATOR)
def tested_access(asked: Question) -> Any:
    return asdict(try_access(sessions_of(asked), reach_in(asked)))


def report_of(asked: Question) -> AccessReport:
    answer: dict[str, Any] = asked.answer or {}
    caller = answer["caller"] and Caller(**answer["caller"])
    return AccessReport(**{**answer, "caller": caller})


def reach_of(account: ManagedAccount, role: str) -> Reach:
    role = role.strip()
    return Reach(account.account_id, names.ROLE_NAME(role) if role else "")


def fails_test(account: ManagedAccount, partition: str) -> bool:
    """Return whether the last test of the account's stored access role failed; what is
    stored and no role's name was never tested.
    """
    if account.is_handed_off:
        return False
    try:
        reach = reach_of(account, account.access_role)
    except names.BadName:
        return False
    last = last_test(partition, reach)
    return last is not None and not last.works


def works_without_role(account: ManagedAccount, partition: str) -> bool:
    """Return whether the last test with Bowline's own credentials succeeded."""
    last = last_test(partition, reach_of(account, ""))
    return last is not None and last.works


def last_test(partition: str, reach: Reach) -> AccessReport | None:
    tests = same(tested_access.at(partition, reach)).filter(message="")
    last = tests.answered(KEPT).first()
    return report_of(last) if last else None


class Policy(NamedTuple):
    """A statement that lets Bowline in, for whoever adds it."""

    says: str
    text: str


def policies_for(report: AccessReport) -> list[Policy]:
    """Write what must be allowed where Bowline may not assume the role."""
    if report.works or report.caller is None or not report.role_arn:
        return []
    assumes = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    trusts = {**assumes, "Principal": {"AWS": report.caller.principal}}
    return [
        Policy("Add this statement to the role's trust policy:", indented_json(trusts)),
        Policy(
            "Add this statement to a policy of Bowline's identity:",
            indented_json({**assumes, "Resource": report.role_arn}),
        ),
    ]


def indented_json(statement: dict[str, Any]) -> str:
    return json.dumps(statement, indent=2)


def just_answered() -> Question | None:
    """Return the answer that somebody may be reading still."""
    return same(who_is_bowline()).filter(message="").answered(READ_FOR).first()


def who_is_bowline() -> Question:
    return bowline_identity.at(managing_row().partition)


def texts(account: ManagedAccount, caller: Question) -> dict[str, Any]:
    managing = managing_of(managing_row())
    region = next(iter(account.regions), managing.aws.home_region)
    return {
        "role": AccessRole(
            managing,
            principal_of(caller),
            usable_name(account.access_role),
            account.managed_role,
        ),
        "commands": stack_set_commands(region),
        "by_itself": stack_command(region),
        "file": FILE,
    }
