"""The states of accounts, runs and what is in them: a word, a colour, and the
sentences that pages show.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial, reduce
from operator import or_
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Aggregate, Case, Count, Q, QuerySet, When
from django.utils import timezone

from accounts.wording import counted

logger = logging.getLogger(__name__)

M = TypeVar("M", bound=models.Model)


class State(models.TextChoices):
    """The state of a managed account, and of the managing one."""

    DRAFT = "draft"
    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    """Of the managing account only: it was changed by an account's run."""
    HANDED_OFF = "handed off"
    """Of a managed account whose owner creates the roles."""
    VERIFIED = "verified"
    EVALUATED = "evaluated"
    FAILED = "failed"
    DRIFTED = "drifted"
    OUTDATED = "outdated"


PASSING = (State.PLANNED, State.APPLYING)
"""States that a run gives and takes away again."""


class Status(models.TextChoices):
    """How far a run has come."""

    PLANNING = "planning"
    PLANNED = "planned"
    APPROVED = "approved"
    """Of a run in a rollout: it starts when its wave does."""
    APPLYING = "applying"
    HANDED_OFF = "handed off"
    """Bowline has done its part, and looks now and then whether the owner has."""
    VERIFYING = "verifying"
    VERIFIED = "verified"
    EVALUATED = "evaluated"
    REMOVED = "removed"
    FAILED = "failed"
    ERRORED = "errored"
    """Bowline itself failed: a bug, with its traceback kept on the run."""
    OUTDATED = "outdated"
    DISCARDED = "discarded"


WORKING = (Status.PLANNING, Status.APPLYING, Status.VERIFYING)
"""A worker is or should be busy with it; pages poll, and the sweep restarts it."""

OPEN = (*WORKING, Status.PLANNED, Status.APPROVED, Status.HANDED_OFF)

FAILURES = (Status.FAILED, Status.ERRORED)
"""It ended in an error, of AWS or of Bowline itself."""

UNSUCCESSFUL = (*FAILURES, Status.OUTDATED)
"""It ended early; `error` says why."""


class Badge(NamedTuple):
    colour: str
    """One of the state colours of tokens.css: neutral, busy, good, warn, bad."""
    icon: str
    meaning: str
    word: str = ""
    """What people read, where it is not the state's own value: one of few words."""
    why: str = ""
    """The second word: who must act, or why."""


