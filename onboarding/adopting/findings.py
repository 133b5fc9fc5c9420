"""What a person should know or decide about a Spinnaker as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onboarding import names
from onboarding.adopting.comparing import PROFILES_SWITCH, Spinnaker
from onboarding.adopting.judging.accounts import Judgement
from onboarding.adopting.judging.settings import Launching, has_files, launching
from onboarding.adopting.judging.sharing import role_in
from onboarding.adopting.values import (
    AWS,
    ECS,
    KUBERNETES,
    PROVIDERS,
    Account,
    EksCluster,
    Finding,
    Key,
    SourceKind,
    within,
)
from onboarding.carried.table import canonical
from onboarding.names import short, some
from onboarding.partitions import Arn

OWN_STS = "aws"
MOST_ROLES = 5
"""In one sentence."""
STOCK_BASE_ROLE = "BaseIAMRole"


def findings(spinnaker: Spinnaker, judgement: Judgement) -> tuple[Finding, ...]:
    """List everything, the same in every run over the same sources."""
    found = {
        (one.kind, one.says, one.accounts): one
        for one in (
            *spinnaker.findings,
            *of_all(spinnaker),
            *left_with_the_role(judgement),
            *stored(spinnaker, judgement),
        )
    }
    return tuple(found[key] for key in sorted(found))


def left_with_the_role(judgement: Judgement) -> Iterator[Finding]:
    """Say which accounts would lose what their role allows, if Bowline narrowed it to
    what the taken ones need.
    """
    of_aws = [one for one in judgement.accounts if one.account.type == AWS]
    taken = {role_used(one.account) for one in of_aws if not one.reasons}
    yield from finding(
        "left-with-the-role",
        (
            one.account
            for one in of_aws
            if one.reasons
            and not one.account.is_off
            and (one.unlike is None or one.unlike.is_loaded)
            and role_used(one.account) in taken
        ),
        "Spinnaker assumes the role of an account that is taken for these accounts, "
        "too, and they are left. Bowline doesn't count what they need, such as Lambda. "
        "Don't take over the role before Spinnaker has them otherwise.",
    )


def stored(spinnaker: Spinnaker, judgement: Judgement) -> Iterator[Finding]:
    """Say what a delivery would change of accounts in Clouddriver's database."""
    of_kind: dict[SourceKind, set[Key]] = {kind: set() for kind in SourceKind}
    for reading in spinnaker.readings:
        of_kind[reading.kind] |= {account.key for account in reading.accounts}
    guessed = {
        name
        for one in spinnaker.findings
        if one.kind == "variable-default"
        for name in one.accounts
    }
    taken = [
        one.account
        for one in judgement.accounts
        if not (one.reasons or one.unlike or one.account.name in guessed)
        and one.account.key in of_kind[SourceKind.STORED]
        # Without Gate's list of what is loaded, the server's defaults are unknown.
        and (
            one.account.key in of_kind[SourceKind.LOADED]
            or not {"assumeRole", "regions"}.intersection(one.account.open)
        )
    ]
    yield from finding(
        "stored-equal",
        (one for one in taken if one.type != KUBERNETES),
        "Clouddriver's database has these accounts as a delivery would send them. If "
        "you let Bowline manage them, nothing changes in Spinnaker but who does.",
    )
    yield from finding(
        "stored-kubeconfig",
        (one for one in taken if one.type == KUBERNETES),
        "Clouddriver's database has these clusters. If you let Bowline manage them, a "
        "delivery changes their kubeconfig and its context, and nothing else.",
    )


def role_used(account: Account) -> tuple[str, str]:
    return account.text("accountId"), account.text("assumeRole")


def of_all(spinnaker: Spinnaker) -> Iterator[Finding]:
    yield from finding(
        "disabled",
        (one for one in spinnaker.of_type(AWS) if one.is_off),
        "Spinnaker skips these accounts, because enabled is false. Bowline leaves "
        "them. To take one, remove the field.",
    )
    yield from names_of_all(spinnaker)
    yield from aws_accounts(spinnaker)
    yield from identities(spinnaker)
    yield from ecs_accounts(spinnaker)
    yield from clusters(spinnaker)
    yield from switches(spinnaker)


def finding(kind: str, accounts: Iterable[Account], says: str) -> Iterator[Finding]:
    """Yield it where it is true of any account."""
    named = tuple(sorted({one.name for one in accounts}))
    if named:
        yield Finding(kind, says, named)


