"""What of a change a security reviewer reads first, in a sentence each. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import product
from typing import Any, NamedTuple

from onboarding.bounded_cpu import go_on
from onboarding.names import counted, some
from onboarding.partitions import Arn
from onboarding.resources.kinds import (
    MANAGING_PATH,
    Attachment,
    ClusterAccess,
    InlinePolicy,
    Key,
    KeyGrant,
    ManagedPolicy,
    Role,
)
from onboarding.resources.policy import Policy, as_list
from onboarding.resources.trusts import let_in, shut_out
from onboarding.resources.wildcards import matches

READS = (
    "Describe",
    "Get",
    "List",
    "BatchGet",
    "Lookup",
    "Search",
    "Simulate",
    "View",
)
DOCUMENTS = ("document", "trust")
GRANTING = (InlinePolicy.kind, ManagedPolicy.kind)
EVERYTHING = "Allows every action on every resource."
NOT_ACCEPTED = (
    "The role no longer accepts the external ID that it accepts now: Spinnaker loses "
    "the account until it has the new one."
)

USER_DATA, VARIABLES = "user data", "environment variables"
SECRETS: Mapping[str, str] = {
    "autoscaling:DescribeLaunchConfigurations": USER_DATA,
    "dynamodb:GetItem": "items of tables",
    "ec2:DescribeInstanceAttribute": USER_DATA,
    "ec2:DescribeLaunchTemplateVersions": USER_DATA,
    "ec2:GetConsoleOutput": "console output",
    "ec2:GetPasswordData": "passwords of Windows",
    "ecs:DescribeTaskDefinition": VARIABLES,
    "kms:Decrypt": "what a key encrypts",
    "lambda:GetFunction": VARIABLES,
    "lambda:GetFunctionConfiguration": VARIABLES,
    "lambda:ListFunctions": VARIABLES,
    "s3:GetObject": "objects of buckets",
    "secretsmanager:BatchGetSecretValue": "secrets",
    "secretsmanager:GetSecretValue": "secrets",
    "ssm:GetParameter": "parameters",
    "ssm:GetParameterHistory": "parameters",
    "ssm:GetParameters": "parameters",
    "ssm:GetParametersByPath": "parameters",
}
"""What an action shows in which people keep secrets."""
SECRET_READS = [
    action
    for action, shown in SECRETS.items()
    if shown in ("secrets", "parameters", "passwords of Windows")
]
SETTING_READS = [action for action in SECRETS if action not in SECRET_READS]
"""Their answers might hold secrets as plain text."""
GIVING = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
)
"""By each of them on anything, whoever may call it gives itself more than it has."""
IN_IAM = ("role", "user", "group", "policy")
"""Kinds of things that they are on."""
ANY_NAME = "any/0b1f6f0a"
"""What nothing is called: a pattern that it fits is of everything of its kind."""


class Existing(NamedTuple):
    """An action that changes what an account had before Spinnaker, too, where it is on
    all that there is of a kind.
    """

    action: str
    thing: str
    """Something that it can be on."""
    words: str
    """What it changes, in a list."""
    sentence: str


EXISTING = (
    Existing(
        "lambda:UpdateFunctionCode",
        f"function:{ANY_NAME}",
        "functions' code",
        "Replaces the code of every function in the account, which runs with the "
        "permissions of that function's role.",
    ),
    Existing(
        "ec2:TerminateInstances",
        f"instance/{ANY_NAME}",
        "instances",
        "Terminates every instance in the account, also those of others.",
    ),
    Existing(
        "autoscaling:DeleteAutoScalingGroup",
        f"autoScalingGroup:0:autoScalingGroupName/{ANY_NAME}",
        "Auto Scaling groups",
        "Deletes every Auto Scaling group in the account, also those of others.",
    ),
)


READ_EVERY_SECRET = (
    "AdministratorAccess",
    "PowerUserAccess",
    "SecretsManagerReadWrite",
)
CLUSTER_ADMIN = "AmazonEKSClusterAdminPolicy"
READ_CLUSTER_SECRETS = ("AmazonEKSAdminPolicy", "AmazonEKSEditPolicy", CLUSTER_ADMIN)
"""AWS's own policies by name; https://docs.aws.amazon.com/eks access policies page."""


