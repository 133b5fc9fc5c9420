"""The delivery plan: what is sent to Spinnaker, in order, and what is left alone. Pure.

ECS accounts are deleted first and saved last; one whose AWS account changes is deleted
and made again, because Clouddriver would not notice the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from hashlib import sha256

from onboarding.delivery.bodies import Body, problems
from onboarding.delivery.releases import Release, refusal, warnings
from onboarding.delivery.verdicts import (
    FoundAccounts,
    Left,
    Owned,
    Step,
    StepKey,
    Verb,
    Why,
    removal,
    saving,
)

DELETED_IN_ORDER = ("ecs", "aws", "kubernetes")
SAVED_IN_ORDER = ("aws", "kubernetes", "ecs")


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """What a delivery does, in order, and what it leaves as it is."""

    steps: tuple[Step, ...] = ()
    unchanged: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    leaving: tuple[str, ...] = ()
    """Deleted by Bowline, and still loaded."""
    gone: tuple[str, ...] = ()
    """Bowline's own that Spinnaker neither stores nor has loaded: to be forgotten."""
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Verb, int]:
        """Count accounts, not steps: one that is made again is changed."""
        renewed = {step.name for step in self.steps if step.renews}
        verbs = [
            Verb.CHANGE if step.renews and step.verb is Verb.REMOVE else step.verb
            for step in self.steps
            if step.renews or step.name not in renewed
        ]
        return {verb: verbs.count(verb) for verb in Verb}

    @property
    def fingerprint(self) -> str:
        """Name what a person approves."""
        text = "\n".join(repr(tuple(step.key)) for step in self.steps)
        return sha256(text.encode()).hexdigest()

    def unapproved(self, approved: Set[StepKey]) -> tuple[Step, ...]:
        """List the steps that nobody approved; a delivery half done has fewer."""
        deletions = {key.name for key in approved if not key.after}
        return tuple(
            step
            for step in self.steps
            if step.key not in approved
            and (step.body or step.before or step.name not in deletions)
        )


def delivery_plan(
    wanted: Iterable[Body],
    found: FoundAccounts,
    owned: Mapping[str, Owned],
    *,
    agreed: Set[str] = frozenset(),
    release: Release | None = None,
) -> DeliveryPlan:
    """Compare; `agreed` are the names that a person lets Bowline take or overwrite."""
    wanted = tuple(wanted)
    bodies = {body.name: body for body in wanted}
    invalid = dict(problems(wanted))
    verdicts: dict[str, Step | Left | None] = {
        name: held(body, invalid.get(name, ""), release)
        or saving(body, found, owned.get(name), agreed)
        for name, body in bodies.items()
    }
    verdicts |= {
        name: removal(own, found, agreed)
        for name, own in owned.items()
        if name not in bodies
    }
    verdicts |= dict(without_aws_account(bodies, verdicts))
    steps = [one for one in verdicts.values() if isinstance(one, Step)]
    saved = {step.name: step for step in steps if step.body}
    deleted = {step.name: step for step in steps if not step.body}
    for deletion, save in renewals(bodies, found, saved, verdicts):
        deleted[deletion.name], saved[save.name] = deletion, save
    used = still_used(found, deleted)
    deleted = {name: step for name, step in deleted.items() if name not in used}
    left = {
        name: one for name, one in (verdicts | used).items() if isinstance(one, Left)
    }
    leaving = {
        name: own
        for name, own in owned.items()
        if own.leaving and name not in found.stored and name in found.loaded
    }
    types = {step.type for step in saved.values()}
    return DeliveryPlan(
        steps=in_order(deleted, saved, bodies, found, leaving),
        unchanged=tuple(
            name for name in bodies if name not in left and name not in saved
        ),
        left=(*left.values(), *others(found, {*bodies, *owned})),
        leaving=tuple(leaving),
        gone=tuple(
            name
            for name, own in owned.items()
            if own.deleted and name not in bodies and not found.has(name)
        ),
        warnings=(
            *(warnings(types, release) if release else ()),
            *stale(bodies, found, saved, deleted),
        ),
    )


def without_aws_account(
    bodies: Mapping[str, Body], verdicts: Mapping[str, Step | Left | None]
) -> Iterator[tuple[str, Left]]:
    """Hold back each ECS account whose AWS account is not delivered with it."""
    for name, body in bodies.items():
        if body.type == "ecs" and isinstance(verdicts[name], Step):
            aws = body.aws_account
            if aws not in bodies or isinstance(verdicts[aws], Left):
                detail = f"It is {aws}."
                yield name, Left(name, "ecs", Why.WITHOUT_AWS_ACCOUNT, detail)