BADGES = {
    "taken": Badge("good", "check", "Bowline has the same values."),
    "left": Badge("neutral", "minus", "The account stays as it is in Spinnaker."),
    "draft": Badge("neutral", "file", "Not planned yet."),
    "planning": Badge(
        "busy",
        "again",
        "Bowline is comparing the settings with AWS.",
        "in progress",
        "planning",
    ),
    "planned": Badge(
        "busy",
        "list",
        "Needs approval. Nothing has changed in AWS.",
        "in progress",
        "needs approval",
    ),
    "approved": Badge(
        "busy", "check", "Approved. Starts with its wave.", "in progress", "approved"
    ),
    "applying": Badge(
        "busy", "again", "Bowline is changing AWS.", "in progress", "applying"
    ),
    "applied": Badge(
        "busy",
        "clock",
        "Changed in AWS, but not verified yet.",
        "in progress",
        "not verified",
    ),
    "handed off": Badge(
        "neutral",
        "clock",
        "Waiting for the account owner. Bowline checks automatically.",
        "in progress",
        "waiting for owner",
    ),
    "verifying": Badge(
        "busy",
        "again",
        "Bowline is checking that Spinnaker has access.",
        "in progress",
        "verifying",
    ),
    "verified": Badge(
        "good", "check", "Bowline assumed the roles that Spinnaker assumes."
    ),
    "verified, some regions": Badge(
        "warn",
        "warning",
        "Bowline assumed the roles, but Spinnaker can't deploy in every Region.",
        "verified in part",
        "some Regions",
    ),
    "verified, writes unknown": Badge(
        "warn",
        "question",
        (
            "Bowline assumed the roles, but couldn't determine whether all writes "
            "are allowed."
        ),
        "verified in part",
        "writes unknown",
    ),
    "verified, stale": Badge(
        "warn",
        "clock",
        "The verification is out of date. Verify again.",
        "outdated",
        "verify again",
    ),
    "evaluated": Badge(
        "neutral", "tilde", "Bowline read the policies but didn't assume the roles."
    ),
    "evaluated, stale": Badge(
        "warn",
        "clock",
        "The evaluation is out of date. Verify again.",
        "outdated",
        "verify again",
    ),
    "removed": Badge("neutral", "minus", "Bowline's resources were deleted from AWS."),
    "failed": Badge("bad", "cross", "Something must be fixed. See the run."),
    "errored": Badge(
        "bad",
        "cross",
        "Bowline encountered an internal error. See the run.",
        "failed",
        "internal error",
    ),
    "drifted": Badge("warn", "drift", "AWS no longer matches the verified state."),
    "not as approved": Badge(
        "bad",
        "cross",
        "Roles allow what no one approved.",
        "failed",
        "not as approved",
    ),
    "outdated": Badge(
        "neutral",
        "pencil",
        "Edited after it was planned. Plan again.",
        "outdated",
        "plan again",
    ),
    "discarded": Badge("neutral", "minus", "Discarded. Nothing changed in AWS."),
    # Rollouts
    "paused": Badge(
        "warn", "clock", "No more accounts start until the rollout is resumed."
    ),
    "stopped": Badge(
        "neutral", "minus", "Stopped. The remaining accounts were discarded."
    ),
    "finished": Badge("good", "check", "Bowline's work on every account is complete."),
    # Steps and changes
    "pending": Badge("neutral", "clock", "Not started yet."),
    "not begun": Badge("neutral", "minus", "The run ended before this step."),
    "running": Badge("busy", "again", "In progress.", "in progress"),
    "done": Badge("good", "check", "Done."),
    "create": Badge("good", "plus", "Doesn't exist and will be created."),
    "update": Badge("warn", "pencil", "Exists and will be changed."),
    "delete": Badge("bad", "minus", "Exists and will be deleted."),
    # Checks
    "passed": Badge("good", "check", "Bowline called it, and it succeeded."),
    "not testable": Badge("neutral", "question", "Bowline can't check this."),
    "cannot deploy": Badge(
        "warn", "warning", "Something that a deployment needs is missing."
    ),
    # Policies of others
    "not approved": Badge("bad", "cross", "No one approved it in Bowline."),
    "asked for": Badge("warn", "clock", "Someone asked to accept it."),
    "accepted": Badge("neutral", "check", "Accepted until a set date."),
    # Deliveries
    "take over": Badge(
        "warn", "pencil", "Created by someone else. Bowline takes it over."
    ),
    "delivering": Badge(
        "busy",
        "again",
        "Bowline is sending the accounts to Spinnaker.",
        "in progress",
        "sending",
    ),
    "watching": Badge(
        "busy",
        "clock",
        "Stored. Bowline is waiting until Spinnaker loads it.",
        "in progress",
        "loading",
    ),
    "loaded": Badge("good", "check", "Spinnaker has loaded it."),
    # Bundles
    "building": Badge(
        "busy", "clock", "Bowline is building the bundle.", "in progress", "building"
    ),
    "ready": Badge("good", "check", "Ready to download."),
}


def word_of(state: str) -> str:
    """Say what people read of a state, or of a check's outcome, in one of few words;
    states that are found together have the same.
    """
    state = TOGETHER.get(state, (state,))[0]
    return (state in BADGES and BADGES[state].word) or state


def words_of(state: str) -> str:
    """Say it with the second word, where it has one: “outdated, plan again”."""
    why = state in BADGES and BADGES[state].why
    return f"{word_of(state)}, {why}" if why else word_of(state)


def move(
    rows: models.QuerySet[M, Any],
    to: Any,
    *,
    since: Iterable[str] | None,
    **changes: Any,
) -> int:
    """Change the state of those rows that are in one of these states; None: in any, as
    something else decides. Return how many were.

    Of two at once, PostgreSQL lets the second wait for the row and then reads again
    only what the WHERE says of the row itself, not what a join or a subquery said. So
    the state is a condition on the row, and the count says who was first.
    """
    state = state_column(rows.model)
    if since is not None:
        rows = rows.filter(**{f"{state}__in": tuple(since)})
    return rows.update(**{state: to}, **changes)


