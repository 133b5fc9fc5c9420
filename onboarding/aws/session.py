"""Sessions: how Bowline accesses accounts, with which credentials; and waiting
out what AWS will soon answer otherwise.
"""

from __future__ import annotations

import os
import random
import re
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from botocore.credentials import Credentials as OwnCredentials

from onboarding.aws.errors import (
    NO_ACCESS,
    AwsError,
    own_credentials,
    translating,
    translating_own,
)
from onboarding.aws.known import Documents, HandedOn
from onboarding.aws.shared_clients import Signer, bare_core, client_of
from onboarding.partitions import PARTITIONS, Arn, arn
from onboarding.topology import Reach

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import AssumeRoleRequestTypeDef

T = TypeVar("T")

FIRST_DELAY, LONGEST_DELAY = 0.5, 8.0
"""Seconds. IAM is mostly ready within two; longer waits spare a throttled API."""


def silent(sentence: str) -> None:
    """Tell nobody."""


class Clock(NamedTuple):
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


SYSTEM = Clock()


@dataclass(slots=True)
class Backoff:
    """Seconds in total, with back-off and jitter.

    `waiting` hears a sentence before each sleep and an empty one when it is over, in
    the caller's own thread.
    """

    seconds: float
    waiting: Callable[[str], None] = silent
    clock: Clock = SYSTEM
    deadline: float = field(init=False)
    delay: float = field(init=False)
    spoken: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.deadline = self.clock.now() + self.seconds
        self.delay = FIRST_DELAY

    def wait(self, sentence: str) -> bool:
        """Sleep a while; False, at once, where the time is over."""
        left = self.deadline - self.clock.now()
        if left <= 0:
            return False
        self.waiting(f"Waiting for AWS: {sentence}.")
        self.spoken = True
        # Half to one and a half: workers that were throttled together part ways.
        self.clock.sleep(min(left, self.delay * random.uniform(0.5, 1.5)))
        self.delay = min(LONGEST_DELAY, self.delay * 2)
        return True

    def over(self) -> None:
        """Take back the sentence, if one was said, and begin with short delays."""
        if self.spoken:
            self.waiting("")
        self.spoken, self.delay = False, FIRST_DELAY

    def until_done(
        self, act: Callable[[], T], sentence: str, *, again: Callable[[AwsError], bool]
    ) -> T:
        """Return what `act` returns, repeating it after errors that are worth it."""
        try:
            while True:
                try:
                    return act()
                except AwsError as error:
                    if not again(error) or not self.wait(sentence):
                        raise
        finally:
            self.over()


PATIENCE = 30.0
"""Seconds in which a run asks again where AWS is too busy for a read. A person at a
page waits for none.
"""

WHO = "sts:GetCallerIdentity"
OWN_LAST = 10.0
"""Seconds in which all runs of a process rely on one search for its own credentials:
those of a pod or an instance are fetched each time. Nobody renews a profile and tries
again in less.
"""
CALLER_LASTS = 60.0
"""Seconds in which all runs of a process rely on one answer of STS to who Bowline is: a
key never changes hands. That it still works, entering an account shows: whoever
relies on it meets OwnCredentialsError there.
"""
CALLERS: dict[Credentials, tuple[float, Caller]] = {}
"""Whose Bowline's own credentials are, and until when that counts."""

RENEW_BEFORE = timedelta(minutes=5)
ASSUMED_ROLE = re.compile(r"arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/.+")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who Bowline is in AWS."""

    account_id: str
    arn: str
    principal: str
    """The role's or user's own ARN, as a trust policy names it; never a session's."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials at hand; what is secret in them is never printed."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    expires: datetime | None = None
    arn: str = ""
    """Whose they are, as STS said when it gave them; empty: they were not given."""

    @property
    def fresh(self) -> bool:
        return self.expires is None or self.expires > datetime.now(UTC) + RENEW_BEFORE


@lru_cache(maxsize=1)
def find_own_credentials(period: int) -> OwnCredentials:
    """Look where boto3 looks, once in each period: a profile may have been renewed."""
    found = bare_core().get_credentials()
    if found is None:
        raise own_credentials(WHO, "none were found")
    return found


