"""What Bowline can take of each account, field by field, and why not the rest.

An account is taken only as a whole: one that says what Bowline cannot take stays as
it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from onboarding import names
from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.accounts_file.writing import yaml_text
from onboarding.adopting.comparing import Spinnaker, Unlike
from onboarding.adopting.judging.settings import (
    NO_OWNER,
    OF_ITS_ACCOUNT,
    WRITTEN,
    cluster_of,
    launching,
    owned,
    unlike,
)
from onboarding.adopting.judging.sharing import (
    ECS_OF_ANOTHER,
    RoleName,
    by_another_name,
    environment_of,
    environments_of,
    first_names_first,
    is_in,
    refusal,
    regions_of,
    role_in,
    unlike_name,
    usual_role,
)
from onboarding.adopting.judging.verdicts import (
    FieldVerdict,
    refused_name,
    remainder,
    verdicts,
)
from onboarding.adopting.values import AWS, ECS, KUBERNETES, Account
from onboarding.carried.table import (
    CARRIED,
    LEFT,
    TAKEN,
    Treatment,
)
from onboarding.names import short

Written = dict[str, Any]

OTHER_PARTITION = (
    "Bowline works in one partition, and it would be {}. This account's role is in "
    "another one."
)
IS_OFF = (
    "Spinnaker skips the account. A bundle or delivery would load it, so Bowline "
    "doesn't take it."
)
OWN_IDENTITY = (
    "Spinnaker uses an identity of its own for this account. Bowline knows one "
    "identity."
)
NAME_TWICE = (
    "Accounts of two providers have this name. Bowline's accounts have names of their "
    "own, because Spinnaker mixes up accounts of one name."
)
NAME_IN_OTHER_CASE = (
    "Another account has this name in other upper and lower case. Bowline, like the "
    "database of Spinnaker, has such names once."
)
IS_EMPTY = (
    "It is empty, which is another value to Spinnaker than none. Bowline can't write "
    "an empty one: remove the key, or enter a value."
)
AS_WRITTEN = (
    "Spinnaker uses the ID as it is written, and AWS has no such account: write 12 "
    "digits."
)
NO_AWS_ACCOUNT = "No source has the AWS account “{}” that it uses."
AWS_ACCOUNT_LEFT = "Its AWS account “{}” is left, so this account is left, too."
ANOTHER_ECS = (
    "The AWS account has another ECS account, {}, and Spinnaker uses the last one only."
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of an account."""

    account: Account
    fields: tuple[FieldVerdict, ...]
    reasons: tuple[str, ...] = ()
    """Why it is left; empty: it is taken."""
    unlike: Unlike | None = None
    """How Spinnaker has it otherwise."""
    is_confirmed: bool = False

    @property
    def outcome(self) -> Treatment:
        return LEFT if self.reasons else TAKEN

    @property
    def waits(self) -> bool:
        """Return whether it would be taken, if somebody confirmed it."""
        waiting = self.unlike is not None and not self.is_confirmed
        return waiting and len(self.reasons) == 1

    def leaving(self, *reasons: str) -> Judged:
        return replace(self, reasons=(*self.reasons, *reasons))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of a Spinnaker."""

    accounts: tuple[Judged, ...]
    written: tuple[Written, ...]
    """The accounts that are taken, in the keys of the accounts file."""
    role: RoleName | None
    """The usual managed role of those that are taken; None: no account has one."""


def judge(spinnaker: Spinnaker, *, role: RoleName | None = None) -> Judgement:
    """Judge each account; with a role, that one is the usual one."""
    return Judge(spinnaker, role).judgement()


class Judge:
    """Judges AWS accounts first: the others are parts of them."""

    def __init__(self, spinnaker: Spinnaker, role: RoleName | None) -> None:
        self.spinnaker = spinnaker
        self.effect = spinnaker.effect
        aws = spinnaker.of_type(AWS)
        loaded = [one for one in aws if not (one.is_off or self.effect.waits(one))]
        self.role = role or usual_role(loaded)
        self.names = Counter(
            one.name for one in spinnaker.accounts if not self.effect.waits(one)
        )
        self.in_any_case = Counter(map(names.any_case, self.names))
        self.by_name = {one.name: one for one in aws}
        self.by_id: dict[str, list[Account]] = {}
        for one in loaded:
            self.by_id.setdefault(one.text("accountId"), []).append(one)
        self.ecs_of: dict[str, list[str]] = {}
        for one in spinnaker.of_type(ECS):
            if used := self.aws_account(one):
                self.ecs_of.setdefault(used.name, []).append(one.name)
        self.first_of: dict[str, Account] = {}
        """By account ID, the account that has its first name."""
        self.written: dict[str, Written] = {}
        self.environments: dict[str, str] = {}

    def judgement(self) -> Judgement:
        aws = self.spinnaker.of_type(AWS)
        of_aws = {
            one.name: self.named(self.begun(one, self.refused_aws(one))) for one in aws
        }
        possible = [one for one in aws if not of_aws[one.name].reasons]
        self.environments = environments_of(possible)
        for one in first_names_first(possible, self.ecs_of, self.environments):
            of_aws[one.name] = self.aws(of_aws[one.name])
        judged = [of_aws[one.name] for one in aws]
        judged += [self.ecs(one) for one in self.spinnaker.of_type(ECS)]
        judged += [self.cluster(one) for one in self.spinnaker.of_type(KUBERNETES)]
        written = tuple(self.written[name] for name in sorted(self.written))
        return Judgement(tuple(judged), written, self.role)

    def aws(self, judged: Judged) -> Judged:
        account, carried = judged.account, carried_of(judged)
        first = self.first_of.get(account.text("accountId"), account)
        environment = self.environments[account.text("accountId")]
        if first is account:
            launches = WRITTEN[launching(self.spinnaker, account.name)]
            environment = environment_of(account, environment)
            taken = written_aws(account, self.role, launches, environment)
            written = with_remainder(taken, AWS, carried)
        elif why := unlike_name(account, first, environment):
            return judged.leaving(why)
        else:
            written = by_another_name(self.written[first.name], account, carried)
        if problems := self.problems(written):
            return judged.leaving(*problems)
        self.first_of[account.text("accountId")] = first
        self.written[first.name] = written
        return judged

    def begun(self, account: Account, refused: Iterable[tuple[str, str]]) -> Judged:
        """Judge an account's fields, and whether Spinnaker has it so."""
        fields = tuple(verdicts(account, refused))
        how = self.effect.unlike.get(account.key)
        is_confirmed = how is not None and not self.effect.waits(account)
        judged = Judged(account, fields, reasons_of(fields), how, is_confirmed)
        return judged if how is None or is_confirmed else judged.leaving(how.says)

    def named(self, judged: Judged) -> Judged:
        """Leave an account whose name Bowline could not tell from another one."""
        name = judged.account.name
        if self.names[name] > 1:
            judged = judged.leaving(NAME_TWICE)
        if self.in_any_case[names.any_case(name)] > 1:
            judged = judged.leaving(NAME_IN_OTHER_CASE)
        return judged

    def refused_aws(self, account: Account) -> Iterator[tuple[str, str]]:
        """Yield each field that Bowline cannot take, and why."""
        if account.is_off:
            yield "enabled", IS_OFF
        yield from empty(account, "environment", "defaultKeyPair", "sessionName")
        if account.text("managingAccountProfile") and self.spinnaker.has_profiles:
            yield "managingAccountProfile", OWN_IDENTITY
        yield from refused_name("name", account.name, names.ACCOUNT_NAME)
        yield from refused_name("accountId", account.text("accountId"), exact_id)
        if environment := account.text("environment"):
            yield from refused_name("environment", environment, names.ENVIRONMENT)
        if external_id := account.text("externalId"):
            yield from refused_name("externalId", external_id, names.EXTERNAL_ID)
        if session_name := account.text("sessionName"):
            yield from refused_name("sessionName", session_name, names.SESSION_NAME)
        if wrong := refusal(account):
            yield "assumeRole", wrong
        elif self.role and role_in(account).partition != self.role.partition:
            yield "assumeRole", OTHER_PARTITION.format(self.role.partition)

    def problems(self, written: Written) -> tuple[str, ...]:
        """Say what the accounts file's own reader would refuse of the account."""
        partition = self.role.partition if self.role else "aws"
        try:
            read_accounts_file(yaml_text(None, [written]).encode(), partition=partition)
        except FileProblems as error:
            return tuple(dict.fromkeys(one.message for one in error.problems))
        return ()

    def ecs(self, account: Account) -> Judged:
        refused = refused_name("name", account.name, names.ACCOUNT_NAME)
        judged = self.begun(account, refused)
        aws = self.aws_account(account)
        if self.names[account.name] > 1:
            judged = judged.leaving(NAME_TWICE)
        if aws is None:
            name = short(account.text("awsAccount"))
            return judged.leaving(NO_AWS_ACCOUNT.format(name))
        first = self.first_of.get(aws.text("accountId"), aws)
        if first is not aws and self.is_taken(aws, first):
            both = (short(aws.name), short(first.name))
            return judged.leaving(ECS_OF_ANOTHER.format(*both))
        if aws.name not in self.written:
            return judged.leaving(AWS_ACCOUNT_LEFT.format(short(aws.name)))
        rivals = [name for name in self.ecs_of[aws.name] if name != account.name]
        if rivals:
            judged = judged.leaving(ANOTHER_ECS.format(", ".join(map(short, rivals))))
        details = (
            {} if account.name == f"{aws.name}-ecs" else {"account_name": account.name}
        )
        return self.added(judged, aws, "ecs", details, carried_of(judged))

    def added(
        self,
        judged: Judged,
        aws: Account,
        provider: str,
        details: Written,
        carried: Written,
    ) -> Judged:
        """Add a provider to its AWS account, where the account may still be taken."""
        if judged.reasons:
            return judged
        before = self.written[aws.name]
        after = {**before, "providers": {**before["providers"], provider: details}}
        after = with_remainder(after, judged.account.type, carried)
        if problems := self.problems(after):
            return judged.leaving(*problems)
        self.written[aws.name] = after
        return judged

    def is_taken(self, account: Account, first: Account) -> bool:
        """Return whether it is another name of the first one."""
        others = self.written[first.name].get("also_as", ())
        return account.name in {one["name"] for one in others}

    def aws_account(self, ecs: Account) -> Account | None:
        """Find the AWS account of an ECS account; of a loaded one, by the ID."""
        if wanted := ecs.text("awsAccount"):
            return self.by_name.get(wanted)
        return next(iter(self.by_id.get(ecs.text("accountId"), ())), None)

    def cluster(self, account: Account) -> Judged:
        refused = [
            *refused_name("name", account.name, names.ACCOUNT_NAME),
            *empty(account, "environment"),
        ]
        judged = self.named(self.begun(account, refused))
        found = cluster_of(account, self.spinnaker)
        if isinstance(found, str):
            return judged.leaving(found)
        named = next(iter(self.by_id.get(found.account_id, ())), None)
        aws = self.first_of.get(found.account_id, named)
        if aws is None:
            return judged.leaving(NO_OWNER.format(short(found.account_id)))
        if aws.name not in self.written:
            return judged.leaving(AWS_ACCOUNT_LEFT.format(short(aws.name)))
        written = self.written[aws.name]
        judged = judged.leaving(*unlike(account, aws, found, regions_of(written)))
        if not is_in(written.get("environment", ""), account):
            why = OF_ITS_ACCOUNT.format("environment", short(aws.name))
            judged = judged.leaving(why)
        details: Written = {
            "name": found.name,
            "region": found.region,
            "account_name": account.name,
            "access": "aws-auth",
        }
        if namespaces := account.values.get("namespaces"):
            details["namespaces"] = list(namespaces)
        clusters = [*written["providers"].get("eks", {}).get("clusters", ()), details]
        kept = written.get("carried", {}).get(KUBERNETES, {})
        if of_this := carried_of(judged):
            kept = {**kept, account.name: of_this}
        return self.added(judged, aws, "eks", {"clusters": clusters}, kept)