def state_column(model: type[models.Model]) -> str:
    names = {field.name for field in model._meta.concrete_fields}
    (name,) = names & {"state", "status"}
    return name


def log_states(rows: Iterable[models.Model]) -> None:
    """Write a line for each whose state is new, once that is committed."""
    for row in rows:
        state = getattr(row, state_column(type(row)))
        of_run = {"run": str(row.pk)} if row._meta.model_name == "run" else {}
        say = partial(logger.info, "%s: %s", str(row), state, extra=of_run)
        transaction.on_commit(say)


VERIFIED = (State.VERIFIED, State.EVALUATED)

STALE = {state.value: f"{state.value}, stale" for state in VERIFIED}
"""The word of an account whose proof is older than VERIFICATION_MAX_AGE."""

WRITES_UNKNOWN = f"{State.VERIFIED.value}, writes unknown"
"""The word of an account of which not every write is known to be allowed."""

NOT_EVERYWHERE = f"{State.VERIFIED.value}, some regions"
"""The word of an account with a region that does not have what deployments need."""

NOT_APPROVED = "not as approved"
"""The word of an account whose roles may do what nobody approved."""

WORDS = tuple(
    word
    for state in State.values
    if state != State.APPLIED
    for word in (
        state,
        *([NOT_EVERYWHERE, WRITES_UNKNOWN] if state == State.VERIFIED else []),
        *([STALE[state]] if state in STALE else []),
        *([NOT_APPROVED] if state == State.DRIFTED else []),
    )
)
"""Every word that a managed account can have, in the order of its life."""

PARTLY, OLD = "verified in part", "stale or outdated"
IN_PROGRESS, FAILING = "in progress", "failed or not as approved"
TOGETHER = {
    PARTLY: (NOT_EVERYWHERE, WRITES_UNKNOWN),
    OLD: (*STALE.values(), State.OUTDATED),
    IN_PROGRESS: (State.PLANNED, State.APPLYING, State.HANDED_OFF),
    FAILING: (State.FAILED, NOT_APPROVED),
}
"""Words that ask the same of a person: lists search by these names, too."""

GROUPS = (
    *(State.VERIFIED.value, State.EVALUATED.value, PARTLY, State.DRIFTED.value),
    *(OLD, State.DRAFT.value, IN_PROGRESS, FAILING),
)
"""The few states by which people search for accounts; a badge says more."""

BROKEN = (State.FAILED, State.DRIFTED)
"""What the last run found is not what was approved, or does not work."""

BROKEN_WORDS = (*BROKEN, NOT_APPROVED)
"""The words of accounts in these states."""

TO_PLAN = (*BROKEN_WORDS, State.DRAFT, State.OUTDATED)
"""The words of accounts in which a plan changes something."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row holds about the state of its account."""

    state: str
    verification: str = ""
    is_stale: bool = False
    is_edited: bool = False
    """An edit waits that no approved plan holds."""
    is_accepted: bool = False
    is_missing: bool = False
    """AWS refused the roles that the owner had made, and not only once."""
    is_withdrawn: bool = False
    """Spinnaker may not assume what still exists of it."""
    unknown_writes: int = 0
    """How many changes Spinnaker may be allowed or denied."""
    is_to_accept_writes: bool = False
    """Where a second person is asked for, somebody must accept them."""
    undeployable: int = 0
    """How many regions are without what a deployment needs."""
    unapproved: int = 0
    """How much lets roles do what nobody approved, where it is drifted."""
    is_in_bundles: bool = False
    """The next bundle holds it, as it was last proved."""
    is_excluded: bool = False
    """A person decided that bundles hold it no more."""


@dataclass(frozen=True, slots=True)
class Standing:
    word: str
    sentences: tuple[str, ...] = ()
    """What a person must know, with what to do; nothing where all is well."""
    is_to_accept: bool = False
    """A person may take responsibility for what was only evaluated."""

    @property
    def colour(self) -> str:
        return BADGES[self.word].colour

    @property
    def meaning(self) -> str:
        return BADGES[self.word].meaning

    @property
    def is_to_verify(self) -> bool:
        """Return whether verifying is what to do next."""
        halfway = (NOT_EVERYWHERE, WRITES_UNKNOWN, *STALE.values())
        return self.word in halfway or self.sentences == (MISSING,)

    @property
    def is_to_plan(self) -> bool:
        """Return whether planning is what to do next."""
        return self.word in TO_PLAN and not self.is_to_verify


