"""What the trust policy of a role says about whoever wants to assume it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from onboarding.partitions import Arn
from onboarding.resources.policy import Policy, as_list
from onboarding.resources.wildcards import matches
from onboarding.verify.conditions import Context, all_of
from onboarding.verify.policy_evaluation import asked_for, conditions
from onboarding.verify.result import (
    Cause,
    Located,
    Path,
    command,
    line_of,
    printed_document,
)

ASSUME_ROLE = "sts:assumerole"
DELETED = ("AROA", "AIDA")
"""IAM writes a principal's id in its place once the principal is deleted."""

WRITE_IT = (
    "Set the condition to the value that Spinnaker sends. Or plan again and approve, "
    "and Bowline updates the trust policy."
)
MFA = "aws:multifactorauthpresent"
NO_MFA = (
    "A service can't have MFA: remove the condition from its statement, or let Bowline "
    "write the trust policy: plan again and approve it. The external ID protects the "
    "role in its place."
)
DENIES = "Take the denying statement out."
THEIR_MFA = "A service can't have MFA. The external ID protects the role in its place."
SET_CONDITION = "Or set the condition to the value that Spinnaker sends."
ENTER_ID = (
    "Or enter the external ID that the role requires in the account's Access step, and "
    "plan again."
)
REPLACE = (
    "Replace the trust policy on the account's page, under Existing roles: the plan "
    "lists who loses access, and you can undo it."
)
"""What fixes the trust policy of a role that was there before Bowline."""
FIXES = {
    MFA: NO_MFA,
    "aws:multifactorauthage": NO_MFA,
    "aws:principalorgid": (
        "AWS itself sends the organization that Spinnaker's identity belongs to: name "
        "that one, or none, in the managing account's page; then plan again."
    ),
    "sts:rolesessionname": (
        "Enter this session name in the account's settings, and plan again. Or set the "
        "condition to the session name that Spinnaker sends."
    ),
}
"""What fixes an unmet condition, by its key, where writing it is not enough."""


@dataclass(frozen=True, slots=True)
class AssumeRequest:
    """Who wants to assume the role, and what is sent along; empty: nothing is."""

    principal: str
    external_id: str = ""
    organization: str | None = None
    """None: it is not known; empty: there is none."""
    session_name: str = ""
    """Empty: it is not known."""

    @property
    def context(self) -> Context:
        arn = Arn.of(self.principal)
        known = {
            "sts:externalid": self.external_id or None,
            "aws:principalarn": self.principal,
            "aws:principalaccount": arn.account,
            # A user's key has no such key, a role's session always has this one.
            MFA: None if arn.kind == "user" else "false",
            "aws:multifactorauthage": None,
        }
        if self.organization is not None:
            known["aws:principalorgid"] = self.organization or None
        if self.session_name:
            known["sts:rolesessionname"] = self.session_name
        return known


def admits(trust: Policy, request: AssumeRequest) -> bool | None:
    """Return whether a trust policy grants the request; None: it cannot be known."""
    statements = [
        (statement["Effect"], applies(statement, request))
        for statement in trust.document["Statement"]
    ]
    if ("Deny", True) in statements:
        return False
    if any(applied is None for _, applied in statements):
        return None
    return ("Allow", True) in statements


def applies(statement: Mapping[str, Any], request: AssumeRequest) -> bool | None:
    if "NotPrincipal" in statement or "NotAction" in statement:
        return None
    if not names(statement, request.principal):
        return False
    return all_of(met for _, met in conditions(statement, request.context))


def names(statement: Mapping[str, Any], principal: str) -> bool:
    """Return whether a statement is about this principal's AssumeRole at all."""
    actions = as_list(statement.get("Action", []))
    if not any(matches(ASSUME_ROLE, action.lower()) for action in actions):
        return False
    return bool({"*", principal, Arn.of(principal).account} & set(named_in(statement)))


