"""The chain of roles: Bowline, Spinnaker's identity, the managed role.

Walked as Clouddriver will walk it where Bowline can become the identity; read from
the policies of both sides where it cannot.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from onboarding.asked_once import asked_once
from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError, OwnCredentialsError
from onboarding.aws.organization import organization_id
from onboarding.aws.session import Backoff, Credentials, Sessions
from onboarding.checks import Call, Check, Outcome
from onboarding.desired.managing import REGION_LOOKUP, identity
from onboarding.partitions import Arn
from onboarding.resources.kinds import (
    MANAGING_PATH,
    OWNER,
    OWNER_TAG,
    Role,
)
from onboarding.resources.policy import Policy
from onboarding.topology import ExistingIdentity, Managing, Reach
from onboarding.verify.denial import Holder
from onboarding.verify.result import Cause, Located, Result, command, unsettled
from onboarding.verify.trust import AssumeRequest, Trust

CHAIN = "chain"
"""What results of the chain carry in the place of a provider."""
OWN_IDENTITY = "Bowline's own identity"
BECOME_IDENTITY = "Assume Spinnaker's identity"
"""The check that walks through the managing account."""
VERIFY_THERE = (
    "Run the bundle's verify.sh on Spinnaker's own host: it tests this there."
)


IDENTITY_LASTS = 60.0
"""Seconds in which the verifications of a process share Spinnaker's identity: what it
is depends on the managing account alone. Each still assumes its own account's role.
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """Spinnaker's identity, as a verification became it a moment ago."""

    until: float
    credentials: Credentials
    looked_up: dict[Check, Result] = field(default_factory=dict)
    """What was found of the regions with it."""


NOT_ALLOWED = "AWS didn't allow Bowline to assume it."
LET_IN = "Bowline verifies more if its trust policy allows sts:AssumeRole to {}."
IDENTITIES: dict[tuple[Credentials, str, str], Identity] = {}
"""By Bowline's own credentials, the identity's ARN, and its session policy."""


@dataclass
class Chain:
    """A walk along the chain; `as_identity` and `as_managed` are what it opened."""

    sessions: Sessions
    managing: Managing
    identity_reach: Reach
    backoff: Backoff
    session_policy: str = ""
    """The session policy of the identity; empty: all that it may do."""
    shares: bool = False
    """Whether it may use the identity as another verification became it."""
    continues: bool = False
    looked_up: dict[Check, Result] = field(default_factory=dict)
    as_identity: Credentials | None = None
    as_managed: Credentials | None = None

    def again(self) -> Chain:
        """Begin again, from Bowline."""
        backoff, policy = self.backoff, self.session_policy
        return Chain(self.sessions, self.managing, self.identity_reach, backoff, policy)

    def timed(self, check: Callable[[], Result]) -> Result:
        began = self.backoff.clock.now()
        result = check()
        seconds = self.backoff.clock.now() - began
        return replace(result, seconds=seconds)

    def to_identity(self) -> Iterator[Result]:
        """Become the identity that Spinnaker runs as, if that can be."""
        own = self.timed(lambda: own_identity(self.sessions))
        try:
            became = self.timed(self.become_identity)
        except OwnCredentialsError as error:  # they were good less than a minute ago
            yield own_identity_refused(error)
            return
        yield own
        yield became

    def become_identity(self) -> Result:
        """Assume it; raise OwnCredentialsError where Bowline's own are over."""
        name = BECOME_IDENTITY
        managing, identity = self.managing, self.managing.identity_arn
        if self.sessions.caller().principal == identity:
            self.as_identity = self.sessions.own()
            return chain_result(
                name, Outcome.PASSED, f"Bowline itself runs as {identity}."
            )
        theirs = isinstance(managing.identity, ExistingIdentity)
        if is_user(identity) or not (managing.bowline or theirs):
            return self.cannot_become(name, self.denial)
        key = (self.sessions.own(), identity, self.session_policy)
        known = IDENTITIES.get(key) if self.shares else None
        if known and time.monotonic() < known.until:
            self.continues = True
            self.as_identity, self.looked_up = known.credentials, known.looked_up
            sentence = f"Bowline assumed {identity} less than a minute ago."
            return chain_result(name, Outcome.PASSED, sentence)
        try:
            self.as_identity = self.backoff.until_done(
                lambda: self.sessions.assume(
                    identity,
                    session_name=self.sessions.name,
                    policy=self.session_policy,
                ),
                f"it doesn't allow Bowline to assume {identity} yet",
                again=is_passing if theirs else worth_repeating,
            )
        except OwnCredentialsError:
            raise
        except AwsError as error:
            if theirs and error.denied:
                trusted = self.sessions.caller().principal
                return self.cannot_become(name, NOT_ALLOWED, LET_IN.format(trusted))
            if not error.denied:
                return chain_result(name, Outcome.FAILED, error.message, error.hint)
            fix = (
                f"The trust policy of {identity} must allow sts:AssumeRole to "
                f"{managing.bowline}, and Bowline must be allowed to call it. "
                "Plan the managing account again."
            )
            result = chain_result(name, Outcome.FAILED, error.message, fix)
            return result.because(unless_unread(self.shut_out))
        now = time.monotonic()
        for other, one in IDENTITIES.copy().items():
            if one.until < now:
                IDENTITIES.pop(other, None)
        until = now + IDENTITY_LASTS
        IDENTITIES[key] = Identity(until, self.as_identity, self.looked_up)
        return chain_result(name, Outcome.PASSED, f"Bowline assumed {identity}.")

    def shut_out(self) -> Cause | None:
        """Say why Bowline cannot assume the identity that it created."""
        wanted = next(r for r in identity(self.managing) if isinstance(r, Role))
        role = self.holder()
        if role.description is None:
            missing = Cause(
                Located.ABSENT,
                f"There is no {role.title}.",
                "Plan the managing account again and approve it.",
                change=create_role(wanted),
            )
            is_young = self.sessions.handed_on.is_young(wanted.key)
            return unsettled(missing, role.title) if is_young else missing
        existing = Policy.of(role.description["AssumeRolePolicyDocument"])
        trust = Trust(self.managing.identity_arn, existing, wanted.trust)
        return trust.cause(AssumeRequest(self.managing.bowline))

    def holder(self) -> Holder:
        client = AccountClient.of(self.sessions, self.identity_reach)
        return Holder(
            client,
            self.managing.identity_arn,
            MANAGING_PATH,
            writes=self.identity_reach.writes,
        )

    @asked_once
    def organization(self) -> str | None:
        """The identity's organization, where one is asked for; None: unknown."""
        if not (self.managing.trust_organization or self.managing.organization):
            return None
        return organization_id(self.sessions, self.identity_reach)

    @property
    def denial(self) -> str:
        if is_user(self.managing.identity_arn):
            return "It is a user, and only its own access key works for it."
        return "Its trust policy does not name Bowline, by choice."

    def cannot_become(self, name: str, reason: str, fix: str = "") -> Result:
        """Tell an identity that Bowline cannot become from one that does not exist."""
        holder, fix = self.holder(), f"{fix} {VERIFY_THERE}".lstrip()
        try:
            exists = holder.description is not None
        except AwsError as error:
            sentence = f"{reason} {error.message}"
            return chain_result(name, Outcome.NOT_TESTABLE, sentence, fix)
        if not exists:
            cause = Cause(
                Located.ABSENT,
                f"There is no {holder.title}.",
                "Create it, or name another identity in the managing account.",
            )
            return chain_result(name, Outcome.FAILED, "").because(cause)
        return chain_result(
            name,
            Outcome.NOT_TESTABLE,
            f"{holder.arn} exists, but Bowline cannot assume it. {reason} What follows "
            "is read from the policies.",
            fix,
        )