class Topic(StrEnum):
    """What a risk is about, the most severe first: so people read them."""

    EVERYONE = "Open to everyone"
    OTHERS = "Who else can assume it"
    LOST = "Reach lost"
    SHUT_OUT = "Can no longer assume a role"
    DELETIONS = "Deletions"
    NARROWED = "Permissions lost"
    GAINED = "Reach gained"
    EXISTING = "Existing resources"
    WILDCARDS = "Wildcards"
    TRUST = "Trust"
    PASS_ROLE = "PassRole"
    SECRETS = "Secrets"
    AWS_POLICIES = "AWS's own policies"
    KEYS = "KMS keys"
    SETTINGS = "Might contain secrets"
    ENVIRONMENT = "Environment"


class Risk(NamedTuple):
    """A change, and what it lets somebody do."""

    key: Key
    topic: Topic
    sentence: str
    accounts: tuple[str, ...] = ()
    """The ids of all accounts that come within reach, or leave it."""


class Concern(NamedTuple):
    """All risks of one topic."""

    topic: Topic
    risks: tuple[Risk, ...]


Document = dict[str, Any] | None


class Assumable(NamedTuple):
    """The roles that policies list for Spinnaker to assume, before and after changes.
    What only moves from one of the policies to another is neither lost nor gained.
    """

    before: frozenset[str]
    after: frozenset[str]
    everywhere: bool = False
    """Whether Spinnaker's own list had every role at once. What another role may do is
    often written so, and to narrow that is no loss of Spinnaker's."""

    @classmethod
    def of(cls, changes: Iterable[tuple[Key, Document, Document]]) -> Assumable:
        some = [one for one in changes if one[0].kind in GRANTING]
        before = [(found, assumed(in_one_spelling(found))) for _, found, _ in some]
        after = (assumed(wanted) for _, _, wanted in some)
        return cls(
            frozenset().union(*(roles for _, roles in before)),
            frozenset().union(*after),
            any("*" in roles and is_spinnakers(found) for found, roles in before),
        )

    @property
    def lost(self) -> frozenset[str]:
        if "*" in self.after:
            return frozenset()
        left = self.before - self.after
        return left if self.everywhere else left - {"*"}

    @property
    def gained(self) -> frozenset[str]:
        return frozenset() if "*" in self.before else self.after - self.before


def risks(
    key: Key, before: Document, after: Document, whole: Assumable | None = None
) -> Iterator[Risk]:
    """Yield what is risky in what a change adds; what it keeps or deletes is not. Reach
    is judged by the `whole` of the changes that are made together.
    """
    if key.kind in GRANTING:
        whole = whole or Assumable.of([(key, before, after)])
        yield from changes_of_reach(key, before, after, whole)
    before = in_one_spelling(before)
    for topic, sentence in topics_of(key, before, after):
        lost = (key.account,) if topic is Topic.LOST else ()
        yield Risk(key, topic, sentence, lost)


MOST_PARTS = 2_000
"""Of a statement. A policy of others can have a hundred thousand: then its resources
count as one.
"""


class Allowed(NamedTuple):
    """The smallest part of what statements allow."""

    action: str
    resource: str
    condition: str
    """As JSON; empty: none."""

    def covers(self, other: Allowed) -> bool:
        """Return whether it allows at least as much as the other one."""
        return (
            self.condition in ("", other.condition)
            and matches(other.action.lower(), self.action.lower())
            and matches(other.resource, self.resource)
        )


def allowed_by(shown: Document) -> Iterator[Allowed]:
    """Yield what a policy allows; not what only statements with exceptions do."""
    for one in filter(allows, statements(in_one_spelling(shown))):
        block = one.get("Condition")
        condition = json.dumps(block, sort_keys=True) if block else ""
        actions = actions_of(one)
        resources = [str(each) for each in as_list(one.get("Resource", []))]
        if len(actions) * len(resources) > MOST_PARTS:
            resources = [", ".join(resources)]
        for action, resource in product(actions, resources):
            yield Allowed(action, resource, condition)


def lost_grants(changes: Iterable[tuple[Key, Document, Document]]) -> Iterator[Risk]:
    """Yield what the policies of an account no longer allow after changes that are made
    together. What moves from one policy to another isn't lost, and which roles
    Spinnaker can assume is judged elsewhere. Of a policy that is deleted, only the
    roles are named that it passed; where all of them are, the deletions say it.
    """
    by_account: dict[str, list[tuple[Key, Document, Document]]] = {}
    for change in changes:
        if change[0].kind in GRANTING:
            by_account.setdefault(change[0].account, []).append(change)
    for some_changes in by_account.values():
        after = {one for _, _, shown in some_changes for one in allowed_by(shown)}
        if not after:
            continue
        by_action: dict[str, list[Allowed]] = {}
        for one in after:
            kind = "*" if is_pattern(one.action) else one.action.lower()
            by_action.setdefault(kind, []).append(one)
        for key, before, now in some_changes:
            lost = [
                one
                for one in dict.fromkeys(allowed_by(before))
                if one not in after
                and one.action != "sts:AssumeRole"
                and (now is not None or passes_roles([one.action]))
                and not any(
                    other.covers(one)
                    for kind in ("*", one.action.lower())
                    for other in by_action.get(kind, ())
                )
            ]
            yield from lost_in_words(key, lost, {one.action for one in after})


