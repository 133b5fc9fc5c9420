"""What is wrong in a halconfig, and what the merge does about it.

Halyard accepts it all; Clouddriver then leaves out accounts or functions and says so
in its log at most.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from onboarding.names import short
from onboarding.spinnaker.bundle.contents import BundleAccounts
from onboarding.spinnaker.halconfig.tree import TRUE_TEXT, Table, is_on, meaning

MOST_NAMED = 3


def mistakes(
    held: Mapping[str, Table], bundled: BundleAccounts, others: Collection[str]
) -> Iterator[str]:
    """Yield a sentence for each fault of the providers before the merge.

    `others` are the bundle's names that the config has for something else.
    """
    aws = held.get("aws", Table({}))
    wanted = {a["name"] for a in bundled.aws if a.get("lambdaEnabled")} - {*others}
    accounts = {account.text("name"): account for account in aws.tables("accounts")}
    if wanted and accounts:
        yield from switch_off(aws)
    yield from flags_off([accounts[name] for name in accounts if name in wanted])
    added = {account["name"] for account in bundled.aws} - {*others}
    for account in held.get("ecs", Table({})).tables("accounts"):
        if account.text("awsAccount") not in accounts:
            yield without_aws_account(account, added, others)


def switch_off(aws: Table) -> Iterator[str]:
    """Say that Lambda is off for all of Spinnaker, which `lambda` alone still heals."""
    if is_on(aws.table("features") or Table({}), "lambda"):
        return
    shows = (
        "only the older providers.aws.lambda.enabled lets Spinnaker show functions"
        if is_on(aws, "lambda")
        else "Spinnaker shows no functions of any account"
    )
    yield (
        f"providers.aws.features.lambda.enabled isn't true, so {shows}. Merging "
        "switches it on, for every account that says lambdaEnabled: true."
    )


def flags_off(accounts: Collection[Table]) -> Iterator[str]:
    """Say whose entries keep Lambda off, though the bundle has it on."""
    off = [one for one in accounts if meaning(one.get("lambdaEnabled")) != TRUE_TEXT]
    if not off:
        return
    named = [f"{one.text('name')} in line {one.line}" for one in off[:MOST_NAMED]]
    more = [f"{len(off) - MOST_NAMED:,} more"] if len(off) > MOST_NAMED else []
    whose, entry = ("its", "entry does") if len(off) == 1 else ("their", "entries do")
    chosen = joined_words([*named, *more])
    yield (
        f"Lambda is chosen for {chosen}, and {whose} {entry} not say "
        f"lambdaEnabled: true, so Spinnaker shows none of {whose} functions. Merging "
        "switches it on."
    )


def joined_words(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def without_aws_account(
    ecs: Table, added: Collection[str], others: Collection[str]
) -> str:
    """Say why Clouddriver does not load an ECS account, and what becomes of it."""
    name, target = ecs.text("name"), ecs.text("awsAccount")
    where = f"Line {ecs.line}: the ECS account {short(name)}"
    if not target:
        return (
            f"{where} names no AWS account, so Clouddriver doesn't load it. Give it an "
            "awsAccount, or delete it."
        )
    if target in added:
        what = f"Merging adds {target}."
    elif name in others:
        what = "Merging leaves it so, unless the bundle's account takes over."
    else:
        what = "Merging leaves it so: add that account, or delete this one."
    return (
        f"{where} belongs to {short(target)}, and the config has no AWS account of "
        f"that name, so Clouddriver doesn't load it. {what}"
    )