def set_region() -> str:
    """Return the Region that Bowline is set to; empty where it is set to none. boto3
    itself reads only the second variable.
    """
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")


class Sessions:
    """Bowline's ways into AWS during a run or a batch; asks nothing twice.

    Thread-safe. `calls` counts the requests that were sent, repeated ones included.
    """

    def __init__(
        self, run: str, partition: str = "aws", *, patience: float = 0.0
    ) -> None:
        self.name = re.sub(r"[^\w+=,.@-]", "-", f"bowline-{run}", flags=re.ASCII)[:64]
        self.partition = PARTITIONS[partition]
        self.patience = patience
        self.calls = 0
        self.documents = Documents()
        self.handed_on = HandedOn()
        self._lock = threading.Lock()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._kept: dict[Hashable, Any] = {}

    def whoami(self) -> Caller:
        """Say who Bowline is; raise OwnCredentialsError where AWS cannot say."""
        return self._once("whoami", partial(self.patiently, self._ask_who))

    def caller(self) -> Caller:
        """Say who Bowline is, as any run of this process learned it a minute ago."""
        until, known = CALLERS.get(self.own(), (0.0, None))
        return known if known and time.monotonic() < until else self.whoami()

    def own(self) -> Credentials:
        """Return Bowline's own credentials as they are now: boto3 renews them."""
        period = int(time.monotonic() // OWN_LAST)
        with translating_own(WHO, "find its own credentials"):
            found = self._once("own", partial(find_own_credentials, period))
            now = found.get_frozen_credentials()
        return Credentials(now.access_key or "", now.secret_key or "", now.token or "")

    def credentials(self, reach: Reach) -> Credentials:
        """Return what opens the account; raise AwsError that says what is wrong."""
        if reach.is_closed:
            raise AwsError(
                reach.account_id,
                "sts:AssumeRole",
                f"Bowline doesn't read account {reach.account_id}: its owner creates "
                "the roles, without one for Bowline.",
                "To have this checked, hand the account off with a reader role.",
                code=NO_ACCESS,
            )
        caller = self.caller()
        if reach.access_role:
            return self._enter(reach, caller)
        if caller.account_id != reach.account_id:
            raise AwsError(
                reach.account_id,
                WHO,
                f"Bowline's own credentials belong to account {caller.account_id}, "
                f"not to {reach.account_id}, and no access role is set.",
                f"Set an access role for account {reach.account_id}: a role there that "
                f"trusts {caller.principal}.",
            )
        return self.own()

    def patiently(self, ask: Callable[[], T]) -> T:
        """Return what `ask` returns; ask again for a while where AWS is too busy."""
        backoff = Backoff(self.patience, silent)
        return backoff.until_done(ask, "it is busy", again=lambda error: error.busy)

    def client(self, reach: Reach, service: str, region: str = "") -> Any:
        return self.client_with(self.credentials(reach), service, region)

    def client_with(
        self, credentials: Credentials, service: str, region: str = ""
    ) -> Any:
        region = region or self.region_of(service)
        key = ("client", credentials, service, region)
        return self._once(key, partial(self._build, credentials, service, region))

    def region_of(self, service: str) -> str:
        """Return where a call without a Region of its own goes: STS is asked in the
        Region that Bowline is set to, which may be the only one that it reaches; what
        else has none is global.
        """
        own = set_region()
        is_here = service == "sts" and own in self.partition.regions
        return own if is_here else self.partition.home_region

    def assume(
        self,
        role_arn: str,
        *,
        session_name: str,
        external_id: str = "",
        source: Credentials | None = None,
        policy: str = "",
        again: bool = False,
    ) -> Credentials:
        """Assume a role as `source`, or as Bowline; raise AwsError where refused.

        A known answer is returned, unless a new one is wanted as a proof.
        The session may do no more than `policy` allows, if one is given.
        """
        key = ("assume", role_arn, session_name, external_id, source, policy)
        ask = partial(self._assume, role_arn, session_name, external_id, source, policy)
        if again:
            return ask()
        found = self._once(key, ask)
        if not found.fresh:
            with self._lock:
                self._kept.pop(key, None)
            found = self._once(key, ask)
        return found

    def role_arn(self, reach: Reach) -> str:
        """Name the role by which the account is entered; empty without one."""
        if not reach.access_role:
            return ""
        role = f"role/{reach.access_role}"
        return arn(self.partition.name, "iam", reach.account_id, role)

    def _enter(self, reach: Reach, caller: Caller) -> Credentials:
        role_arn = self.role_arn(reach)
        try:
            return self.patiently(
                partial(self.assume, role_arn, session_name=self.name)
            )
        except AwsError as error:
            if not error.denied:
                raise
            elsewhere = error.hint if error.denied_by else ""
            if not reach.writes:
                raise AwsError(
                    reach.account_id,
                    error.operation,
                    f"AWS didn't allow Bowline to assume the reader role {role_arn}: "
                    + (
                        f"it names a {error.denied_by}."
                        if error.denied_by
                        else "it doesn't exist yet, or doesn't trust Bowline."
                    ),
                    elsewhere
                    or f"Ask the owner of account {reach.account_id} to deploy the "
                    "template with the reader role. Bowline itself must be allowed "
                    f"sts:AssumeRole on {role_arn}.",
                    code=NO_ACCESS,
                ) from error
            named = f", and names a {error.denied_by}" if error.denied_by else ""
            raise AwsError(
                reach.account_id,
                error.operation,
                f"Bowline ({caller.arn}) could not assume {role_arn} to enter account "
                f"{reach.account_id}: AWS refused it{named}.",
                elsewhere
                or f"In account {reach.account_id} the role {reach.access_role} must "
                "exist, and its trust policy must allow sts:AssumeRole to "
                f"{caller.principal} without an external ID and without MFA "
                "(aws:MultiFactorAuthPresent), which a service can't have. Bowline "
                f"itself must be allowed sts:AssumeRole on {role_arn}.",
                code=error.code,
            ) from error

    def _assume(
        self,
        role_arn: str,
        session_name: str,
        external_id: str,
        source: Credentials | None,
        policy: str,
    ) -> Credentials:
        sts: STSClient = self.client_with(source or self.own(), "sts")
        account = Arn.of(role_arn).account
        asked: AssumeRoleRequestTypeDef = {
            "RoleArn": role_arn,
            "RoleSessionName": session_name,
        }
        if external_id:
            asked["ExternalId"] = external_id
        if policy:
            asked["Policy"] = policy
        session = source.arn if source else ""
        with translating(
            account, "sts:AssumeRole", f"assume {role_arn}", session=session
        ):
            answer = sts.assume_role(**asked)
        given = answer["Credentials"]
        return Credentials(
            given["AccessKeyId"],
            given["SecretAccessKey"],
            given["SessionToken"],
            given["Expiration"],
            answer["AssumedRoleUser"]["Arn"],
        )

    def _ask_who(self) -> Caller:
        own = self.own()
        sts: STSClient = self.client_with(own, "sts")
        with translating_own(WHO, "learn who it is"):
            answer = sts.get_caller_identity()
        whose = answer["Arn"]
        caller = Caller(answer["Account"], whose, self._principal(whose))
        CALLERS.clear()
        CALLERS[own] = (time.monotonic() + CALLER_LASTS, caller)
        return caller

    def _principal(self, caller_arn: str) -> str:
        """Name the role behind a session; STS leaves out its path, IAM knows it."""
        session = ASSUMED_ROLE.fullmatch(caller_arn)
        if not session:
            return caller_arn
        partition, account, role = session.groups()
        iam: IAMClient = self.client_with(self.own(), "iam")
        try:
            with translating(account, "iam:GetRole", f"read role {role}"):
                return iam.get_role(RoleName=role)["Role"]["Arn"]
        except AwsError:
            return arn(partition, "iam", account, f"role/{role}")

    def _build(self, credentials: Credentials, service: str, region: str) -> Any:
        signer = Signer(
            credentials.access_key,
            credentials.secret_key,
            credentials.token,
            self._count,
            credentials.arn,
        )
        return client_of(signer, service, region)

    def _count(self) -> None:
        with self._lock:
            self.calls += 1

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for the key; make it, in one thread only."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._kept:
                self._kept[key] = make()
            kept: T = self._kept[key]
            return kept