def lost_in_words(
    key: Key, lost: Iterable[Allowed], still: Iterable[str]
) -> Iterator[Risk]:
    """Name the roles that are no longer passed, and the actions that are no longer
    allowed at all, or on fewer resources than before.
    """
    passed: dict[str, list[str]] = {}
    gone: dict[str, None] = {}
    fewer: dict[str, None] = {}
    for one in lost:
        if passes_roles([one.action]):
            said = {"Condition": json.loads(one.condition)} if one.condition else {}
            name = role_name(one.resource, key.account)
            passed.setdefault(to_service(said), []).append(name)
        else:
            (fewer if one.action in still else gone)[one.action] = None
    for service, roles in passed.items():
        said_roles = ", ".join(dict.fromkeys(roles))
        yield Risk(
            key, Topic.NARROWED, f"No longer passes roles {said_roles}{service}."
        )
    if gone:
        yield Risk(key, Topic.NARROWED, f"No longer allows: {some([*gone])}.")
    if fewer:
        says = f"{some([*fewer])}: allowed on fewer resources, or on conditions."
        yield Risk(key, Topic.NARROWED, says)


def in_one_spelling(found: Document) -> Document:
    """Spell documents of others as Bowline spells what it adds, to tell what is new."""
    return found and {
        name: spelled(value) if name in DOCUMENTS else value
        for name, value in found.items()
    }


def spelled(document: dict[str, Any]) -> dict[str, Any]:
    try:
        return Policy.of(document).document
    except (AttributeError, KeyError, TypeError):  # no policy, which is kept for a page
        return document


Topics = Iterator[tuple[Topic, str]]


def topics_of(key: Key, before: Document, after: Document) -> Topics:
    if after is None:
        return
    if key.kind == Role.kind:
        yield from risks_of_trust(before or {}, after)
    if key.kind == Attachment.kind and before is None:
        yield from risks_of_attachment(str(after.get("policy_arn", "")))
    if key.kind == KeyGrant.kind and before is None:
        yield from risks_of_grant(key.account, after)
    if key.kind == ClusterAccess.kind:
        yield from risks_of_cluster(before or {}, after)
    if key.kind not in GRANTING:
        return
    kept = statements(before)
    added = [one for one in statements(after) if one not in kept]
    for statement in added:
        yield from risks_of(statement, key.account)
    known, allowed = (
        matched(
            SETTING_READS, [a for one in of if allows(one) for a in actions_of(one)]
        )
        for of in (kept, added)
    )
    if found := [action for action in allowed if action not in known]:
        shown = ", ".join(dict.fromkeys(SECRETS[action] for action in found))
        yield (
            Topic.SETTINGS,
            f"Reads {shown}: {some(found)}.",
        )


def changes_of_reach(
    key: Key, before: Document, after: Document, whole: Assumable
) -> Iterator[Risk]:
    """Say which accounts leave Spinnaker's reach or come within it, and which roles do
    where their account stays.
    """
    had, has = assumed(in_one_spelling(before)), assumed(after)
    yield from reach(key, Topic.LOST, had & whole.lost, whole.after)
    yield from reach(key, Topic.GAINED, has & whole.gained, whole.before)


def reach(
    key: Key, topic: Topic, roles: frozenset[str], others: frozenset[str]
) -> Iterator[Risk]:
    """Tell it of roles; `others` are those on the other side of the change."""
    accounts = sorted(accounts_of(roles) - accounts_of(others))
    if accounts:
        said = f"{says_accounts(topic, len(accounts))}: {some(accounts)}."
        yield Risk(key, topic, said, tuple(accounts))
    left = [one for one in sorted(roles) if Arn.of(one).account not in accounts]
    if left:
        may = "Can no longer assume" if topic is Topic.LOST else "Can also assume"
        named = some([role_name(one, key.account) for one in left])
        yield Risk(key, topic, f"{may} {counted(len(left), 'role')}: {named}.")


def says_accounts(topic: Topic, number: int) -> str:
    verb = "loses" if topic is Topic.LOST else "gains"
    return f"Spinnaker {verb} {counted(number, 'account')}"