def held(body: Body, problem: str, release: Release | None) -> Left | None:
    """Hold back what is invalid, and what this release would never load."""
    if problem:
        return Left(body.name, body.type, Why.INVALID, problem)
    if release and (unsupported := refusal(body.type, release)):
        return Left(body.name, body.type, Why.UNSUPPORTED, unsupported)
    return None


def renewals(
    bodies: Mapping[str, Body],
    found: FoundAccounts,
    saved: Mapping[str, Step],
    verdicts: Mapping[str, Step | Left | None],
) -> Iterator[tuple[Step, Step]]:
    """Yield what deletes and what makes again each ECS account that must be."""
    for name, body in bodies.items():
        stored, step = found.stored.get(name), saved.get(name)
        if body.type != "ecs" or stored is None or isinstance(verdicts[name], Left):
            continue
        differs = step and (step.differing or step.verb is Verb.CHANGE)
        if not differs and body.aws_account not in saved:
            continue
        taken = step and step.verb is Verb.TAKE_OVER
        deletion = Step(
            Verb.TAKE_OVER if taken else Verb.REMOVE,
            "ecs",
            name,
            before=stored.digest,
            differing=step.differing if step else (),
            renews=True,
        )
        yield deletion, Step(Verb.ADD, "ecs", name, body)


def still_used(found: FoundAccounts, deleted: Mapping[str, Step]) -> dict[str, Left]:
    """Hold back the deletion of each AWS account that an ECS account still uses."""
    return {
        one.aws_account: Left(one.aws_account, "aws", Why.STILL_USED, f"It is {name}.")
        for name, one in found.stored.items()
        if one.type == "ecs" and name not in deleted and one.aws_account in deleted
    }


def in_order(
    deleted: Mapping[str, Step],
    saved: Mapping[str, Step],
    bodies: Mapping[str, Body],
    found: FoundAccounts,
    leaving: Mapping[str, Owned],
) -> tuple[Step, ...]:
    """Put the steps in order, each with what it must wait for."""
    unloading = [name for name, own in leaving.items() if own.type == "ecs"]
    going = [name for name, step in deleted.items() if step.type == "ecs"]

    def deletion(step: Step) -> Step:
        if step.type != "aws":
            return step
        using = (
            one
            for one in going
            if one in found.stored and found.stored[one].aws_account == step.name
        )
        return replace(step, after_gone=(*using, *unloading))

    def save(step: Step) -> Step:
        name = step.name
        if step.type == "aws":
            using = (
                one
                for one in (*going, *unloading)
                if (one in bodies and bodies[one].aws_account == name)
                or (one in found.stored and found.stored[one].aws_account == name)
            )
            return replace(step, after_gone=tuple(using))
        if step.type == "ecs":
            again = (name,) if name in going or name in unloading else ()
            return replace(
                step, after_gone=again, after_loaded=(bodies[name].aws_account,)
            )
        return step

    return (
        *(deletion(step) for step in by_type(deleted, DELETED_IN_ORDER)),
        *(save(step) for step in by_type(saved, SAVED_IN_ORDER)),
    )


def by_type(steps: Mapping[str, Step], types: Iterable[str]) -> Iterator[Step]:
    for type_ in types:
        yield from (step for step in steps.values() if step.type == type_)


def others(found: FoundAccounts, known: Set[str]) -> Iterator[Left]:
    """Name the accounts that Bowline has nothing to do with."""
    for name, one in found.stored.items():
        if name not in known:
            yield Left(name, one.type, Why.FOREIGN)
    for name, type_ in found.loaded.items():
        if name not in known and name not in found.stored:
            yield Left(name, type_, Why.FROM_A_FILE)


def stale(
    bodies: Mapping[str, Body],
    found: FoundAccounts,
    saved: Mapping[str, Step],
    deleted: Mapping[str, Step],
) -> Iterator[str]:
    """Warn of ECS accounts that keep what their AWS account was."""
    uses = {name: one.aws_account for name, one in found.stored.items()} | {
        name: body.aws_account
        for name, body in bodies.items()
        if name in found.loaded and name not in found.stored
    }
    for name, aws in uses.items():
        step = saved.get(aws)
        if aws and step and step.verb is not Verb.ADD and name not in deleted:
            yield (
                f"The ECS account {name} keeps the former values of {aws} until it is "
                "deleted and made again, or until Clouddriver restarts."
            )
