"""What narrows roles of an account that was only evaluated asks for a test of access.

Bowline can't assume an IAM user, so “evaluated” is no evidence that Spinnaker keeps its
access. Whoever approves brings what verify.sh printed where Spinnaker runs, or types a
word instead; the activity log has which. An undo asks for neither: it can't wait.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from accounts.mapping.managing import managing_of, managing_row
from accounts.mapping.plans import plan_of, take_over_of
from accounts.models import Run
from accounts.models.states import State
from accounts.runs.deciding.confirmation import Unconfirmed
from accounts.runs.managing.kept_roles import role_arn
from onboarding.partitions import Arn
from onboarding.resources.kinds import Attachment, InlinePolicy, ManagedPolicy, Role
from onboarding.resources.plan import Plan

UNTESTED = "untested"
"""What is typed instead of an answer."""
LONGEST_ANSWER = 200_000
"""Characters: the lines of a thousand accounts."""
LONGEST_LINE = 300
NARROWED = {one.kind for one in (Role, Attachment, InlinePolicy, ManagedPolicy)}
HOST = re.compile(r"^This host is (\S{1,2048})\.$", re.MULTILINE)
RESULT = re.compile(r"^(\S{1,60}): (passed|FAILED)\. (.*)$", re.MULTILINE)


class AccessUntested(Unconfirmed):
    """A plan narrows what nobody tested; the message says what to bring."""


def narrows(run: Run, plan: Plan) -> bool:
    """Return whether the plan takes anything from what existing roles allow, or from
    whom they trust.
    """
    if run.kind != Run.Kind.ONBOARD or take_over_of(run).undoes:
        return False
    return any(
        one.key.kind in NARROWED and one.verb != "create" and one.removed
        for one in plan.changes
    )


def asks_for_test(run: Run, plan: Plan) -> str:
    """Say why a test is asked for, and how to make it; empty: it is not."""
    account = run.account
    if account is None or account.verification != State.EVALUATED:
        return ""
    if not narrows(run, plan):
        return ""
    return (
        f"{account.name} is evaluated, not verified, and this plan removes permissions "
        "or trust: Bowline can't test whether Spinnaker keeps its access. Run "
        "verify.sh from the newest bundle and paste what it prints, or type "
        f"“{UNTESTED}” to continue without a test."
    )


def asks_for_test_of_any(runs: Iterable[Run], plan: Plan) -> str:
    """Say so of plans with the same changes: of the first one that needs a test."""
    return next(filter(None, (asks_for_test(run, plan) for run in runs)), "")


class Answer(NamedTuple):
    """What somebody brings: what verify.sh printed, or the word."""

    text: str
    host: str
    """As what verify.sh ran."""
    passed: Mapping[str, str]
    """The names in Spinnaker of which it says that they passed, by what it says."""
    failed: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, text: str) -> Answer:
        lines = "\n".join(text[:LONGEST_ANSWER].splitlines())  # a form sends CR LF
        found = RESULT.findall(lines)
        return cls(
            text.strip().lower(),
            next(iter(HOST.findall(lines)), ""),
            {said: name for name, result, said in found if result == "passed"},
            [(name, said) for name, result, said in found if result == "FAILED"],
        )


def access_tested(run: Run, plan: Plan, answer: Answer) -> str:
    """Return what the activity log keeps of the answer, or empty where none is asked
    for. Raise AccessUntested where it doesn't say that Spinnaker has access.
    """
    asks = asks_for_test(run, plan)
    if not asks:
        return ""
    if answer.text == UNTESTED:
        return UNTESTED
    if not answer.text:
        raise AccessUntested(asks)
    assert run.account is not None
    managing = managing_row()
    refuse_other_host(answer.host, managing_of(managing).identity_arn)
    role = role_arn(managing, run.account)
    about = re.compile(rf"{re.escape(role)}(?![\w+=.@/-])")
    for name, said in answer.failed:
        if about.search(said):
            raise AccessUntested(f"verify.sh failed. {name}: {said[:LONGEST_LINE]}")
    becomes = f"Spinnaker becomes {role} in account {run.account.account_id}."
    if becomes not in answer.passed:
        raise AccessUntested(
            f"The answer of verify.sh doesn't say that Spinnaker becomes {role}. Run "
            f"verify.sh from a bundle that includes {run.account.name}, and paste "
            f"everything that it prints, or type “{UNTESTED}”."
        )
    return f"This host is {answer.host}. {answer.passed[becomes]}: passed. {becomes}"


def refuse_other_host(host: str, identity: str) -> None:
    """Raise AccessUntested unless verify.sh ran as what Spinnaker runs as."""
    if host == identity or session_of(identity, host):
        return
    ran = f"ran as {host}" if host else "doesn't say as what it ran"
    raise AccessUntested(
        f"verify.sh {ran}, and Spinnaker runs as {identity}. Paste everything that "
        "it prints where Spinnaker runs."
    )


def session_of(identity: str, host: str) -> bool:
    """Return whether the host is a session of the identity, which is a role."""
    role, session = Arn.of(identity), Arn.of(host)
    assumed = f"assumed-role/{role.name}/"
    return (
        role.kind == "role"
        and (session.service, session.account) == ("sts", role.account)
        and session.resource.startswith(assumed)
    )


def tests_of(
    runs: Sequence[Run], answer: Answer
) -> tuple[dict[int, str], dict[int, str]]:
    """Return of plans with the same changes, by their runs' numbers, what the activity
    log keeps of the answer, and of which a test is missing and why.
    """
    kept: dict[int, str] = {}
    missing: dict[int, str] = {}
    plan = plan_of(runs[0]) if runs else Plan()
    for run in runs:
        try:
            kept[run.number] = access_tested(run, plan, answer)
        except AccessUntested as error:
            missing[run.number] = str(error)
    return kept, missing
