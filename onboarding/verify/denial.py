"""Why a role or user is denied a call: read from all that says what it may do.

Asked only after a refusal. What cannot be read explains nothing: AwsError is raised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from onboarding.asked_once import asked_once
from onboarding.aws.errors import AwsError, DeniedBy, remedy
from onboarding.partitions import Arn
from onboarding.resources.kinds import MANAGED_PATH, MANAGING_PATH
from onboarding.resources.policy import Policy, as_list
from onboarding.resources.wildcards import matches
from onboarding.verify.policy_evaluation import (
    Document,
    FoundStatement,
    HeldPolicies,
    RequestContext,
    asked_for,
    conditions,
    find_statement,
    path_to,
)
from onboarding.verify.result import (
    Cause,
    Located,
    Path,
    command,
    deploy_again,
    line_of,
    printed_document,
)

OWN_PATHS = (MANAGING_PATH, MANAGED_PATH)
OWN_NAMES = "Bowline"


def is_own(document: Document) -> bool:
    """Return whether it is Bowline's, by its name."""
    named = document.name.startswith(OWN_NAMES)
    return named or any(path in document.arn for path in OWN_PATHS)


class Holder(HeldPolicies):
    """A role or user, and what denies it a call."""

    @asked_once
    def read_again(self) -> Holder:
        """Return it with nothing remembered of what was read or written before."""
        return replace(self, sessions=None)

    def cause(self, asked: RequestContext) -> Cause:
        """Say what denies it the call; HIGHER_UP where nothing here does."""
        found = self.in_documents(asked)
        if self.writes or found.located is not Located.OUR_POLICY:
            return found
        return replace(found, fix=deploy_again(self.client.account_id))

    def in_documents(self, asked: RequestContext) -> Cause:
        """Say the same, whoever makes the documents."""
        if found := self.refusal(asked) or self.doubt(asked):
            return found
        if find_statement(self.documents, "Allow", asked):
            return higher_up(asked.action, self.client.account_id)
        if unmet := find_statement(self.documents, "Allow", replace(asked, context={})):
            return self.unmet(unmet, asked)
        if detached := find_statement(self.loose, "Allow", asked):
            return self.detached(detached, asked)
        return self.nothing_allows(asked)

    def refusal(self, asked: RequestContext) -> Cause | None:
        """Say which document certainly denies it, whatever else allows it."""
        denied = find_statement(self.documents, "Deny", asked)
        if denied and denied.certain:
            return self.denied(denied, asked)
        return self.bounded(self.boundary, asked) if self.boundary else None

    def doubt(self, asked: RequestContext) -> Cause | None:
        """Say which statement decides it by what only the call shows; None where none
        does, or nothing allows the call at all.
        """
        allowed = find_statement(self.documents, "Allow", asked)
        if allowed is None:
            return None
        if not allowed.certain:
            return self.unclear(allowed, asked)
        if denied := find_statement(self.documents, "Deny", asked):
            return self.unclear(denied, asked)
        if self.boundary is None:
            return None
        for effect in ("Deny", "Allow"):
            found = find_statement([self.boundary], effect, asked)
            if found and not found.certain:
                return self.unclear(found, asked, "permissions boundary")
        return None

    def allows_by_own(self, asked: RequestContext) -> bool:
        """Return whether a policy of Bowline's certainly allows the call."""
        found = find_statement(filter(is_own, self.documents), "Allow", asked)
        return found is not None and found.certain

    def denied(self, found: FoundStatement, asked: RequestContext) -> Cause:
        document = found.document
        how, fix = denies(found, asked.action)
        return Cause(
            Located.OUR_POLICY if is_own(document) else Located.THEIR_POLICY,
            f"The policy {document.name} of {self.title} denies {asked.action}{how}.",
            fix,
            document=printed_document(document.shown),
            line=line_of(document.shown, action_path(found, asked)),
            change=self.without(found, asked),
        )

    def without(self, found: FoundStatement, asked: RequestContext) -> str:
        """Write the command that takes the action out of a statement listing it."""
        actions = as_list(found.statement.get("Action", []))
        left = [a for a in actions if a.lower() != asked.action.lower()]
        if len(left) == len(actions):
            return ""  # a pattern: what else it is to deny, only its owner knows
        statements = [
            {**statement, "Action": left} if number == found.number else statement
            for number, statement in enumerate(found.document.statements)
        ]
        statements = [s for s in statements if s.get("Action") != []]
        if not statements:
            return self.removing(found.document)
        return self.rewriting(
            found.document, {**found.document.content, **of(statements)}
        )

    def removing(self, document: Document) -> str:
        option = (f"--{self.kind}-name", self.name)
        if document.arn:
            verb = f"detach-{self.kind}-policy"
            return command("iam", verb, *option, "--policy-arn", document.arn)
        verb = f"delete-{self.kind}-policy"
        return command("iam", verb, *option, "--policy-name", document.name)

    def rewriting(self, document: Document, content: Any) -> str:
        if document.arn:
            return new_version(document.arn, content)
        words = (f"put-{self.kind}-policy", f"--{self.kind}-name", self.name)
        name = ("--policy-name", document.name)
        return command("iam", *words, *name, policy_document=content)

    def bounded(self, boundary: Document, asked: RequestContext) -> Cause | None:
        """Say how its permissions boundary stops the call, if it does."""
        denied = find_statement([boundary], "Deny", asked)
        allowed = find_statement([boundary], "Allow", asked)
        if allowed and not (denied and denied.certain):
            return None
        path: Path = ("Statement",)
        how, change = "doesn't allow", ""
        if denied and denied.certain:
            path, how = action_path(denied, asked), "denies"
        else:
            more = {"Action": asked.action, "Resource": asked.resource}
            statements = [*boundary.statements, {"Effect": "Allow", **more}]
            change = new_version(boundary.arn, {**boundary.content, **of(statements)})
        return Cause(
            Located.BOUNDARY,
            f"The permissions boundary {boundary.name} of {self.title} {how} "
            f"{asked.action}, whatever its policies allow.",
            f"Allow {asked.action} in the boundary {boundary.arn}, or choose another.",
            document=printed_document(boundary.shown),
            line=line_of(boundary.shown, path),
            change=change,
        )

    def unclear(
        self, found: FoundStatement, asked: RequestContext, what: str = "policy"
    ) -> Cause:
        path = condition(found, asked, met=None) or resource_path(found)
        decides = f"the value of a variable in its {path[0]}"
        key: str | int = ""
        if path[0] == "Condition":
            _, operator, key = path
            decides = f"a condition ({operator} on {key})"
        fix = "Compare the condition with Spinnaker's own calls."
        shown = found.document.shown
        return Cause(
            Located.CONDITION,
            f"{found.place} of the {what} {found.document.name} of {self.title} "
            f"applies only under {decides} that only AWS can judge.",
            fix_of(key, asked, fix),
            document=printed_document(shown),
            line=line_of(shown, ("Statement", found.number, *path)),
            certain=False,
        )

    def unmet(self, found: FoundStatement, asked: RequestContext) -> Cause:
        """Say which condition keeps a policy from allowing the call."""
        path = condition(found, asked, met=False)
        if path is None:
            return self.nothing_allows(asked)
        _, operator, key = path
        wanted = asked_for(operator, found.statement["Condition"][operator][key])
        known = asked.value_of(key)
        fix = "Plan again and approve, or change the condition."
        shown = found.document.shown
        return Cause(
            Located.CONDITION,
            f"The policy {found.document.name} of {self.title} allows {asked.action} "
            f"on {asked.resource} only where {key} is {wanted}, and "
            + (f"it is “{known}”." if known else "there is none."),
            fix_of(key, asked, fix),
            document=printed_document(shown),
            line=line_of(shown, ("Statement", found.number, *path)),
        )

    def detached(self, found: FoundStatement, asked: RequestContext) -> Cause:
        document = found.document
        words = (f"attach-{self.kind}-policy", f"--{self.kind}-name", self.name)
        return Cause(
            Located.OUR_POLICY,
            f"Bowline's policy {document.name} allows {asked.action}, but it isn't "
            f"attached to {self.title}.",
            "Attach it, or plan again and approve.",
            document=printed_document(document.shown),
            line=line_of(document.shown, action_path(found, asked)),
            change=command("iam", *words, "--policy-arn", document.arn),
        )

    def nothing_allows(self, asked: RequestContext) -> Cause:
        held = {
            "AttachedPolicies": [policy["PolicyName"] for policy in self.attached],
            "InlinePolicies": self.inline,
        }
        missing = Policy.allowing({"Action": asked.action, "Resource": asked.resource})
        words = (f"put-{self.kind}-policy", f"--{self.kind}-name", self.name)
        name = ("--policy-name", f"Allow{asked.action.split(':')[1]}")
        return Cause(
            Located.OUR_POLICY,
            f"No policy of {self.title} allows {asked.action} on {asked.resource}.",
            "Plan again and approve: Bowline writes and attaches what is missing.",
            document=printed_document(held),
            line=line_of(held, ("AttachedPolicies",)),
            change=command("iam", *words, *name, policy_document=missing.document),
        )