def named_in(statement: Mapping[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    named: list[str] = as_list(principal.get("AWS", []))
    return named


@dataclass(frozen=True, slots=True)
class Trust:
    """The trust policy of a role, and what it should be."""

    role_arn: str
    existing: Policy
    wanted: Policy
    adopted: bool = False
    """Others may assume it, too, and still may."""

    @property
    def document(self) -> dict[str, Any]:
        return self.existing.document

    @property
    def title(self) -> str:
        role = Arn.of(self.role_arn)
        return f"The trust policy of role {role.name} in account {role.account}"

    @property
    def change(self) -> str:
        wanted = self.wanted.document
        if self.adopted:
            statements = [*self.document["Statement"], *wanted["Statement"]]
            wanted = Policy.of({**wanted, "Statement": statements}).document
        role = Arn.of(self.role_arn).name
        words = ("iam", "update-assume-role-policy", "--role-name", role)
        return command(*words, policy_document=wanted)

    def cause(self, request: AssumeRequest) -> Cause | None:
        """Say why it refuses the request; None where it does not."""
        admitted = admits(self.existing, request)
        if admitted is True:
            return None
        statements = self.document["Statement"]
        for number, statement in enumerate(statements):
            if statement["Effect"] == "Deny" and applies(statement, request):
                return self.denying(number, request)
        unsure = None
        for number, statement in enumerate(statements):
            if not names(statement, request.principal):
                continue
            for path, met in conditions(statement, request.context):
                way = ("Statement", number, *path)
                if met is False and statement["Effect"] == "Allow":
                    return self.unmet(way, request)
                if met is None:
                    unsure = unsure or self.unclear(way)
        return unsure or self.unnamed(request, certain=admitted is False)

    def fixed_by(self, fix: str, otherwise: str = "") -> str:
        """Say what fixes it: no plan changes the trust policy of a role that was there
        before Bowline, but a step of taking it over does.
        """
        return f"{REPLACE} {otherwise}".strip() if self.adopted else fix

    def fix_of_condition(self, key: str) -> str:
        if key in FIXES and FIXES[key] is not NO_MFA:
            return FIXES[key]
        if key in FIXES:
            return self.fixed_by(NO_MFA, THEIR_MFA)
        return self.fixed_by(
            WRITE_IT, ENTER_ID if key == "sts:externalid" else SET_CONDITION
        )

    def refusal(
        self, located: Located, sentence: str, fix: str, path: Path, certain: bool
    ) -> Cause:
        return Cause(
            located,
            f"{self.title} {sentence}",
            fix,
            document=printed_document(self.document),
            line=line_of(self.document, path),
            change=self.change,
            certain=certain,
        )

    def denying(self, number: int, request: AssumeRequest) -> Cause:
        statement = self.document["Statement"][number]
        keys = {str(path[-1]).lower() for path, _ in conditions(statement, {})}
        by_mfa = keys & {MFA, "aws:multifactorauthage"}
        without = " without MFA" if by_mfa else ""
        denied = self.refusal(
            Located.THEIR_TRUST,
            f"denies sts:AssumeRole to {request.principal}{without}.",
            self.fixed_by(NO_MFA, THEIR_MFA)
            if by_mfa
            else self.fixed_by(DENIES, f"Or t{DENIES[1:]}"),
            ("Statement", number, "Effect"),
            certain=True,
        )
        # Next to a statement that denies, another one allows nothing.
        return replace(denied, change="") if self.adopted else denied

    def unmet(self, path: Path, request: AssumeRequest) -> Cause:
        *_, operator, key = path
        wanted = asked_for(operator, value_at(self.document, path))
        sent = request.context[str(key).lower()]
        return self.refusal(
            Located.CONDITION,
            f"lets {request.principal} in only where {key} is {wanted}, and "
            + (f"“{sent}” is sent." if sent else "none is sent."),
            self.fix_of_condition(str(key).lower()),
            path,
            certain=True,
        )

    def unclear(self, path: Path) -> Cause:
        *_, operator, key = path
        return self.refusal(
            Located.CONDITION,
            f"has a condition ({operator} on {key}) that only AWS can judge.",
            f"Compare {key} of Spinnaker's own calls with what the condition asks for.",
            path,
            certain=False,
        )

    def unnamed(self, request: AssumeRequest, *, certain: bool) -> Cause:
        statements = list(enumerate(self.document["Statement"]))
        number, statement = next(
            ((n, s) for n, s in statements if named_in(s)), statements[0]
        )
        named = " and ".join(named_in(statement)) or "no one in AWS's accounts"
        gone = any(name.startswith(DELETED) for name in named_in(statement))
        part = "Principal" if "Principal" in statement else "NotPrincipal"
        return self.refusal(
            Located.THEIR_TRUST,
            f"doesn't allow {request.principal}: it names {named}"
            + (", the id of a role that was deleted." if gone else "."),
            self.fixed_by(
                f"Allow sts:AssumeRole to {request.principal} in the trust policy of "
                f"{self.role_arn}, or let Bowline do it: plan again.",
                f"Or allow sts:AssumeRole to {request.principal} in it yourself: then "
                "no one loses access.",
            ),
            ("Statement", number, part),
            certain=certain,
        )


def value_at(document: Any, path: Path) -> Any:
    for key in path:
        document = document[key]
    return document