def own_identity(sessions: Sessions) -> Result:
    """Say who Bowline is; no account can be judged while AWS cannot."""
    try:
        caller = sessions.caller()
    except AwsError as error:
        return own_identity_refused(error)
    sentence = f"Bowline is {caller.arn} in account {caller.account_id}."
    return chain_result(OWN_IDENTITY, Outcome.PASSED, sentence)


def own_identity_refused(error: AwsError) -> Result:
    """Say that Bowline's own credentials are what is wrong, and no account."""
    result = chain_result(OWN_IDENTITY, Outcome.FAILED, error.message, error.hint)
    return replace(result, located=Located.BOWLINE)


def unless_unread(cause: Callable[[], Cause | None]) -> Cause | None:
    """Return the cause; none where Bowline may not read what would tell it."""
    try:
        return cause()
    except AwsError:
        return None


def create_role(role: Role) -> str:
    path = ("--path", role.path) if role.path != "/" else ()
    words = ("iam", "create-role", "--role-name", role.name, *path)
    tag = ("--tags", f"Key={OWNER_TAG},Value={OWNER}")
    return command(*words, *tag, assume_role_policy_document=role.trust.document)


def chain_result(name: str, outcome: Outcome, sentence: str, fix: str = "") -> Result:
    return Result(CHAIN, name, outcome, sentence, fix)


def called_as_spinnaker(name: str, sentence: str) -> Result:
    """Say that AWS answered Spinnaker's identity or the managed role as expected."""
    return Result(CHAIN, name, Outcome.PASSED, sentence, as_spinnaker=True)


def is_user(arn: str) -> bool:
    return Arn.of(arn).kind == "user"


def is_passing(error: AwsError) -> bool:
    """Return whether it may pass; who trusts whom is known of what was there before."""
    return error.retryable


def worth_repeating(error: AwsError) -> bool:
    """Return whether a role of a moment ago may explain it; an explicit deny stays."""
    return error.retryable or (error.denied and "explicit deny" not in error.message)


LOOKUP_FIX = (
    "Spinnaker's identity must be allowed "
    f"{' and '.join(REGION_LOOKUP.actions)}: plan the managing account again. Where a "
    "policy of the organization denies the Region, allow it there, or take the Region "
    "out of the account."
)
"""Clouddriver looks up the zones of each region of an account, and loads no account of
which it may not.
"""


def zone_checks(regions: Iterable[str]) -> tuple[Check, ...]:
    """List what Clouddriver asks for an account in these regions."""
    return tuple(
        Check(
            f"Look up zones in {region} as Spinnaker's identity",
            Call("ec2", "describe_availability_zones", region),
            LOOKUP_FIX,
        )
        for region in regions
    )


def listing_check(region: str) -> Check:
    """Return what proves that the identity may look regions up at all."""
    name = "Look up regions as Spinnaker's identity"
    return Check(name, Call("ec2", "describe_regions", region), LOOKUP_FIX)
