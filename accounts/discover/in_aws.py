"""What pages need to know from AWS: who Bowline is and where, who belongs to the same
organization, an account's regions, and what the details of a provider can be.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from accounts.discover.questions import question, reach_in, sessions_of
from accounts.models import Question
from accounts.models.account import Unreadable
from accounts.people.roles import OPERATOR
from onboarding.aws import discover
from onboarding.aws.discover import OwnAccount
from onboarding.aws.organization import organization_accounts, organization_id
from onboarding.aws.session import set_region
from onboarding.checks import Call
from onboarding.partitions import partition_of


@question("caller")
def bowline_identity(asked: Question) -> Any:
    return asdict(sessions_of(asked).whoami())


def principal_of(caller: Question) -> str:
    """Return Bowline's own principal; raise Unreadable where the row holds none."""
    match caller.answer:
        case {"principal": str(principal)}:
            return principal
    raise Unreadable(caller, "answer", caller.answer)


@question("home")
def bowline_home(asked: Question) -> Any:
    return asdict(discover.own_account(sessions_of(asked)))


def home() -> Question:
    """Ask in which account Bowline is, in the partition of the region it is set to."""
    return bowline_home.at(partition_of(set_region()) or "aws")


def own_account_of(asked: Question) -> OwnAccount:
    return OwnAccount(**(asked.answer or {}))


@dataclass(frozen=True, slots=True)
class Belonging:
    """What Organizations answered."""

    organization: str | None
    """Empty: the account belongs to none; None: it may not be read."""
    account_ids: tuple[str, ...]
    """None where they may not be read."""


@question("organization", role=OPERATOR)
def organization_membership(asked: Question) -> Any:
    """Ask Organizations with the managing account's reach."""
    sessions, reach = sessions_of(asked), reach_in(asked)
    members = organization_accounts(sessions, reach).accounts
    ids = tuple(member.account_id for member in members)
    return asdict(Belonging(organization_id(sessions, reach), ids))


def belonging_of(answer: dict[str, Any]) -> Belonging:
    """Read what was kept as JSON."""
    return Belonging(answer["organization"], tuple(answer["account_ids"]))


@question("regions", role=OPERATOR)
def enabled_regions(asked: Question) -> Any:
    return discover.regions(sessions_of(asked), reach_in(asked))


@question("details", role=OPERATOR)
def possible_details(asked: Question) -> Any:
    found = discover.answers(sessions_of(asked), reach_in(asked), calls_in(asked))
    return list(found.values())


def calls_in(asked: Question) -> tuple[Call, ...]:
    return tuple(
        Call(service, operation, region, tuple((k, v) for k, v in parameters))
        for service, operation, region, parameters in asked.input["calls"]
    )


def found_by(asked: Question) -> dict[Call, Any]:
    """Return the answers by the calls that they answer."""
    found: list[Any] = asked.answer or []
    return dict(zip(dict.fromkeys(calls_in(asked)), found, strict=True))
