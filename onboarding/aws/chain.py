"""The chain of roles: Bowline, Spinnaker's identity, the managed role.

Walked as Clouddriver will walk it where Bowline can become the identity; read from
the policies of both sides where it cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from onboarding.aws.asking import Asker
from onboarding.aws.errors import AwsError
from onboarding.aws.patience import Patience
from onboarding.aws.session import Credentials, Reach, Sessions
from onboarding.aws.trust import admits, simulate
from onboarding.providers.base import Outcome
from onboarding.resources.policy import Policy
from onboarding.topology import ExistingIdentity, Managed, Managing

CHAIN = "chain"
"""What results of the chain carry in the place of a provider."""
SPINNAKER = "Spinnaker"
"""The session name that Clouddriver sends unless it is told otherwise."""
PROVE_THERE = (
    "Run the bundle's verify.sh on Spinnaker's own host: it proves this there."
)


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found, in a sentence, and what mends it."""

    provider: str
    name: str
    outcome: Outcome
    sentence: str = ""
    fix: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Chain:
    """A walk along the chain; `as_identity` and `as_managed` are what it opened."""

    sessions: Sessions
    managing: Managing
    identity_reach: Reach
    patience: Patience
    as_identity: Credentials | None = None
    as_managed: Credentials | None = None

    def timed(self, check: Callable[[], Result]) -> Result:
        began = self.patience.clock.now()
        result = check()
        seconds = self.patience.clock.now() - began
        return Result(
            result.provider,
            result.name,
            result.outcome,
            result.sentence,
            result.fix,
            seconds,
        )

    def to_identity(self) -> Iterator[Result]:
        """Become the identity that Spinnaker runs as, if that can be."""
        yield self.timed(self.own_identity)
        yield self.timed(self.become_identity)

    def own_identity(self) -> Result:
        caller = self.sessions.whoami()
        sentence = f"Bowline is {caller.arn} in account {caller.account_id}."
        return found("Bowline's own identity", Outcome.PROVED, sentence)

    def become_identity(self) -> Result:
        name = "Become Spinnaker's identity"
        managing, identity = self.managing, self.managing.identity_arn
        if self.sessions.whoami().principal == identity:
            self.as_identity = self.sessions.own()
            return found(name, Outcome.PROVED, f"Bowline itself runs as {identity}.")
        if is_user(identity) or not managing.bowline:
            return self.cannot_become(name, self.why_not_become())
        try:
            self.as_identity = self.patience.until_done(
                lambda: self.sessions.assume(identity, session_name=self.sessions.name),
                f"it does not let Bowline become {identity} yet",
                again=worth_repeating,
            )
        except AwsError as error:
            if isinstance(managing.identity, ExistingIdentity) and error.denied:
                return self.cannot_become(name, "AWS refused Bowline to assume it.")
            fix = (
                f"The trust policy of {identity} must allow sts:AssumeRole to "
                f"{managing.bowline}, and Bowline must be allowed to call it. "
                "Plan the managing account again."
            )
            return found(name, Outcome.FAILED, error.message, fix)
        return found(name, Outcome.PROVED, f"Bowline became {identity}.")

    def why_not_become(self) -> str:
        if is_user(self.managing.identity_arn):
            return "It is a user, and only its own access key opens it."
        return "Its trust policy does not name Bowline, by choice."

    def cannot_become(self, name: str, why: str) -> Result:
        """Tell an identity that Bowline cannot become from one that does not exist."""
        identity = self.managing.identity_arn
        kind, holder = identity.rsplit(":", 1)[1].split("/", 1)
        holder = holder.rsplit("/", 1)[-1]
        asker = Asker.entering(self.sessions, self.identity_reach)
        parameter = {"UserName" if kind == "user" else "RoleName": holder}
        try:
            answer = asker.find(
                "iam", f"get_{kind}", f"read the {kind} {holder}", **parameter
            )
        except AwsError as error:
            return found(
                name, Outcome.NOT_PROVED, f"{why} {error.message}", PROVE_THERE
            )
        if answer is None:
            sentence = f"There is no {kind} {holder} in account {asker.account_id}."
            fix = "Make it, or name another identity in the managing account."
            return found(name, Outcome.FAILED, sentence, fix)
        return found(
            name,
            Outcome.NOT_PROVED,
            f"{identity} exists, but Bowline cannot become it. {why} What follows is "
            "read from the policies.",
            PROVE_THERE,
        )

    def to_managed(self, managed: Managed, reach: Reach) -> Iterator[Result]:
        """Go on to the managed role, by calls or by reading both sides' policies."""
        step = ManagedStep(self, managed, reach)
        if self.as_identity is None:
            yield self.timed(step.evaluate)
            if managed.external_id:
                yield self.timed(step.evaluate_external_id)
            return
        yield self.timed(lambda: step.assume(self.as_identity))
        if self.as_managed is None:
            return
        as_managed = self.as_managed
        yield self.timed(lambda: step.account(as_managed))
        if managed.external_id:
            wrong = f"not-{managed.external_id}"
            yield self.timed(lambda: step.refusal("A wrong external ID", wrong))
            yield self.timed(lambda: step.refusal("A missing external ID", ""))


