"""What a plan takes for granted, looked up before anybody approves it.

Each is something that AWS would refuse half-way through, and that only a person can
change. What Bowline may not read is left to AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import accumulate

from onboarding.aws.client import AccountClient, parsed
from onboarding.aws.discover import regions
from onboarding.aws.errors import NOT_ENABLED, AwsError
from onboarding.aws.kinds import document_of
from onboarding.aws.organization import organization_id
from onboarding.aws.session import Sessions
from onboarding.checks import Call
from onboarding.desired.capacity import POLICIES_PER_HOLDER
from onboarding.partitions import ALWAYS_ENABLED, Arn
from onboarding.resources.kinds import MANAGED_PATH, Attachment, InlinePolicy, Role
from onboarding.resources.plan import Change, Create, Delete, Update
from onboarding.resources.policy import MANAGED_POLICY_LIMIT, Policy
from onboarding.topology import Managed, Managing, Reach

INLINE_QUOTA = 10_240
"""Characters in all inline policies of a role, white space not counted."""


def refuse_regions(sessions: Sessions, managed: Managed) -> None:
    """Raise AwsError for the first region that the account has not enabled."""
    always = ALWAYS_ENABLED.split()
    in_doubt = [region for region in managed.regions_of_all if region not in always]
    if not in_doubt:
        return
    try:
        enabled = regions(sessions, managed.reach)
    except AwsError as error:
        if error.unread:
            return
        raise
    for region in in_doubt:
        if region not in enabled:
            raise AwsError(
                managed.account_id,
                "ec2:DescribeRegions",
                f"The Region {region} isn't enabled in account {managed.account_id}.",
                f"Enable it: aws account enable-region --region-name {region}, as "
                f"account {managed.account_id}. Or take {region} out of the account in "
                "Bowline. Then plan again.",
                code=NOT_ENABLED,
            )


def refuse_organization(sessions: Sessions, managing: Managing) -> None:
    """Raise AwsError where the organization that is named is another one."""
    named = {managing.organization, managing.trust_organization} - {""}
    if not named:
        return
    real = organization_id(sessions, managing.reach)
    if real is None or named == {real}:
        return
    wrong = ", ".join(sorted(named - {real}))
    belongs = f"belongs to {real}" if real else "belongs to no organization"
    raise AwsError(
        managing.account_id,
        "organizations:DescribeOrganization",
        f"The managing account {managing.account_id} {belongs}, not to {wrong}.",
        "Correct the organization in the managing account's page, or list the accounts "
        "instead; then plan again.",
    )


def refuse_outsider(sessions: Sessions, managing: Managing, managed: Managed) -> None:
    """Raise AwsError where Spinnaker's identity may assume roles of an organization
    only, and the account is outside of it.
    """
    if not managing.organization:
        return
    real = organization_id(sessions, managed.reach)
    if real in (None, managing.organization):
        return
    belongs = f"the organization {real}" if real else "no organization"
    raise AwsError(
        managed.account_id,
        "organizations:DescribeOrganization",
        f"The account {managed.account_id} belongs to {belongs}. Spinnaker's identity "
        f"can assume roles of {managing.organization} only.",
        "Invite the account into the organization, or list the accounts in the "
        "managing account's page instead; then plan again.",
    )


def refuse_changes(sessions: Sessions, reach: Reach, changes: Iterable[Change]) -> None:
    """Raise AwsError for the first change that AWS would refuse in this account."""
    account = Account(sessions, AccountClient.of(sessions, reach), tuple(changes))
    account.refuse_moves()
    account.refuse_missing_boundaries()
    account.refuse_full_holders()
    account.refuse_full_roles()


class Account:
    """One account with the changes that are planned in it."""

    def __init__(
        self, sessions: Sessions, client: AccountClient, changes: tuple[Change, ...]
    ) -> None:
        self.sessions, self.client, self.changes = sessions, client, changes
        self.made = {
            change.after.name
            for change in changes
            if isinstance(change, Create) and isinstance(change.after, Role)
        }

    def error(self, action: str, message: str, hint: str) -> AwsError:
        return AwsError(self.client.account_id, action, message, hint)

    def refuse_moves(self) -> None:
        """AWS cannot move a role to another path."""
        for change in self.changes:
            match change:
                case Update(before=Role() as before, after=Role() as after) if (
                    before.path != after.path
                ):
                    raise self.error(
                        "iam:UpdateRole",
                        f"Role {after.name} in account {after.account} exists at the "
                        f"path {before.path}, not at {after.path}, and AWS can't move "
                        "a role.",
                        "Enter its path with the role's name, or choose another name; "
                        "then plan again.",
                    )

    def refuse_missing_boundaries(self) -> None:
        wanted = {
            change.after.boundary: change.after.name
            for change in self.changes
            if isinstance(change, Create | Update) and isinstance(change.after, Role)
        }
        iam = self.client.iam
        for boundary, role in wanted.items():
            if not boundary:
                continue
            try:
                found = self.client.find(
                    iam.get_policy, f"read {boundary}", PolicyArn=boundary
                )
            except AwsError as error:
                if error.denied:
                    continue
                raise
            if found is None:
                raise self.error(
                    "iam:GetPolicy",
                    f"The permissions boundary {boundary}, which role {role} must "
                    f"have, doesn't exist in account {self.client.account_id}.",
                    "Create that policy there, or name another boundary in the "
                    "managing account's page; then plan again.",
                )

    def refuse_full_holders(self) -> None:
        """Count what is attached already, Bowline's and others'."""
        added: dict[tuple[str, bool], set[str]] = {}
        removed: dict[tuple[str, bool], set[str]] = {}
        for change in self.changes:
            match change:
                case Create(after=Attachment() as attachment):
                    holder = (attachment.holder, attachment.to_user)
                    added.setdefault(holder, set()).add(attachment.policy_arn)
                case Delete(before=Attachment() as attachment):
                    holder = (attachment.holder, attachment.to_user)
                    removed.setdefault(holder, set()).add(attachment.policy_arn)
        for (name, is_user), arns in added.items():
            if not is_user and name in self.made:
                continue
            attached = self.attached(name, is_user=is_user)
            after = (attached - removed.get((name, is_user), set())) | arns
            kind = "User" if is_user else "Role"
            if len(after) <= POLICIES_PER_HOLDER:
                continue
            if len(after) > (quota := self.quota(kind)):
                raise self.error(
                    f"iam:Attach{kind}Policy",
                    f"{kind} {name} in account {self.client.account_id} has "
                    f"{len(attached)} policies attached and would get "
                    f"{len(arns - attached)} more; AWS allows {quota}.",
                    f"{self.merging(attached, len(after) - quota)}Detach the policies "
                    "that it doesn't need, or raise the quota in Service Quotas. Then "
                    "plan again.",
                )

    def merging(self, attached: set[str], needed: int) -> str:
        """Name policies of the account's own that fit into one, the smallest first;
        empty where that doesn't free as many places as are needed.
        """
        sizes = sorted((size(it), arn) for arn, it in self.own_policies(attached))
        totals = accumulate(characters for characters, _ in sizes)
        fit = [total for total in totals if total <= MANAGED_POLICY_LIMIT]
        if len(fit) - 1 < needed:
            return ""
        names = ", ".join(Arn.of(arn).name for _, arn in sizes[: len(fit)])
        return (
            f"These {len(fit)} policies fit into one, with {fit[-1]:,} of "
            f"{MANAGED_POLICY_LIMIT:,} characters: {names}. Attach a policy with all "
            "their statements, and detach them. Otherwise: "
        )

    def own_policies(self, attached: set[str]) -> Iterator[tuple[str, Policy]]:
        """Yield those that people made in this account, with their documents, as far as
        Bowline can read them.
        """
        iam = self.client.iam
        for arn in attached:
            policy = Arn.of(arn)
            if policy.account != self.client.account_id or MANAGED_PATH in arn:
                continue
            with suppress(AwsError):
                found = self.client.find(
                    iam.get_policy, f"read policy {policy.name}", PolicyArn=arn
                )
                document = found and document_of(
                    self.client, self.sessions, found["Policy"]
                )
                if document:
                    yield arn, document

    def quota(self, kind: str) -> int:
        """Say how many policies a role or user may have: an account can raise it."""
        iam = self.client.iam
        try:
            answer = self.client.call(iam.get_account_summary, "read IAM's quotas")
        except AwsError as error:
            if error.denied:
                return POLICIES_PER_HOLDER
            raise
        known = {str(name): count for name, count in answer["SummaryMap"].items()}
        return known.get(f"AttachedPoliciesPer{kind}Quota", POLICIES_PER_HOLDER)

    def attached(self, name: str, *, is_user: bool) -> set[str]:
        iam, doing = self.client.iam, f"count the policies of {name}"
        if is_user:
            found = self.client.call_all(
                iam.list_attached_user_policies, doing, UserName=name
            )["AttachedPolicies"]
        else:
            call = Call.iam("list_attached_role_policies", RoleName=name)
            known = self.sessions.handed_on.answered(self.client.account_id, call)
            answer = known or self.client.call_all(
                iam.list_attached_role_policies, doing, RoleName=name
            )
            found = answer["AttachedPolicies"]
        return {policy["PolicyArn"] for policy in found}

    def refuse_full_roles(self) -> None:
        """Add up the inline policies of roles that exist, others' too."""
        wanted: dict[str, dict[str, int]] = {}
        for change in self.changes:
            match change:
                case (
                    Create(after=InlinePolicy() as inline)
                    | Update(after=InlinePolicy() as inline)
                ):
                    wanted.setdefault(inline.role, {})[inline.policy] = size(
                        inline.document
                    )
                case Delete(before=InlinePolicy() as inline):
                    wanted.setdefault(inline.role, {})[inline.policy] = 0
        for role, sizes in wanted.items():
            if role in self.made:
                continue
            total = sum((self.inline(role) | sizes).values())
            if total > INLINE_QUOTA:
                raise self.error(
                    "iam:PutRolePolicy",
                    f"The inline policies of role {role} in account "
                    f"{self.client.account_id} would have {total:,} characters; AWS "
                    f"allows {INLINE_QUOTA:,}.",
                    "Turn some of the role's own inline policies into managed ones; "
                    "then plan again.",
                )

    def inline(self, role: str) -> dict[str, int]:
        iam, doing = self.client.iam, f"read the inline policies of role {role}"
        names = self.client.call_all(iam.list_role_policies, doing, RoleName=role)
        documents = {
            name: self.client.call(
                iam.get_role_policy, doing, RoleName=role, PolicyName=name
            )["PolicyDocument"]
            for name in names["PolicyNames"]
        }
        return {n: size(Policy.of(parsed(text))) for n, text in documents.items()}


def size(document: Policy) -> int:
    """Count characters as IAM does: white space is free."""
    return len("".join(document.text.split()))