def accounts_of(roles: Iterable[str]) -> set[str]:
    """Return the ids of accounts in ARNs of roles; a pattern names no account."""
    found = {Arn.of(one).account for one in roles}
    return {account for account in found if account.isdigit()}


def assumed(shown: Document) -> frozenset[str]:
    """Return the roles that a policy allows to assume, as they are written."""
    return frozenset(
        str(resource)
        for one in statements(shown)
        if allows(one) and matched(("sts:AssumeRole",), actions_of(one))
        for resource in as_list(one.get("Resource", []))
    )


def is_spinnakers(shown: Document) -> bool:
    """Return whether it is a policy that Bowline gives Spinnaker's identity."""
    return (shown or {}).get("path") == MANAGING_PATH


def risks_of_trust(before: dict[str, Any], after: dict[str, Any]) -> Topics:
    """Say who can assume the role and could not, and who could and no longer can. AWS's
    services are worth reading where the role was there without them.
    """
    kept = before.get("trust", {}).get("Statement", [])
    wanted = after.get("trust", {}).get("Statement", [])
    for one in shut_out(kept, wanted):
        yield Topic.SHUT_OUT, one.loses
    for one in let_in(kept, wanted):
        if not (one.is_service and not kept):
            yield Topic.EVERYONE if one.anybody else Topic.TRUST, one.sentence
    if replaces_external_id(before, after):
        yield Topic.LOST, NOT_ACCEPTED


def replaces_external_id(before: Document, after: Document) -> bool:
    """Return whether a role would accept none of the external IDs that it accepts. A
    rotation adds the new one first.
    """
    accepted, wanted = external_ids(before), external_ids(after)
    return bool(accepted and wanted) and accepted.isdisjoint(wanted)


def external_ids(shown: Document) -> set[str]:
    """Return those that a role's trust asks for."""
    return {
        str(value)
        for statement in (shown or {}).get("trust", {}).get("Statement", [])
        for block in statement.get("Condition", {}).values()
        for name, values in block.items()
        if name.lower() == "sts:externalid"
        for value in as_list(values)
    }


def risks_of_attachment(policy_arn: str) -> Topics:
    if ":iam::aws:policy/" not in policy_arn:
        return
    policy = policy_arn.rsplit("/", 1)[-1]
    yield Topic.AWS_POLICIES, f"Attaches AWS's own policy {policy}."
    if policy in READ_EVERY_SECRET:
        yield Topic.SECRETS, f"Reads every secret of the account, by {policy}."


def risks_of_grant(account: str, grant: dict[str, Any]) -> Topics:
    owner = Arn.of(str(grant["key_arn"])).account
    whose = "" if owner == account else f" of account {owner}"
    yield (
        Topic.KEYS,
        f"Lets AWS's Auto Scaling in account {account} use the KMS key "
        f"{grant['key_arn']}{whose}.",
    )
    if whose:
        yield (
            Topic.KEYS,
            f"Account {account} makes that grant: the policy of the key must allow it. "
            "The account's permissions page shows the statements. Only launching an "
            "instance shows whether AWS then lets Auto Scaling use the key.",
        )


def risks_of_cluster(before: dict[str, Any], after: dict[str, Any]) -> Topics:
    """Say what AWS's policies for a cluster allow where one is new or reaches farther;
    for which namespaces others associated theirs is not known.
    """
    known, added = policies_of_access(before), policies_of_access(after)
    for policy, namespaces in added:
        if (policy, namespaces) in known:
            continue
        where = "every namespace"
        if namespaces:
            where = f"namespaces {', '.join(namespaces)}"
        if policy == CLUSTER_ADMIN:
            yield Topic.WILDCARDS, "Allows everything in the cluster."
        if policy in READ_CLUSTER_SECRETS:
            said = f"Reads and writes the secrets in {where} of the cluster."
            yield Topic.SECRETS, said
    if more := [policy for policy, _ in added[1:] if (policy, []) not in known]:
        yield Topic.AWS_POLICIES, f"Has more policies of EKS: {some(more)}."