@dataclass(frozen=True, slots=True)
class ManagedStep:
    """The last step of the chain, into one managed account."""

    chain: Chain
    managed: Managed
    reach: Reach

    @property
    def role_arn(self) -> str:
        return self.chain.managing.managed_role_arn(self.managed.account_id)

    @property
    def role(self) -> str:
        return self.chain.managing.managed_role

    def assume(self, source: Credentials | None) -> Result:
        """Assume the managed role exactly as Clouddriver does."""
        name = "Assume the managed role"
        sessions, external_id = self.chain.sessions, self.managed.external_id
        located: list[tuple[str, str]] = []

        def again(error: AwsError) -> bool:
            located[:] = self.locate_refusal() if error.denied else []
            return worth_repeating(error) and not located

        try:
            self.chain.as_managed = self.chain.patience.until_done(
                lambda: sessions.assume(
                    self.role_arn,
                    session_name=SPINNAKER,
                    external_id=external_id,
                    source=source,
                    anew=True,
                ),
                f"it does not let Spinnaker's identity assume {self.role_arn} yet",
                again=again,
            )
        except AwsError as error:
            sentence, fix = error.message, error.hint
            if error.denied:
                sentence = (
                    f"Spinnaker's identity {self.chain.managing.identity_arn} could "
                    f"not assume {self.role_arn}: AWS refused it."
                )
                fix = (
                    "The policies of both sides look right: look for a service control "
                    "policy or a permissions boundary that denies sts:AssumeRole."
                )
            for why, mend in located:
                sentence, fix = f"{sentence} {why}", mend
            return found(name, Outcome.FAILED, sentence, fix)
        ending = " and the account's external ID" if external_id else ""
        return found(
            name,
            Outcome.PROVED,
            f"Spinnaker's identity assumed {self.role_arn} with the session name "
            f"{SPINNAKER}{ending}.",
        )

    def account(self, as_managed: Credentials) -> Result:
        name = f"The role leads into account {self.managed.account_id}"
        asker = Asker.holding(self.chain.sessions, self.managed.account_id, as_managed)
        try:
            answer = asker.ask("sts", "get_caller_identity", "ask where the role leads")
        except AwsError as error:
            return found(name, Outcome.FAILED, error.message, error.hint)
        sentence = f"AWS says: {answer['Arn']} in account {answer['Account']}."
        if answer["Account"] != self.managed.account_id:
            fix = "Correct the account id, then plan again."
            return found(name, Outcome.FAILED, sentence, fix)
        return found(name, Outcome.PROVED, sentence)

    def refusal(self, what: str, external_id: str) -> Result:
        """Prove that the role is closed to whoever does not know the external ID."""
        name = f"{what} is refused"
        while True:
            try:
                self.chain.sessions.assume(
                    self.role_arn,
                    session_name=SPINNAKER,
                    external_id=external_id,
                    source=self.chain.as_identity,
                    anew=True,
                )
            except AwsError as error:
                self.chain.patience.over()
                if error.denied:
                    return found(name, Outcome.PROVED, "AWS refused it, as it must.")
                return found(name, Outcome.FAILED, error.message, error.hint)
            if not self.chain.patience.wait("the external ID is not yet required"):
                break
        self.chain.patience.over()
        return found(
            name,
            Outcome.FAILED,
            f"{what} opened {self.role_arn}: its trust policy does not require the "
            "account's external ID.",
            "Plan again and approve the trust policy with the external ID.",
        )

    def evaluate(self) -> Result:
        """Read from both sides' policies whether the role can be assumed."""
        name = "Assume the managed role"
        try:
            gaps = [*self.trust_gap(), *self.identity_gap()]
            unclear = admits(self.trust(), *self.asked_with) is None
        except AwsError as error:
            return found(
                name,
                Outcome.NOT_PROVED,
                f"The policies could not be read: {error.message}",
                f"{error.hint} {PROVE_THERE}",
            )
        if gaps:
            sentence, fix = gaps[0]
            return found(name, Outcome.FAILED, sentence, fix)
        if unclear:
            return found(
                name,
                Outcome.NOT_PROVED,
                f"The trust policy of {self.role_arn} has conditions that Bowline "
                "cannot judge from here.",
                PROVE_THERE,
            )
        return found(
            name,
            Outcome.EVALUATED,
            f"The policies of {self.chain.managing.identity_arn} allow sts:AssumeRole "
            f"on {self.role_arn}, whose trust policy names it.",
            PROVE_THERE,
        )

    def evaluate_external_id(self) -> Result:
        name = "The external ID is required"
        identity = self.chain.managing.identity_arn
        try:
            wrong = [
                admits(self.trust(), identity, external_id)
                for external_id in (f"not-{self.managed.external_id}", "")
            ]
        except AwsError as error:
            return found(name, Outcome.NOT_PROVED, error.message, PROVE_THERE)
        if wrong == [False, False]:
            sentence = f"The trust policy of {self.role_arn} requires it."
            return found(name, Outcome.EVALUATED, sentence, PROVE_THERE)
        return found(
            name,
            Outcome.FAILED,
            f"The trust policy of {self.role_arn} does not require the external ID.",
            "Plan again and approve the trust policy with the external ID.",
        )

    @property
    def asked_with(self) -> tuple[str, str]:
        return self.chain.managing.identity_arn, self.managed.external_id

    def trust(self) -> Policy:
        asker = Asker.entering(self.chain.sessions, self.reach)
        doing = f"read the trust policy of role {self.role}"
        answer = asker.ask("iam", "get_role", doing, RoleName=self.role)
        return Policy.of(answer["Role"]["AssumeRolePolicyDocument"])

    def trust_gap(self) -> Iterator[tuple[str, str]]:
        """Say what is missing on the managed side, with what mends it."""
        identity, external_id = self.asked_with
        account = self.managed.account_id
        asker = Asker.entering(self.chain.sessions, self.reach)
        doing = f"read role {self.role}"
        answer = asker.find("iam", "get_role", doing, RoleName=self.role)
        if answer is None:
            yield (
                f"There is no role {self.role} in account {account}.",
                "Plan again and approve it.",
            )
            return
        if answer["Role"]["Arn"] != self.role_arn:
            yield (
                f"The role {self.role} in account {account} stands at another path: "
                f"{answer['Role']['Arn']}.",
                f"Spinnaker asks for {self.role_arn}: delete that role or choose "
                "another name for the managed role; then plan again.",
            )
        trust = Policy.of(answer["Role"]["AssumeRolePolicyDocument"])
        if admits(trust, identity, external_id) is False:
            wanted = " with the account's external ID" if external_id else ""
            yield (
                f"The trust policy of role {self.role} in account {account} does not "
                f"let {identity} in{wanted}.",
                f"Allow sts:AssumeRole to {identity} in the trust policy of "
                f"{self.role_arn}{wanted}, or let Bowline make it: plan again.",
            )

    def identity_gap(self) -> Iterator[tuple[str, str]]:
        """Say what is missing on the managing side, with what mends it."""
        managing = self.chain.managing
        asker = Asker.entering(self.chain.sessions, self.chain.identity_reach)
        allowed = simulate(
            asker,
            managing.identity_arn,
            ["sts:AssumeRole"],
            resource=self.role_arn,
            organization=managing.organization,
        )
        if not allowed:
            yield (
                f"The policies of {managing.identity_arn} do not allow sts:AssumeRole "
                f"on {self.role_arn}.",
                "Plan again: Bowline keeps the managing account's AssumeRole policy in "
                "step with the accounts.",
            )

    def locate_refusal(self) -> list[tuple[str, str]]:
        """Say which side refuses, as far as Bowline may read both."""
        gaps: list[tuple[str, str]] = []
        for side in (self.trust_gap, self.identity_gap):
            try:
                gaps += side()
            except AwsError:
                continue  # what cannot be read explains nothing
        return gaps[:1]


def found(name: str, outcome: Outcome, sentence: str, fix: str = "") -> Result:
    return Result(CHAIN, name, outcome, sentence, fix)


def is_user(arn: str) -> bool:
    return arn.rsplit(":", 1)[1].startswith("user/")


def worth_repeating(error: AwsError) -> bool:
    """Tell whether a role of a moment ago may explain it; an explicit deny stays."""
    return error.retryable or (error.denied and "explicit deny" not in error.message)
