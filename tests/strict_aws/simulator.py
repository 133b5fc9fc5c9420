"""IAM's simulator as AWS has it: in pages, with boundaries and what the organization
denies, and with actions that it judges apart; the emulator's knows none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.sax.saxutils import escape

from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.delays import denied, session_of
from tests.strict_aws.policies import (
    Statement,
    boundary,
    concerns,
    is_met,
    keys,
    statements,
)
from tests.strict_aws.proxy import Behaviour, StrictAws
from tests.strict_aws.request import Request

HOLDER = re.compile(r"arn:[a-z-]+:iam::(\d{12}):(role|user)/(?:.+/)?([^/]+)")
NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
APART = (
    "Invalid Input Actions: [{}] and [{}] require different authorization information."
)
UNTOLD = frozenset(
    {
        "aws:principalisawsservice",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:viaawsservice",
    }
)
"""Keys of calls that it doesn't know, even if they are sent; it knows
elasticloadbalancing:Scheme only if that is sent.
"""
INSIDE = {
    "aws:principalisawsservice": "false",
    "aws:sourceip": "192.0.2.7",
    "aws:sourcevpc": "vpc-inside",
    "aws:sourcevpce": "vpce-inside",
    "aws:viaawsservice": "false",
}
"""What a call of Spinnaker's really has."""


class Judged(NamedTuple):
    resource: str
    decision: str
    missing: frozenset[str]
    outside: bool = False


@dataclass
class Simulator(Behaviour):
    """IAM's simulator judges each action on each resource by all conditions, names the
    condition keys of all policies that it was not given, none of the organization's,
    and takes some actions in requests of their own only.
    """

    page: int = 1000
    """How many actions it answers at once, however many are asked for."""
    apart: frozenset[str] = frozenset()
    """Actions that it judges in no request with others."""
    unknown: frozenset[str] = frozenset()
    """Actions that it finds invalid."""
    silent: frozenset[str] = frozenset()
    """Actions that it says nothing of."""
    outside: frozenset[str] = frozenset()
    """Actions that the organization denies, whatever it says of each resource."""
    organization: tuple[Statement, ...] = ()
    """What policies of the organization deny, under conditions or none."""
    before_july_2026: bool = False
    """Until then, it left out what they deny under conditions."""
    names_outside: bool = False
    """Whether it names the keys of the organization's policies as missing, too."""

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        if request.operation != "SimulatePrincipalPolicy" or not answer.done:
            return answer
        sent = request.parameters
        actions = [*listed(sent, "ActionNames")]
        if bad := self.unknown & {*actions}:
            said = f"{bad} isn't valid."
            return Refusal("InvalidInput", said).answer(request)
        others = self.apart & {*actions}
        if others and others != {*actions}:
            parts = (",".join(sorted(one)) for one in ({*actions} - others, others))
            return Refusal("InvalidInput", APART.format(*parts)).answer(request)
        begin = int(sent.get("Marker", 0))
        end = begin + min(self.page, int(sent.get("MaxItems", 100)))
        policies = Policies.of(sent["PolicySourceArn"], aws)
        members = "".join(
            self.result(policies, action, sent)
            for action in actions[begin:end]
            if action not in self.silent
        )
        marker = f"<Marker>{end}</Marker>" if end < len(actions) else ""
        truncated = str(bool(marker)).lower()
        return answer._replace(
            body=(
                f'<SimulatePrincipalPolicyResponse xmlns="{NAMESPACE}">'
                f"<SimulatePrincipalPolicyResult><IsTruncated>{truncated}</IsTruncated>"
                f"{marker}<EvaluationResults>{members}</EvaluationResults>"
                "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
            ).encode()
        )

    def result(self, policies: Policies, action: str, sent: Mapping[str, str]) -> str:
        """Write the result of one action, which says of the action as a whole what is
        true of some resource only.
        """
        resources = [*listed(sent, "ResourceArns")] or ["*"]
        context = dict(given(sent))
        judged = [self.judged(policies, action, one, context) for one in resources]
        outside = action in self.outside or any(one.outside for one in judged)
        decision = min(one.decision for one in judged)  # “allowed” is the first
        return (
            f"<member><EvalActionName>{escape(action)}</EvalActionName>"
            f"<EvalResourceName>*</EvalResourceName>"
            f"<EvalDecision>{decision}</EvalDecision>"
            "<OrganizationsDecisionDetail><AllowedByOrganizations>"
            f"{str(not outside).lower()}"
            "</AllowedByOrganizations></OrganizationsDecisionDetail>"
            f"{self.missing(*judged)}<ResourceSpecificResults>"
            + "".join(
                f"<member><EvalResourceName>{escape(one.resource)}</EvalResourceName>"
                f"<EvalResourceDecision>{one.decision}</EvalResourceDecision>"
                f"{self.missing(one)}</member>"
                for one in judged
                if resources != ["*"]
            )
            + "</ResourceSpecificResults></member>"
        )

    def judged(
        self, policies: Policies, action: str, resource: str, given: Mapping[str, str]
    ) -> Judged:
        """Judge by the account's policies where none of the organization denies it."""
        judged = policies.judged(action, resource, given)
        given = {key: one for key, one in given.items() if key not in UNTOLD}
        for rule in self.organization:
            if self.before_july_2026 and "Condition" in rule:
                continue
            if concerns(rule, action, resource) and is_met(rule, given):
                named = keys(rule) - given.keys() if self.names_outside else frozenset()
                return judged._replace(
                    decision="explicitDeny",
                    missing=judged.missing | named,
                    outside=True,
                )
        return judged

    def missing(self, *judged: Judged) -> str:
        named = {key for one in judged for key in one.missing}
        members = "".join(f"<member>{escape(key)}</member>" for key in sorted(named))
        return f"<MissingContextValues>{members}</MissingContextValues>"


