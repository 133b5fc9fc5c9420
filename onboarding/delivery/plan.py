"""The delivery plan: what is sent to Spinnaker, in order, and what is left alone. Pure.

What Spinnaker has is updated in place. An ECS account takes what its AWS account is
when it is loaded, and Clouddriver doesn't load it again where only that changed: once
the AWS account is loaded as wanted, it is deleted, and stored again. Nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from hashlib import sha256

from onboarding.delivery.bodies import Body, noticed, problems
from onboarding.delivery.loading import loaded_otherwise
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
        verbs = [step.verb for step in self.steps]
        return {verb: verbs.count(verb) for verb in Verb}

    @property
    def fingerprint(self) -> str:
        """Name what a person approves."""
        text = "\n".join(
            repr((*step.key, "again") if step.renews else tuple(step.key))
            for step in self.steps
        )
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
    bodies = {body.name: changing(body, found) for body in wanted}
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
    verdicts |= dict(without_aws_account(bodies, verdicts, found, owned))
    verdicts |= dict(renewals(bodies, found, verdicts))
    steps = [one for one in verdicts.values() if isinstance(one, Step)]
    saved = {step.name: step for step in steps if step.body}
    deleted = {step.name: step for step in steps if not step.body}
    used = still_used(found, saved, deleted)
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
        steps=in_order(deleted, saved, bodies, found, owned, leaving),
        unchanged=tuple(
            name
            for name in bodies
            if name not in saved and (name not in left or is_equal(left[name]))
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


def changing(body: Body, found: FoundAccounts) -> Body:
    """Return the body as it is sent to the account that Spinnaker stores."""
    stored, loaded = found.stored.get(body.name), found.loaded.get(body.name)
    if stored is None or stored.type != body.type:
        return body
    return body.changing(stored.fields, loaded.fields if loaded else None)


def is_equal(verdict: Step | Left | None) -> bool:
    """Return whether Spinnaker has it as wanted, and it is somebody else's."""
    return isinstance(verdict, Left) and verdict.why is Why.EQUAL


def without_aws_account(
    bodies: Mapping[str, Body],
    verdicts: Mapping[str, Step | Left | None],
    found: FoundAccounts,
    owned: Mapping[str, Owned],
) -> Iterator[tuple[str, Left]]:
    """Hold back each ECS account whose AWS account is neither delivered with it nor
    loaded as wanted.
    """
    for name, body in bodies.items():
        step, aws = verdicts[name], body.aws_account
        if body.type != "ecs" or not isinstance(step, Step) or step.equal:
            continue
        verdict = verdicts.get(aws)
        is_left = isinstance(verdict, Left)
        if is_equal(verdict):
            is_left = aws not in found.loaded
        if aws not in bodies or is_left:
            yield name, Left(name, "ecs", Why.WITHOUT_AWS_ACCOUNT, f"It is {aws}.")


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
    verdicts: Mapping[str, Step | Left | None],
) -> Iterator[tuple[str, Step]]:
    """Yield each ECS account that Clouddriver would not load again as it is wanted: it
    compares the names of the account and of its AWS account only.
    """
    for name, body in bodies.items():
        stored, verdict = found.stored.get(name), verdicts[name]
        if body.type != "ecs" or stored is None or isinstance(verdict, Left):
            continue
        aws, loaded = bodies.get(body.aws_account), found.loaded.get(name)
        is_outdated = (
            aws is not None
            and not isinstance(verdicts[aws.name], Left)
            and loaded is not None
            and loaded.type == "ecs"
            and bool(loaded_otherwise(body, loaded.shown, aws.document))
        )
        if is_outdated or (verdict and verdict.differing):
            plain = verdict or Step(Verb.CHANGE, "ecs", name, body, stored.digest)
            yield name, replace(plain, equal=False, renews=True)


def still_used(
    found: FoundAccounts, saved: Mapping[str, Step], deleted: Mapping[str, Step]
) -> dict[str, Left]:
    """Hold back the deletion of each AWS account that an ECS account still uses."""
    gone = {*deleted, *moving(found, saved)}
    users = {
        name: one.aws_account
        for name, one in found.stored.items()
        if one.type == "ecs" and name not in gone
    }
    return {
        aws: Left(aws, "aws", Why.STILL_USED, f"It is {name}.")
        for name, aws in users.items()
        if aws in deleted
    }


def moving(found: FoundAccounts, saved: Mapping[str, Step]) -> dict[str, str]:
    """Return the ECS accounts that get another AWS account, each with its former."""
    return {
        name: found.stored[name].aws_account
        for name, step in saved.items()
        if step.body
        and step.type == "ecs"
        and name in found.stored
        and found.stored[name].aws_account != step.body.aws_account
    }


def in_order(
    deleted: Mapping[str, Step],
    saved: Mapping[str, Step],
    bodies: Mapping[str, Body],
    found: FoundAccounts,
    owned: Mapping[str, Owned],
    leaving: Mapping[str, Owned],
) -> tuple[Step, ...]:
    """Put the steps in order, each with what it must wait for."""
    unloading = [name for name, own in leaving.items() if own.type == "ecs"]
    going = [name for name, step in deleted.items() if step.type == "ecs"]
    former = moving(found, saved)

    def deletion(step: Step) -> Step:
        if step.type != "aws":
            return step
        using = (
            one
            for one in going
            if one in found.stored and found.stored[one].aws_account == step.name
        )
        moved = (name for name, aws in former.items() if aws == step.name)
        return replace(step, after_gone=(*using, *unloading), after_loaded=tuple(moved))

    def save(step: Step) -> Step:
        if step.type != "ecs" or step.equal:
            return step
        name, aws = step.name, bodies[step.name].aws_account
        is_bowlines = aws in saved or aws in owned
        return replace(
            step,
            after_gone=(name,) if step.renews or name in unloading else (),
            # What is somebody else's, and equal, is loaded already.
            after_loaded=(aws,) if is_bowlines else (),
        )

    deletions = [deletion(step) for step in by_type(deleted, DELETED_IN_ORDER)]
    return (
        *(step for step in deletions if not step.after_loaded),
        *(save(step) for step in by_type(saved, SAVED_IN_ORDER)),
        *(step for step in deletions if step.after_loaded),
    )


def by_type(steps: Mapping[str, Step], types: Iterable[str]) -> Iterator[Step]:
    for type_ in types:
        yield from (step for step in steps.values() if step.type == type_)


def others(found: FoundAccounts, known: Set[str]) -> Iterator[Left]:
    """Name the accounts that Bowline has nothing to do with."""
    for name, one in found.stored.items():
        if name not in known:
            yield Left(name, one.type, Why.FOREIGN)
    for name, loaded in found.loaded.items():
        if name not in known and name not in found.stored:
            yield Left(name, loaded.type, Why.FROM_A_FILE)


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
        step, own = saved.get(aws), saved.get(name)
        is_renewed = name in deleted or (own is not None and own.renews)
        if step and not is_renewed and is_loaded_again(step, found):
            yield (
                f"The ECS account {name} keeps the former values of {aws} until it is "
                "deleted and made again, or until Clouddriver restarts."
            )


def is_loaded_again(step: Step, found: FoundAccounts) -> bool:
    """Return whether Clouddriver, which has the account, loads what is stored now."""
    stored = found.stored.get(step.name)
    if step.body is None or stored is None:
        return step.verb is not Verb.ADD
    fields = stored.fields, step.body.fields
    return not step.equal and bool(noticed(step.type, step.name, *fields))