def higher_up(action: str, caller: str, entered: str = "") -> Cause:
    """Name what neither account shows: policies of the organization, of endpoints. The
    service control policies above the caller's account count; above the account that is
    `entered`, the resource control policies do.
    """
    others = ""
    if entered not in ("", caller):
        others = f", and in the resource control policies above account {entered}"
    return Cause(
        Located.HIGHER_UP,
        f"Everything that Bowline can read allows {action}. A policy of the "
        "organization or of a VPC endpoint denies it.",
        f"Ask an administrator of the organization to allow {action} in the service "
        f"control policies above account {caller}{others}; the command lists them.",
        change=list_policies(DeniedBy.SERVICE_CONTROL, caller),
        certain=False,
    )


def list_policies(kind: DeniedBy, account: str) -> str:
    """Write the command that lists an organization's policies above an account."""
    words = ("organizations", "list-policies-for-target", "--target-id", account)
    return command(*words, "--filter", kind.upper().replace(" ", "_"))


def named_by_aws(error: AwsError, holder: Holder) -> Cause | None:
    """Return the cause that AWS's own words name, for a call of the holder; None: they
    name none that the account's documents don't show.
    """
    kind, action, above = error.denied_by, error.operation, holder.client.account_id
    change = ""
    match kind:
        case None:
            return None
        case DeniedBy.SERVICE_CONTROL:
            change = list_policies(kind, above)
        case DeniedBy.RESOURCE_CONTROL:
            above = error.account
            change = list_policies(kind, above)
        case DeniedBy.ENDPOINT:
            fields = "VpcEndpoints[].[VpcEndpointId,ServiceName,PolicyDocument]"
            change = command("ec2", "describe-vpc-endpoints", "--query", fields)
    return Cause(
        Located.BOUNDARY if kind is DeniedBy.BOUNDARY else Located.HIGHER_UP,
        f"AWS names a {kind} that denies {action}.",
        remedy(kind, action, above, holder.title),
        change=change,
    )