def names_of_all(spinnaker: Spinnaker) -> Iterator[Finding]:
    yield from finding(
        "name-not-taken",
        (
            one
            for one in spinnaker.accounts
            if not names.ACCOUNT_NAME.regex.fullmatch(one.name)
        ),
        "Bowline doesn't take these names: it takes 1 to 60 letters, digits, “.”, “_” "
        "and “-”. Pipelines name accounts literally, so a new name means to change "
        "pipelines.",
    )
    seen: dict[str, list[Account]] = {}
    for one in spinnaker.accounts:
        seen.setdefault(one.name, []).append(one)
    yield from finding(
        "name-of-two-providers",
        (one for same in seen.values() if len(same) > 1 for one in same),
        "Accounts of two providers have the same name. Spinnaker mixes them up, and "
        "hal refuses them.",
    )


def aws_accounts(spinnaker: Spinnaker) -> Iterator[Finding]:
    accounts = [one for one in spinnaker.of_type(AWS) if not one.is_off]
    by_id: dict[str, list[Account]] = {}
    for one in accounts:
        by_id.setdefault(one.text("accountId"), []).append(one)
    for account_id, same in sorted(by_id.items()):
        if account_id and len(same) > 1:
            yield from finding(
                "shared-aws-account",
                same,
                f"Spinnaker knows the AWS account {short(account_id)} by "
                f"{len(same)} names. Bowline takes those that have one role, external "
                "ID, session name, environment, key pair and Lambda switch as one "
                "account.",
            )
    yield from finding(
        "no-account-id",
        by_id.get("", ()),
        "These accounts have no account ID, so Spinnaker doesn't load them.",
    )
    yield from roles(accounts)
    if (within(spinnaker.settings, AWS, "enabled") or accounts) and not any(
        one.text("assumeRole") for one in accounts
    ):
        yield Finding(
            "no-chain",
            "No account has a role to assume. Spinnaker works in AWS with the "
            "permissions of its identity, in the account where it runs.",
        )
    yield from finding(
        "external-id",
        (one for one in accounts if one.values.get("externalId")),
        "These accounts have external IDs. Bowline keeps them until you rotate them: "
        "the accounts file contains them.",
    )
    yield from finding(
        "group-membership",
        (
            one
            for one in spinnaker.accounts
            if one.values.get("requiredGroupMembership")
            and not one.values.get("permissions")
        ),
        "Only requiredGroupMembership protects these accounts. Give them permissions "
        "before anything replaces them: without both, everyone can use them.",
    )
    yield from finding(
        "primary-account",
        (one for one in accounts if one.values.get("accountType") == "default"),
        "These accounts have the account type “default”, which makes them primary "
        "accounts.",
    )
    primary = spinnaker.settings.get(AWS, {}).get("primaryaccount")
    if isinstance(primary, str) and primary:
        yield Finding(
            "primary-account",
            f"{short(primary)} is the primary account: Orca bakes there, and Deck "
            "proposes it. Bowline doesn't take that over from here.",
            (primary,),
        )


def roles(accounts: Iterable[Account]) -> Iterator[Finding]:
    with_role = [one for one in accounts if one.text("assumeRole")]
    yield from finding(
        "no-role",
        (one for one in accounts if not one.text("assumeRole")),
        "These accounts have no role to assume, and the provider has no default.",
    )
    yield from finding(
        "role-of-another-account",
        (
            one
            for one in with_role
            if Arn.of(one.text("assumeRole")).account not in ("", one.text("accountId"))
        ),
        "The role's ARN names another AWS account than the account does. Spinnaker "
        "works in the role's account, and never compares the two.",
    )
    own = [role_in(one) for one in with_role]
    names_of_roles = Counter(role.name for role in own)
    ranked = sorted(names_of_roles.items(), key=lambda one: (-one[1], one[0]))
    if len(ranked) > 1:
        named = [f"{name or 'unknown'} ({count})" for name, count in ranked]
        counts = some(named, MOST_ROLES)
        yield Finding(
            "several-roles",
            f"The roles have different names: {counts}. In the accounts file, an "
            "account names its role unless it is the usual managed role.",
        )
    if any(role.partition not in ("", OWN_STS) for role in own):
        found = sorted({role.partition for role in own if role.partition})
        several = "s" if len(found) > 1 else ""
        yield Finding(
            "partition",
            f"Roles are in the partition{several} {', '.join(found)}. One Bowline "
            "works in one partition.",
        )