def policies_of_access(access: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """List an access entry's policies by name, each with its namespaces; none: all."""
    found = [
        (access.get("policy_arn", ""), access.get("namespaces", [])),
        *((arn, []) for arn in access.get("more_policies", [])),
    ]
    return [(arn.rsplit("/", 1)[-1], namespaces) for arn, namespaces in found]


def statements(shown: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the statements of a policy as it is shown; none without a document."""
    found: list[dict[str, Any]] = (shown or {}).get("document", {}).get("Statement", [])
    return found


def allows(statement: dict[str, Any]) -> bool:
    go_on()
    return bool(statement.get("Effect") == "Allow")


def actions_of(statement: dict[str, Any]) -> list[str]:
    return [str(action) for action in as_list(statement.get("Action", []))]


def risks_of(statement: dict[str, Any], account: str) -> Topics:
    """Yield what is risky in one statement of a policy in that account."""
    if not allows(statement):
        return
    actions = actions_of(statement)
    resources = [str(one) for one in as_list(statement.get("Resource", []))]
    if "NotAction" in statement or "NotResource" in statement:
        yield Topic.WILDCARDS, "Allows everything except what it names."
    roles = [one for one in resources if matches("iam", Arn.of(one).service or "*")]
    if passes_roles(actions) and roles:
        passed = ", ".join(role_name(role, account) for role in roles)
        yield Topic.PASS_ROLE, f"Passes roles {passed}{to_service(statement)}."
    if "*" in actions and "*" in resources and "Condition" not in statement:
        yield Topic.WILDCARDS, EVERYTHING
        return
    if patterns := [action for action in actions if is_pattern(action)]:
        yield Topic.WILDCARDS, f"Allows actions by a pattern: {some(patterns)}."
    changing = [a for a in actions if not is_read(a) and not is_pattern(a)]
    if "*" in resources and changing:
        limited = "" if "Condition" not in statement else ", under a condition"
        yield Topic.WILDCARDS, f"Changes every resource{limited}: {some(changing)}."
    if "Condition" not in statement:
        for existing in changed_by(actions, resources):
            yield Topic.EXISTING, existing.sentence
    if found := matched(SECRET_READS, actions):
        yield Topic.SECRETS, f"Reads secrets: {some(found)}."


def changed_by(actions: list[str], resources: Iterable[str]) -> list[Existing]:
    """List what is changed of all that there is, if nothing limits the actions."""
    patterns = [Arn.of(one).resource for one in resources]
    return [
        one
        for one in EXISTING
        if matched((one.action,), actions)
        and any(matches(one.thing, pattern) for pattern in patterns)
    ]


def is_pattern(action: str) -> bool:
    return "*" in action or "?" in action


def passes_roles(actions: Iterable[str]) -> bool:
    """Return whether IAM's PassRole is among them, as it is or by a pattern; that
    every service's actions are allowed is said instead.
    """
    of_iam = [action for action in actions if ":" in action]
    return bool(matched(("iam:PassRole",), of_iam))


def is_critical(policy: Policy, account: str, partition: str = "aws") -> bool:
    """Return whether a policy makes an administrator: it allows everything or all but
    what it names, also under conditions, or to give oneself more, on whatever there is.
    """
    some = [f"arn:{partition}:iam::{account}:{kind}/{ANY_NAME}" for kind in IN_IAM]
    return any(
        allows(one)
        and (allows_all(one) or matched(GIVING, actions_of(one)))
        and ("Condition" not in one or allows_all(one))
        and ("NotResource" in one or is_about(one, some))
        for one in policy.document["Statement"]
    )


def allows_all(statement: dict[str, Any]) -> bool:
    """Return whether it is about every action, or about all but those that it names."""
    return "NotAction" in statement or "*" in actions_of(statement)


def is_about(statement: dict[str, Any], arns: Iterable[str]) -> bool:
    patterns = list(map(str, as_list(statement.get("Resource", []))))
    return any(matches(arn, pattern) for arn in arns for pattern in patterns)


def is_risky(statement: dict[str, Any]) -> bool:
    """Return whether a statement, by itself, is one to read closely."""
    return any(risks_of(statement, ""))


def role_name(arn: str, account: str) -> str:
    """Name a role of the account itself shortly; give any other's ARN whole."""
    named = Arn.of(arn)
    theirs = (named.service, named.region, named.account) == ("iam", "", account)
    role = named.resource.removeprefix("role/")
    own = theirs and role != named.resource and role[:1] not in ("", "*")
    return role if own else arn


def matched(names: Iterable[str], patterns: list[str]) -> list[str]:
    """List which of the actions are allowed; IAM reads them in either case."""
    wanted = [pattern.lower() for pattern in patterns]
    return [name for name in names if any(matches(name.lower(), p) for p in wanted)]


def to_service(statement: dict[str, Any]) -> str:
    for block in statement.get("Condition", {}).values():
        if service := block.get("iam:PassedToService"):
            return f" to {', '.join(as_list(service))}"
    return " to any service"


def is_read(action: str) -> bool:
    return action.rpartition(":")[2].startswith(READS)