def condition(
    found: FoundStatement, asked: RequestContext, *, met: bool | None
) -> Path | None:
    """Lead to the first condition of a statement that is met so; None: there is none,
    as a variable in its resources decides.
    """
    conditions_met = conditions(found.statement, asked.context, asked.service)
    return next((path for path, is_met in conditions_met if is_met is met), None)


def resource_path(found: FoundStatement) -> Path:
    return ("Resource" if "Resource" in found.statement else "NotResource",)


def fix_of(key: str | int, asked: RequestContext, otherwise: str) -> str:
    """Say what fixes a condition; of an organization, only AWS knows its members."""
    if str(key).lower() != "aws:resourceorgid":
        return otherwise
    account = Arn.of(asked.resource).account
    return (
        f"The account {account} must belong to that organization: aws organizations "
        f"describe-organization, as account {account}, says to which it belongs. "
        "Invite it, or correct the organization in the managing account's page; then "
        "plan again."
    )


def denies(found: FoundStatement, action: str) -> tuple[str, str]:
    """Say by which pattern a statement denies the action, if it doesn't name it, and
    how it would not.
    """
    statement, where = (
        found.statement,
        f"the denying statement of {found.document.name}",
    )
    if "Action" not in statement:
        how = ", as it denies everything except what it names"
        return how, f"Add {action} to NotAction in {where}."
    patterns = [
        pattern
        for pattern in as_list(statement["Action"])
        if matches(action.lower(), pattern.lower())
    ]
    if action.lower() in [pattern.lower() for pattern in patterns]:
        return "", f"Take {action} out of {where}."
    named = " and ".join(patterns)
    return f", by {named}", f"Replace {named} in {where} by what it is meant to deny."


def of(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Statement": statements}


def action_path(found: FoundStatement, asked: RequestContext) -> Path:
    return (
        "Statement",
        found.number,
        *path_to(found.statement, "Action", asked.action),
    )


def new_version(arn: str, content: Any) -> str:
    words = ("iam", "create-policy-version", "--policy-arn", arn, "--set-as-default")
    return command(*words, policy_document=content)