def identities(spinnaker: Spinnaker) -> Iterator[Finding]:
    settings = spinnaker.settings.get(AWS, {})
    with_profile = [
        one
        for one in spinnaker.of_type(AWS)
        if one.values.get("managingAccountProfile") and spinnaker.has_profiles
    ]
    yield from finding(
        "several-identities",
        with_profile,
        "Spinnaker uses profiles of their own to manage these accounts, so it has "
        "several identities. Bowline knows one.",
    )
    if within(settings, "loadaccounts", PROFILES_SWITCH) is True:
        yield Finding(
            "several-identities",
            "aws.loadAccounts.useManagingAccountProfile is on: Spinnaker has an "
            "identity for each profile. Bowline knows one.",
        )
    if settings.get("accesskeyid") or settings.get("secretaccesskey"):
        yield Finding(
            "access-keys",
            "The AWS provider has access keys of its own. They aren't in this report, "
            "and Bowline doesn't take them: it describes the user as an existing "
            "identity.",
        )
    base = within(settings, "defaults", "iamrole")
    if isinstance(base, str) and base not in ("", STOCK_BASE_ROLE):
        yield Finding(
            "base-role",
            f"Instances get the role {short(base)} by default. Choose it as the base "
            "role of the managing account.",
        )


def ecs_accounts(spinnaker: Spinnaker) -> Iterator[Finding]:
    aws = {one.name: one for one in spinnaker.of_type(AWS)}
    ecs = spinnaker.of_type(ECS)
    used = Counter(one.text("awsAccount") for one in ecs)
    yield from finding(
        "ecs-shares-account",
        (one for one in ecs if used[one.text("awsAccount")] > 1),
        "These ECS accounts use the same AWS account. Spinnaker keeps the last one "
        "only.",
    )
    described = spinnaker.described
    yield from finding(
        "ecs-naming",
        (one for one in ecs if one.key not in described),
        "Gate doesn't say which naming strategy these ECS accounts have, and a "
        "delivery would write “default”. If they have another one, add the file that "
        "describes them.",
    )
    yield from finding(
        "ecs-external-id",
        (
            one
            for one in ecs
            if one.text("awsAccount") in aws
            and aws[one.text("awsAccount")].values.get("externalId")
        ),
        "The AWS account of these ECS accounts has an external ID, and Spinnaker "
        "doesn't send it for ECS.",
    )


def clusters(spinnaker: Spinnaker) -> Iterator[Finding]:
    accounts = spinnaker.of_type(KUBERNETES)
    yield from finding(
        "kubeconfig-not-eks",
        (
            one
            for one in accounts
            if one.values.get("kubeconfigContents")
            and not isinstance(one.cluster, EksCluster)
        ),
        "The kubeconfigs of these accounts don't sign in by `aws eks get-token` as "
        "Spinnaker's identity, or can't be read. Bowline describes no others.",
    )
    yield from finding(
        "access-entry",
        (one for one in accounts if isinstance(one.cluster, EksCluster)),
        "Leave the access to these clusters at aws-auth until you know what it gives: "
        "an access entry comes before aws-auth and would narrow an identity that is "
        "an administrator there.",
    )


LAUNCHES = {
    Launching.BOTH: "Spinnaker uses launch templates in a part of its applications or "
    "Regions. Bowline allows both, and would switch them on for all.",
    Launching.UNKNOWN: "These sources don't say whether these accounts launch from "
    "launch templates or launch configurations. Bowline allows both, and its bundles "
    "would switch launch templates on.",
}


def switches(spinnaker: Spinnaker) -> Iterator[Finding]:
    """Say what is switched off, where the sources are complete enough to know."""
    settings, of_aws = spinnaker.settings, spinnaker.of_type(AWS)
    for provider in PROVIDERS:
        if within(settings, provider, "enabled") is False:
            yield from finding(
                "provider-off",
                spinnaker.of_type(provider),
                f"The provider {provider} is switched off, so Spinnaker has none of "
                "these accounts. Bowline would switch it on.",
            )
    launches = {one.name: launching(spinnaker, one.name) for one in of_aws}
    for kind, says in LAUNCHES.items():
        found = (one for one in of_aws if launches[one.name] is kind)
        yield from finding("launch-templates", found, says)
    if has_files(spinnaker) and not lambda_is_on(settings.get(AWS, {})):
        yield from finding(
            "lambda-off",
            (one for one in of_aws if one.values.get("lambdaEnabled")),
            "Lambda is on for these accounts, and off for the provider, so Spinnaker "
            "shows no functions. Bowline would switch it on.",
        )


def lambda_is_on(settings: Mapping[str, Any]) -> bool:
    return (
        within(settings, "features", "lambda", "enabled") is True
        or within(settings, "lambda", canonical("enabled")) is True
    )