STALE_VERIFICATION = (
    "The last verification is out of date. Verify again. Nothing changes in AWS."
)
LOOK_AT_CHECKS = "Spinnaker might be denied {}. The checks show which ones and why."
WAITS_FOR_ACCEPTANCE = "An approver must accept {}."
UNTIL_VERIFIED = (
    "Until the next verification, bundles include the account as it was verified "
    "before."
)
CANNOT_DEPLOY = (
    "Spinnaker can't deploy in {} because something that a deployment needs is "
    "missing. The checks show what it is and how to create it."
)
ONLY_READ = (
    "Bowline couldn't assume this account's roles and only read their policies. To "
    "test the roles from Spinnaker's host, run verify.sh in the bundle."
)
AFTER_ACCEPTANCE = "Bundles include the account after an approver accepts it."
UNTIL_ACCEPTED = (
    "Until an approver accepts it, bundles include the account as it was verified "
    "before."
)
FAILED = "The last run of this account failed."
HANDED_OFF = (
    "Bowline is waiting for the account owner or the owner of the managing account. "
    "It checks automatically, and continues when the owner has deployed the roles."
)
MISSING = (
    "AWS denied access to Spinnaker's identity several times in a row. The owner's "
    "stack was deleted, or the role's trust policy was edited. Bundles no longer "
    "include the account. Ask the owner to deploy the template again, then verify "
    "the account again."
)
DRIFTED = "AWS no longer matches what was approved."
MAY_DO_MORE = (
    "Its roles allow what no one approved. The checks show what, and what to do."
)
EDITED = (
    "The account was edited after it was planned, so AWS might no longer match its "
    "settings. Plan again and review the differences."
)
EDITED_FOR_SPINNAKER = (
    "An edit isn't planned yet. It changes the configuration of this account in "
    "Spinnaker, but nothing in AWS."
)
UNTIL_APPROVED = (
    "Until a plan with the edit is approved, bundles include the last approved "
    "settings."
)
WITHDRAWN = (
    "The removal didn't finish. The roles still exist, but Spinnaker can no longer "
    "assume them. Remove the account again, or plan it to restore Spinnaker's access."
)
EDITED_TOO = "The account was also edited after its last plan. Plan again."


def standing(facts: Facts) -> Standing:
    """Return what to show of an account."""
    word = standing_word(
        facts.state,
        is_stale=facts.is_stale,
        unknown_writes=facts.unknown_writes,
        undeployable=facts.undeployable,
        unapproved=facts.unapproved,
    )
    sentences = [STALE_VERIFICATION] if word in STALE.values() else []
    if facts.undeployable and facts.state in VERIFIED:
        sentences.append(CANNOT_DEPLOY.format(regions(facts.undeployable)))
    if facts.unknown_writes and facts.state in VERIFIED:
        sentences.append(LOOK_AT_CHECKS.format(writes(facts.unknown_writes)))
        if facts.is_to_accept_writes:
            sentences.append(
                WAITS_FOR_ACCEPTANCE.format(writes(facts.unknown_writes, "unknown "))
            )
            sentences += [UNTIL_VERIFIED] * facts.is_in_bundles
    is_to_accept = facts.state == State.EVALUATED and not facts.is_accepted
    match facts.state:
        case State.EVALUATED if is_to_accept:
            sentences.append(ONLY_READ)
            if not facts.is_excluded:
                in_bundles = facts.is_in_bundles
                sentences.append(UNTIL_ACCEPTED if in_bundles else AFTER_ACCEPTANCE)
        case State.HANDED_OFF:
            sentences.append(HANDED_OFF)
        case State.FAILED:
            is_missing = facts.is_missing and not facts.is_withdrawn
            sentences.append(MISSING if is_missing else FAILED)
        case State.DRIFTED:
            sentences.append(MAY_DO_MORE if facts.unapproved else DRIFTED)
        case State.OUTDATED if facts.is_withdrawn and not facts.is_edited:
            pass
        case State.OUTDATED:
            sentences.append(EDITED_FOR_SPINNAKER if facts.verification else EDITED)
            sentences += [UNTIL_APPROVED] * bool(
                facts.verification and facts.is_in_bundles
            )
    if facts.is_edited and facts.state in BROKEN:
        sentences.append(EDITED_TOO)
    if facts.is_withdrawn and facts.state not in PASSING:
        sentences.append(WITHDRAWN)
    return Standing(word, tuple(sentences), is_to_accept)


