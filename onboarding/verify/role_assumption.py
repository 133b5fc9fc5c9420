"""Assume the managed role as Spinnaker does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from onboarding.aws.client import AccountClient, iam_action, parsed
from onboarding.aws.errors import AwsError
from onboarding.aws.organization import organization_id
from onboarding.aws.session import Credentials
from onboarding.checks import Check, Outcome
from onboarding.desired.managed import managed_role
from onboarding.partitions import Arn
from onboarding.resources.kinds import MANAGED_PATH, Key, Role
from onboarding.resources.policy import Policy
from onboarding.topology import Managed, Managing, Reach
from onboarding.verify.chain import (
    VERIFY_THERE,
    Chain,
    called_as_spinnaker,
    chain_result,
    create_role,
    worth_repeating,
)
from onboarding.verify.conditions import REGION, RESOURCE_ACCOUNT
from onboarding.verify.conditions import RESOURCE_ORGANIZATION as OF_RESOURCE
from onboarding.verify.denial import Holder, higher_up, named_by_aws
from onboarding.verify.policy_evaluation import RequestContext
from onboarding.verify.result import (
    COMPARED,
    Cause,
    Located,
    Result,
    deploy_again,
    line_of,
    printed_document,
    unsettled,
)
from onboarding.verify.simulation.simulator import (
    Question,
    SimulatedCall,
    simulate,
)
from onboarding.verify.trust import AssumeRequest, Trust, admits

SESSION_POLICY_LIMIT = 2048
"""Characters that AWS takes, and packs; https://docs.aws.amazon.com/IAM quotas."""
READ_VERBS = ("Describe", "Get", "List")


def managed_session_policy(checks: Iterable[Check]) -> str:
    """Write the session policy of these checks; wider where it grows too large."""
    actions = sorted({iam_action(c.call.service, c.call.operation) for c in checks})
    if not actions:
        return ""
    exact = allowing(actions)
    if len(exact) <= SESSION_POLICY_LIMIT:
        return exact
    services = sorted({action.split(":")[0] for action in actions})
    return allowing([f"{s}:{verb}*" for s in services for verb in READ_VERBS])


def identity_session_policy(
    managing: Managing, checks: Iterable[Check], managed: Managed | None = None
) -> str:
    """Write the session policy of the identity: the next step, and its own reads. It is
    the same for all accounts whose managed role has the usual name.
    """
    roles = [managing.managed_role_arn("*")]
    if managed and managed.managed_role:
        roles.append(managing.role_of(managed).arn)
    actions = sorted({iam_action(c.call.service, c.call.operation) for c in checks})
    reads = [{"Action": actions, "Resource": "*"}] if actions else []
    return Policy.allowing(
        *reads,
        {"Action": "sts:AssumeRole", "Resource": roles},
    ).text


def allowing(actions: list[str]) -> str:
    return Policy.allowing({"Action": actions, "Resource": "*"}).text


ASSUME = "Assume the managed role"
"""The check that opens the account."""


def to_managed(
    chain: Chain, managed: Managed, reach: Reach, session_policy: str
) -> Iterator[Result]:
    """Continue to the managed role, by calls or by reading both sides' policies."""
    step = ManagedStep(chain, managed, reach, session_policy)
    if chain.as_identity is None:
        yield chain.timed(step.evaluate)
        if managed.external_id:
            yield chain.timed(step.evaluate_external_id)
        return
    yield chain.timed(lambda: step.assume(chain.as_identity))
    if chain.as_managed is None:
        return
    as_managed = chain.as_managed
    yield chain.timed(lambda: step.account(as_managed))
    if managed.external_id:
        wrong, theirs = f"not-{managed.external_id}", step.trust_of_before()
        yield chain.timed(lambda: step.refusal("A wrong external ID", wrong, theirs))
        yield chain.timed(lambda: step.refusal("A missing external ID", "", theirs))


