"""What a person types or selects with an approval: the name of what is deleted, and
that the access was tested. Pages and the API ask for the same.

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
from accounts.models import ManagedAccount, Run
from accounts.models.states import State
from accounts.refused import Refused
from accounts.runs.managing.kept_roles import role_arn
from accounts.slices import in_slices
from accounts.wording import counted, first_of
from onboarding.partitions import Arn
from onboarding.resources.kinds import Attachment, InlinePolicy, ManagedPolicy, Role
from onboarding.resources.plan import Plan

MOST_NAMED = 3
"""The most accounts of a sentence that are named."""


class Unconfirmed(Refused, ValueError):
    """Something is to be deleted or lost, and what was typed does not say so."""

    code = "UNCONFIRMED"


def lost_in_words(plan: Plan, most: int = MOST_NAMED) -> str:
    """Say what Spinnaker can no longer assume after the plan, without a full stop;
    empty: it loses nothing.
    """
    if not plan.losses:
        return ""
    ids = {account for risk in plan.losses for account in risk.accounts}
    roles = [r for r in sorted(plan.assumable.lost) if Arn.of(r).account not in ids]
    lost = []
    if ids:
        names = names_of_ids(ids)
        called = [f"{name} ({key})" for key, name in names.items()]
        called = [*sorted(called), *sorted(ids - names.keys())]
        lost.append(f"roles in {counted(len(ids))}: {first_of(called, most)}")
    if roles:
        lost.append(f"{counted(len(roles), 'role')}: {first_of(roles, most)}")
    return f"Spinnaker can no longer assume {', and '.join(lost)}"


def lost_counted(plan: Plan) -> str:
    """Say so shortly, where the whole list is nearby."""
    refusing = sum(risk.key.kind == Role.kind for risk in plan.losses)
    roles = counted(len(plan.assumable.lost) + refusing, "role")
    return f"Spinnaker can no longer assume {roles}" if plan.losses else ""


def names_of_ids(ids: Iterable[str]) -> dict[str, str]:
    """Return what the accounts with these IDs are called in Bowline."""
    rows = ManagedAccount.objects.order_by()
    return {
        account_id: name
        for some in in_slices(sorted({*ids}))
        for account_id, name in rows.filter(account_id__in=some).values_list(
            "account_id", "name"
        )
    }


def plan_in_words(run: Run, plan: Plan) -> str:
    """Say what a run's plan deletes, and what Spinnaker loses by it, as a person
    confirms it; empty: nothing. That a removal takes its account needs no words.
    """
    deletes = counted(len(plan.deletions), "resource")
    removes = run.kind == Run.Kind.REMOVE and bool(plan.deletions)
    lost = "" if removes else lost_counted(plan)
    said = [
        f"This plan deletes {deletes} in AWS." if plan.deletions else "",
        f"After this plan, {lost}." if lost else "",
    ]
    return " ".join(filter(None, said))


def group_in_words(plan: Plan) -> str:
    """Say so of one of many identical plans."""
    if plan.deletions:
        return f"Each plan deletes {counted(len(plan.deletions), 'resource')} in AWS."
    return "After each plan, Spinnaker can assume fewer roles." * bool(plan.losses)


def confirm_run(account_name: str, typed: str) -> None:
    """Raise Unconfirmed unless the account was named whose plan deletes something, or
    takes it from Spinnaker.
    """
    if typed != account_name:
        raise Unconfirmed(
            f"Type the account's name, {account_name}, to approve a plan that deletes "
            "something or takes accounts from Spinnaker."
        )


def confirm_leaving(account_name: str, typed: str) -> None:
    """Raise Unconfirmed unless the account was named that is to leave Bowline."""
    if typed != account_name:
        raise Unconfirmed(
            f"Type the account's name, {account_name}, to take it out of Bowline."
        )


def phrase_of_group(plans: int) -> str:
    return f"delete in {counted(plans)}"


def confirm_group(plans: int, typed: str) -> None:
    """Raise Unconfirmed unless it was said in how many accounts a group deletes."""
    confirm(phrase_of_group(plans), typed, "these plans")


def phrase_of_delivery(removes: int) -> str:
    return f"remove {counted(removes)}"


def confirm_delivery(removes: int, typed: str) -> None:
    """Raise Unconfirmed unless it was said how many accounts Spinnaker loses."""
    confirm(phrase_of_delivery(removes), typed, "this")


def confirm(phrase: str, typed: str, what: str) -> None:
    if " ".join(typed.split()).lower() != phrase:
        raise Unconfirmed(f"Type “{phrase}” to approve {what}.")


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