def empty(account: Account, *fields: str) -> Iterator[tuple[str, str]]:
    """Yield those of Bowline's own fields that say an empty text."""
    for field in fields:
        if account.values.get(field) == "":
            yield field, IS_EMPTY


def exact_id(value: str) -> str:
    """Check an account ID: Bowline ignores dashes and spaces, Spinnaker does not."""
    if names.account_id(value) != value:
        raise names.BadName(value, AS_WRITTEN)
    return value


def reasons_of(fields: tuple[FieldVerdict, ...]) -> tuple[str, ...]:
    """Say why an account stays where it is, of its fields alone."""
    return tuple(f"{one.field}: {one.says}" for one in fields if one.matters)


def carried_of(judged: Judged) -> Written:
    """Return what Bowline carries of the account, in Clouddriver's spelling."""
    names = [one.field for one in judged.fields if one.treatment is CARRIED]
    return remainder(judged.account, names)


def with_remainder(written: Written, kind: str, fields: Written) -> Written:
    """Add what is carried of one of its accounts in Spinnaker to the accounts file."""
    if not fields:
        return written
    return {**written, "carried": {**written.get("carried", {}), kind: fields}}


def written_aws(
    account: Account,
    managed_role: RoleName | None,
    launches: Mapping[str, bool],
    environment: str,
) -> Written:
    """Write an account in the keys of the accounts file; with its managed role, where
    that is not the usual one, and with what it launches from.
    """
    values = account.values
    key_pair = account.text("defaultKeyPair")
    ec2 = {"key_pair": key_pair} if key_pair else {}
    providers: Written = {"ec2": {**ec2, **launches}}
    if values.get("lambdaEnabled"):
        providers["lambda"] = {}
    written: Written = {"name": account.name, "account_id": account.text("accountId")}
    if environment:
        written["environment"] = environment
    written |= {
        "regions": list(values.get("regions", ())),
        # What Spinnaker sends is what the trust policy requires, or takes.
        "external_id": account.text("externalId") or False,
        # What is there is kept as it is.
        "adopts": True,
    }
    if (role := role_in(account)) != managed_role:
        written["managed_role"] = role.name
    if session_name := account.text("sessionName"):
        written["session_name"] = session_name
    if said := owned(account):
        written["permissions"] = said
    return {**written, "providers": providers}