@dataclass(frozen=True, slots=True)
class ManagedStep:
    """The last step of the chain, into one managed account."""

    chain: Chain
    managed: Managed
    reach: Reach
    session_policy: str = ""
    """The session policy of the managed role; empty: all that it may do."""

    @property
    def role_arn(self) -> str:
        return self.chain.managing.role_of(self.managed).arn

    @property
    def role(self) -> str:
        return self.chain.managing.role_of(self.managed).name

    def assume(self, source: Credentials | None) -> Result:
        """Assume the managed role exactly as Clouddriver does."""
        name = ASSUME
        sessions, external_id = self.chain.sessions, self.managed.external_id
        causes: list[Cause] = []

        def again(error: AwsError) -> bool:
            causes[:] = self.likely_causes() if error.denied else []
            return worth_repeating(error) and not any(c.certain for c in causes)

        try:
            self.chain.as_managed = self.chain.backoff.until_done(
                lambda: sessions.assume(
                    self.role_arn,
                    session_name=self.managed.session_name,
                    external_id=external_id,
                    source=source,
                    policy=self.session_policy,
                    again=True,
                ),
                f"it doesn't allow Spinnaker's identity to assume {self.role_arn} yet",
                again=again,
            )
        except AwsError as error:
            if not error.denied:
                return chain_result(name, Outcome.FAILED, error.message, error.hint)
            unexplained = self.unexplained
            if named := named_by_aws(error, self.chain.holder()):
                unexplained = named
                causes = [one for one in causes if one.located is named.located]
            causes = sorted(causes, key=lambda cause: not cause.certain)
            return chain_result(
                name,
                Outcome.FAILED,
                f"Spinnaker's identity {self.chain.managing.identity_arn} could not "
                f"assume {self.role_arn}: AWS refused it.",
            ).because(next(iter(causes), unexplained))
        ending = " and the account's external ID" if external_id else ""
        return called_as_spinnaker(
            name,
            f"Spinnaker's identity assumed {self.role_arn} with the session name "
            f"{self.managed.session_name}{ending}.",
        )

    @property
    def remedy(self) -> str:
        """Say how the managed role becomes what it should be."""
        if self.reach.writes:
            return "Plan again and approve it."
        return deploy_again(self.managed.account_id)

    @property
    def unexplained(self) -> Cause:
        """Say what may refuse where all that Bowline can read allows it."""
        if self.reach.writes:
            caller = self.chain.managing.account_id
            return higher_up("sts:AssumeRole", caller, self.managed.account_id)
        return Cause(
            Located.OWNER,
            "The role doesn't exist, or its trust isn't this one.",
            f"{self.remedy} Change nothing in the template.",
            certain=False,
        )

    def account(self, as_managed: Credentials) -> Result:
        """Say where the role leads. STS named the session when it opened it, which is
        what GetCallerIdentity would answer; that it works, the reads prove.
        """
        name = f"The role is in account {self.managed.account_id}"
        account = Arn.of(as_managed.arn).account
        sentence = f"AWS says: {as_managed.arn} in account {account}."
        if account != self.managed.account_id:
            fix = "Correct the account ID, then plan again."
            return chain_result(name, Outcome.FAILED, sentence, fix)
        return called_as_spinnaker(name, sentence)

    def refusal(self, what: str, external_id: str, theirs: Policy | None) -> Result:
        """Prove that the role is closed to whoever does not know the external ID;
        `theirs`: the trust policy of a role of before Bowline.
        """
        name, sessions = f"{what} is denied", self.chain.sessions
        if theirs and admits(theirs, replace(self.request, external_id=external_id)):
            return self.not_required(name)
        assume = partial(
            sessions.assume,
            self.role_arn,
            session_name=self.managed.session_name,
            external_id=external_id,
            source=self.chain.as_identity,
            again=True,
        )
        while True:
            try:
                sessions.patiently(assume)
            except AwsError as error:
                self.chain.backoff.over()
                if error.denied:
                    return called_as_spinnaker(name, "AWS denied it, as expected.")
                return chain_result(name, Outcome.FAILED, error.message, error.hint)
            if not self.chain.backoff.wait("the external ID isn't yet required"):
                break
        self.chain.backoff.over()
        if self.managed.adopts:
            return self.not_required(name)
        return chain_result(
            name,
            Outcome.FAILED,
            f"{what} opened {self.role_arn}: its trust policy doesn't require the "
            "account's external ID.",
            self.remedy,
        )

    def evaluate(self) -> Result:
        """Read from both sides' policies whether the role can be assumed."""
        name = ASSUME
        try:
            causes = [c for side in self.sides for c in side()]
        except AwsError as error:
            return chain_result(
                name,
                Outcome.NOT_TESTABLE,
                f"The policies could not be read: {error.message}",
                f"{error.hint} {VERIFY_THERE}",
            )
        for cause in sorted(causes, key=lambda cause: not cause.certain):
            if cause.certain:
                return chain_result(name, Outcome.FAILED, "").because(cause)
            unsure = chain_result(name, Outcome.NOT_TESTABLE, "").because(cause)
            return replace(unsure, fix=f"{cause.fix} {VERIFY_THERE}")
        return chain_result(
            name,
            Outcome.EVALUATED,
            f"The policies of {self.chain.managing.identity_arn} allow sts:AssumeRole "
            f"on {self.role_arn}, whose trust policy names it.",
            VERIFY_THERE,
        )

    def evaluate_external_id(self) -> Result:
        name = "The external ID is required"
        try:
            trust = self.existing_trust()
            wrong = [
                admits(trust, replace(self.request, external_id=external_id))
                for external_id in (f"not-{self.managed.external_id}", "")
            ]
        except AwsError as error:
            return chain_result(name, Outcome.NOT_TESTABLE, error.message, VERIFY_THERE)
        if wrong == [False, False]:
            sentence = f"The trust policy of {self.role_arn} requires it."
            return chain_result(name, Outcome.EVALUATED, sentence, VERIFY_THERE)
        if self.managed.adopts:
            return self.not_required(name)
        return chain_result(
            name,
            Outcome.FAILED,
            f"The trust policy of {self.role_arn} doesn't require the external ID.",
            self.remedy,
        )

    def trust_of_before(self) -> Policy | None:
        """Read the trust policy of a role that was kept; None: the account keeps no
        role, or Bowline may not read it.
        """
        if not self.managed.adopts:
            return None
        try:
            return self.existing_trust()
        except AwsError:
            return None

    def not_required(self, name: str) -> Result:
        """Say that a role of before Bowline doesn't ask for it, which fails nothing:
        the role is as closed as it was.
        """
        return Result(
            COMPARED,
            name,
            Outcome.NOT_TESTABLE,
            f"{self.role_arn} existed before Bowline, and its trust policy doesn't "
            "require an external ID.",
            "When Spinnaker sends the external ID, replace the trust policy on the "
            "account's page, under Existing roles.",
        )

    @property
    def request(self) -> AssumeRequest:
        return AssumeRequest(
            self.chain.managing.identity_arn,
            self.managed.external_id,
            self.chain.organization,
            self.managed.session_name,
        )

    def entered_organization(self) -> str | None:
        """Return the organization of the account that is entered, where that decides;
        empty where it belongs to none, and None where it may not be read.
        """
        if not self.chain.managing.organization:
            return None
        return organization_id(self.chain.sessions, self.reach)

    def holder(self) -> Holder:
        """Return the managed role as what it may do is read."""
        client = AccountClient.of(self.chain.sessions, self.reach)
        return Holder(client, self.role_arn, MANAGED_PATH, writes=self.reach.writes)

    def existing_trust(self) -> Policy:
        client = AccountClient.of(self.chain.sessions, self.reach)
        doing = f"read the trust policy of role {self.role}"
        answer = client.call(client.iam.get_role, doing, RoleName=self.role)
        return Policy.of(parsed(answer["Role"]["AssumeRolePolicyDocument"]))

    @property
    def sides(self) -> tuple[Callable[[], Iterator[Cause]], ...]:
        """Return what to read, in the order in which AWS is asked."""
        return self.identity_causes, self.trust_causes

    def likely_causes(self) -> list[Cause]:
        """Say what refuses, as far as Bowline may read both sides."""
        causes: list[Cause] = []
        for side in self.sides:
            try:
                causes += side()
            except AwsError:
                continue  # what cannot be read explains nothing
        return causes

    def identity_causes(self) -> Iterator[Cause]:
        """Say what is missing on the managing side, except the identity itself."""
        holder = self.chain.holder()
        if holder.description is None:
            return
        known = self.entered_organization()
        caller = holder.caller(organization=self.chain.organization)
        sent = {
            (REGION, self.chain.sessions.region_of("sts")),
            (RESOURCE_ACCOUNT, self.managed.account_id),
        }
        if known:
            sent.add((OF_RESOURCE, known))
        question = Question(
            SimulatedCall("sts:AssumeRole", self.role_arn), frozenset(sent)
        )
        verdict = simulate(holder.client, caller, [question])[question]
        if isinstance(verdict, AwsError):
            raise verdict
        read = {**caller.known, **{key.lower(): value for key, value in sent}}
        if known is not None:
            read[OF_RESOURCE.lower()] = known or None
        cause = holder.cause(RequestContext("sts:AssumeRole", self.role_arn, read))
        # Only IAM sees a user's groups: it knows better what allows something.
        unseen = verdict.allowed and cause.located in (
            Located.OUR_POLICY,
            Located.CONDITION,
        )
        if cause.located is not Located.HIGHER_UP and not unseen:
            yield cause

    def trust_causes(self) -> Iterator[Cause]:
        """Say what is wrong with the role to be assumed; of one that was written a
        moment ago nothing is certain.
        """
        key = Key(self.managed.account_id, Role.kind, self.role)
        is_young = self.chain.sessions.handed_on.is_young(key)
        for cause in self.wrong_with_role():
            yield unsettled(cause, self.holder().title) if is_young else cause

    def wrong_with_role(self) -> Iterator[Cause]:
        role, wanted = self.holder(), managed_role(self.chain.managing, self.managed)
        described = role.description
        if described is None:
            yield Cause(
                Located.ABSENT,
                f"There is no {role.title}.",
                self.remedy,
                change=create_role(wanted),
            )
            return
        if described["Arn"] != self.role_arn:
            shown = {name: described[name] for name in ("RoleName", "Path", "Arn")}
            yield Cause(
                Located.ABSENT,
                f"The {role.title} exists at another path: {described['Arn']}.",
                f"Spinnaker asks for {self.role_arn}: enter the path in the account's "
                "managed role"
                + ("" if self.managed.adopts else ", delete that role")
                + ", or choose another name; then plan again.",
                document=printed_document(shown),
                line=line_of(shown, ("Path",)),
            )
            return
        existing = Policy.of(described["AssumeRolePolicyDocument"])
        adopted = self.managed.adopts
        trust = Trust(self.role_arn, existing, wanted.trust, adopted)
        if cause := trust.cause(self.request):
            yield cause if self.reach.writes else replace(cause, fix=self.remedy)