def standing_word(
    state: str,
    *,
    is_stale: bool,
    unknown_writes: int = 0,
    undeployable: int = 0,
    unapproved: int = 0,
) -> str:
    if state == State.DRIFTED and unapproved:
        return NOT_APPROVED
    if is_stale and state in STALE:
        return STALE[state]
    if state == State.VERIFIED and undeployable:
        return NOT_EVERYWHERE
    return WRITES_UNKNOWN if unknown_writes and state == State.VERIFIED else state


def counted_by_word(
    rows: QuerySet[Any], *fields: str, **also: Aggregate
) -> Iterator[tuple[Any, ...]]:
    """Yield the values of the fields, a word, how many accounts have both, and these
    aggregates of them: all of it reads the table once.
    """
    stale = Case(When(verification_is_stale(), then=True), default=False)
    unknown = Case(When(unknown_writes__gt=0, then=1), default=0)
    without = Case(When(undeployable__gt=0, then=1), default=0)
    more = Case(When(unapproved__gt=0, then=1), default=0)
    found = rows.values(
        *fields, "state", is_stale=stale, unknown=unknown, without=without, more=more
    )
    found = found.annotate(count=Count("pk"), **also)
    for row in found.order_by(*fields, "state"):
        word = standing_word(
            row["state"],
            is_stale=row["is_stale"],
            unknown_writes=row["unknown"],
            undeployable=row["without"],
            unapproved=row["more"],
        )
        said = [row[name] for name in also]
        yield (*(row[field] for field in fields), word, row["count"], *said)


def outcome_in_words(state: str, unknown_writes: int, undeployable: int) -> str:
    """Say how far a verification came, such as “verified, cannot deploy in 1 region, 4
    writes unknown”.
    """
    said = [state]
    if undeployable:
        said.append(f"cannot deploy in {regions(undeployable)}")
    if unknown_writes:
        said.append(f"{writes(unknown_writes)} unknown")
    return ", ".join(said)


def writes(count: int, which: str = "") -> str:
    return counted(count, f"{which}write")


def regions(count: int) -> str:
    return counted(count, "Region")


def with_word(word: str) -> Q:
    """Find the accounts of which badges say this word, or one of these together."""
    if word in TOGETHER:
        return reduce(or_, map(with_word, TOGETHER[word]))
    for state, stale in STALE.items():
        if word == stale:
            return Q(state=state) & verification_is_stale()
    if word == NOT_APPROVED:
        return Q(state=State.DRIFTED, unapproved__gt=0)
    if word == State.DRIFTED:
        return Q(state=State.DRIFTED, unapproved=0)
    if word == NOT_EVERYWHERE:
        return Q(state=State.VERIFIED, undeployable__gt=0) & ~verification_is_stale()
    everywhere = Q(state=State.VERIFIED, undeployable=0) & ~verification_is_stale()
    if word == WRITES_UNKNOWN:
        return everywhere & Q(unknown_writes__gt=0)
    known = everywhere & Q(unknown_writes=0) if word == State.VERIFIED else Q()
    return Q(state=word) & known & ~(verification_is_stale() & Q(state__in=VERIFIED))


def verification_is_stale() -> Q:
    """Find verifications that are too old; `stale_since` says it of one."""
    if not settings.VERIFICATION_MAX_AGE:
        return Q(pk__in=[])
    return Q(verification__in=VERIFIED, verified_at__lt=timezone.now() - max_age())


def stale_since(verification: str, verified_at: datetime | None) -> datetime | None:
    """Say when the verification became too old; None while it has not."""
    if not (verification and verified_at and settings.VERIFICATION_MAX_AGE):
        return None
    if verified_at >= timezone.now() - max_age():
        return None
    return verified_at + max_age()


def max_age() -> timedelta:
    return timedelta(days=settings.VERIFICATION_MAX_AGE)