@dataclass
class Organization(Behaviour):
    """Policies of the organization judge the calls of a role by where they come from,
    too, of which IAM's simulator knows nothing.
    """

    role: str
    simulator: Simulator
    """Knows what they deny."""
    called_from: Mapping[str, str] = field(default_factory=lambda: INSIDE)

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        account, role = aws.holder(request)
        if role != self.role or self.simulator.before_july_2026:
            return None
        action = f"{request.service}:{request.operation}"
        known = {
            "aws:principalarn": f"arn:aws:iam::{account}:role/{role}",
            "aws:principalorgid": "o-a",
            "aws:requestedregion": request.region,
            "aws:resourceaccount": account,
            "aws:resourceorgid": "o-a",
            "aws:securetransport": "true",
            "ec2:region": request.region,
            **self.called_from,
        }
        for rule in self.simulator.organization:
            if concerns(rule, action, "*") and is_met(rule, known):
                why = " with an explicit deny in a service control policy"
                return denied(action, session_of(account, role), why).answer(request)
        return None


class Policies(NamedTuple):
    held: list[Statement]
    bounds: list[Statement] | None

    @classmethod
    def of(cls, arn: str, aws: StrictAws) -> Policies:
        found = HOLDER.fullmatch(arn)
        assert found, arn
        holder = (found[1], found[2].title(), found[3])
        return cls(statements(aws, *holder), boundary(aws, *holder))

    def judged(self, action: str, resource: str, context: Mapping[str, str]) -> Judged:
        def effects(rules: list[Statement]) -> set[str]:
            return {
                rule["Effect"]
                for rule in rules
                if concerns(rule, action, resource) and is_met(rule, context)
            }

        everything = [*self.held, *(self.bounds or [])]
        lacking = {key for rule in everything for key in keys(rule)} - context.keys()
        decision = "implicitDeny"
        if "Deny" in effects(everything):
            decision = "explicitDeny"
        elif effects(self.held) and (self.bounds is None or effects(self.bounds)):
            decision = "allowed"
        return Judged(resource, decision, frozenset(lacking))


def listed(sent: Mapping[str, str], name: str) -> Iterator[str]:
    number = 1
    while (member := f"{name}.member.{number}") in sent:
        yield sent[member]
        number += 1


def given(sent: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    number = 1
    while (entry := f"ContextEntries.member.{number}") + ".ContextKeyName" in sent:
        key = sent[f"{entry}.ContextKeyName"].lower()
        yield key, sent[f"{entry}.ContextKeyValues.member.1"]
        number += 1
