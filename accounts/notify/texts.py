"""What a notice says, and what mail and targets make of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import (
    Activity,
    Digest,
    ForeignPolicy,
    ManagedAccount,
    Member,
    Notification,
    Preferences,
    Rollout,
    Run,
)
from accounts.models.states import (
    FAILING,
    NOT_APPROVED,
    VERIFIED,
    WORKING,
    State,
    Status,
    max_age,
    verification_is_stale,
    with_word,
)
from accounts.people.role_limits.limits import inside
from accounts.people.roles import APPROVER, has_role, whom_to_ask
from accounts.runs.rollouts.census import Census, causes_of
from accounts.wording import counted
from accounts.work.heartbeat import SCHEDULE, Silence, silence
from onboarding.names import visible

LONGEST = 500
"""Of one line that others wrote."""


class Text(NamedTuple):
    title: str
    paragraphs: tuple[str, ...]
    where: str
    """What the link leads to."""
    path: str
    why: str
    """Why a person receives it; of no use to a team."""
    about: Mapping[str, Any] = MappingProxyType({})
    """What programs may want to know, as JSON."""
    is_chosen: bool = True
    """Whether a person can switch it off."""

    @property
    def subject(self) -> str:
        return f"Bowline: {self.title}"

    @property
    def url(self) -> str:
        return link(self.path)

    @property
    def body(self) -> str:
        """Return it as mail, with where to switch that off."""
        parts = [*self.paragraphs, f"{self.where}: {self.url}", self.why]
        if self.is_chosen:
            parts.append(f"Turn email off or on: {link(reverse('you'))}")
        return "\n\n".join(parts) + "\n"


def text_of_paragraphs(
    title: str,
    *paragraphs: Iterable[str],
    where: str,
    path: str,
    why: str,
    about: Mapping[str, Any] = MappingProxyType({}),
    is_chosen: bool = True,
) -> Text:
    """Put it together, without paragraphs that say nothing."""
    texts = ("\n".join(filter(None, lines)) for lines in paragraphs)
    return Text(title, tuple(filter(None, texts)), where, path, why, about, is_chosen)


def one_line(text: str) -> str:
    """Keep what others wrote from looking like lines of Bowline's own."""
    return visible(" ".join(text.split()))[:LONGEST]


def link(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def in_utc(moment: datetime) -> str:
    return f"{moment:%-d %b %Y, %H:%M} UTC"


LONG = timedelta(minutes=10)
"""Workers that are restarted are silent for a moment."""
OVERDUE = timedelta(days=2)
"""The schedule verifies each account every night."""
MOST_OVERDUE = 0.25
"""The share that may be: an account whose plan waits isn't verified."""


class Attention(NamedTuple):
    silent: Silence | None
    overdue: int
    failed: int
    not_approved: int

    @property
    def sentences(self) -> list[str]:
        found = []
        if self.silent:
            found.append(
                f"{self.silent} Nightly verifications and email wait. Check the "
                "workers of the queue “schedule”."
            )
        if self.overdue:
            late = "hasn't" if self.overdue == 1 else "haven't"
            found.append(
                f"{counted(self.overdue)} {late} been verified for two days. Check "
                "beat and the workers of the queue “schedule”, or raise "
                "SCHEDULE_ASSUMES_A_SECOND."
            )
        for count, word in (
            (self.failed, State.FAILED.value),
            (self.not_approved, NOT_APPROVED),
        ):
            if count:
                are = "is" if count == 1 else "are"
                found.append(f"{counted(count)} {are} {word}.")
        return found


def attention(environments: Collection[str] = ()) -> Attention:
    """Find it; what accounts need only in these environments, if any are named."""
    accounts = ManagedAccount.objects.order_by()
    if environments:
        accounts = accounts.filter(environment__in=environments)
    verified = Q(verification__in=VERIFIED, verified_at__isnull=False)
    late = verified & Q(verified_at__lt=timezone.now() - OVERDUE)
    found = accounts.aggregate(
        verified=Count("pk", filter=verified),
        overdue=Count("pk", filter=late),
        failed=Count("pk", filter=with_word(State.FAILED)),
        not_approved=Count("pk", filter=with_word(NOT_APPROVED)),
    )
    if found["overdue"] <= found.pop("verified") * MOST_OVERDUE:
        found["overdue"] = 0
    silent = silence(SCHEDULE)
    lasts = silent and silent.since and silent.since < timezone.now() - LONG
    return Attention(silent if lasts else None, **found)


def text_of_attention(environments: Collection[str]) -> Text | None:
    found = attention(environments)
    if not found.sentences:
        return None
    return text_of_paragraphs(
        "Something needs attention",
        found.sentences,
        where="Accounts that failed or aren't as approved",
        path=reverse("accounts:accounts") + "?state=" + FAILING.replace(" ", "+"),
        why="You receive this because you chose it.",
        about={
            "schedule_is_silent": bool(found.silent),
            "overdue": found.overdue,
            "failed": found.failed,
            "not_as_approved": found.not_approved,
        },
    )


What = Activity.What
TITLES = {
    What.FACTOR_ADDED: "A second factor was added to your account",
    What.FACTOR_REMOVED: "A second factor was removed from your account",
    What.FACTORS_RESET: "Your second factors were removed",
    What.SETTINGS: "An API token of yours was created",
}
TO_DO = (
    "If this wasn't you, change your password, remove any device or token that you "
    "don't recognize, end your other sessions, and contact an administrator ({})."
)
WHY = "You receive this because it is about your own account. It is always sent."


def text_of_own(entry: Activity) -> Text:
    """Say what the activity log says of it; no secret is there."""
    if "second_approver" in entry.detail:
        return text_of_policy(entry)
    is_token = entry.what == What.SETTINGS
    return text_of_paragraphs(
        TITLES[What(entry.what)],
        own_facts(entry),
        [TO_DO.format(whom_to_ask())],
        where="Your API tokens" if is_token else "Your second factors",
        path=reverse("accounts:tokens" if is_token else "second-factor"),
        why=WHY,
        is_chosen=False,
    )


POLICIES = {
    "on": "A second approver is now required for {}",
    "off asked": "A request to stop requiring a second approver for {}",
    "off": "A second approver is no longer required for {}",
}


def text_of_policy(entry: Activity) -> Text:
    """Tell an administrator who decided whether a second person approves."""
    where = one_line(entry.about)
    return text_of_paragraphs(
        POLICIES[str(entry.detail["second_approver"])].format(where),
        [f"When: {in_utc(entry.at)}", f"By: {one_line(entry.who)}"],
        [
            "Without a second approver, the person who plans a change can approve it "
            "alone."
        ],
        where="Settings",
        path=reverse("accounts:settings"),
        why="You receive this because you are an administrator. It is always sent.",
        is_chosen=False,
    )


def own_facts(entry: Activity) -> Iterator[str]:
    yield f"What: {one_line(entry.about)}"
    if scopes := entry.detail.get("scopes"):
        yield f"Scopes: {one_line(', '.join(map(str, scopes)))}"
    yield f"When: {in_utc(entry.at)}"
    yield f"By: {one_line(entry.who)}"


MOST_CAUSES = 5
MOST_NAMED = 20


def text_of(notification: Notification) -> Text | None:
    """Write it; None where it is no longer so, because somebody decided meanwhile."""
    if notification.what == Notification.What.TEST:
        return text_of_test(notification)
    if notification.entry is not None:
        return text_of_own(notification.entry)
    if notification.rollout is not None:
        return text_of_rollout(notification, notification.rollout)
    if notification.digest is not None:
        return text_of_digest(notification, notification.digest)
    return text_of_new_accounts(notification)


def text_of_test(notification: Notification) -> Text:
    return text_of_paragraphs(
        f"Test of {notification.target}",
        ["Bowline can reach this target. Nothing else happened."],
        where="Notifications",
        path=reverse("accounts:targets"),
        why="",
    )


def text_of_rollout(notification: Notification, rollout: Rollout) -> Text | None:
    if notification.what == Notification.What.WAITS:
        return text_of_plans(rollout)
    paused = notification.what == Notification.What.PAUSED
    is_so = rollout.state == Rollout.State.PAUSED if paused else rollout.has_ended
    if not is_so:
        return None
    census = Census(rollout)
    failed = f"{census.failed:,} of {counted(census.total)} failed"
    if paused:
        for_you = " and waits for you" if notification.person_id else ""
        subject = f"{rollout} is paused{for_you}: {failed}"
        what = f"{rollout.reason} No more accounts are started until you resume it."
    elif rollout.state == Rollout.State.STOPPED:
        subject = f"{rollout} is stopped: {failed}"
        what = f"{rollout.reason} Accounts that had not been started were discarded."
    else:
        subject = f"{rollout} is finished: {failed}"
        what = (
            "Fix the causes, then retry the failed accounts." if census.failed else ""
        )
    return text_of_paragraphs(
        subject,
        [one_line(what)],
        facts(rollout, census),
        causes(rollout),
        where=str(rollout),
        path=rollout.get_absolute_url(),
        why="You receive this because you started it.",
        about=about(rollout, census),
    )


def text_of_plans(rollout: Rollout) -> Text | None:
    if rollout.state != Rollout.State.PLANNED:
        return None
    census = Census(rollout)
    who = f" by {one_line(rollout.created_by_name)}" if rollout.created_by_name else ""
    return text_of_paragraphs(
        f"{rollout} waits for approval: {counted(census.total)}",
        ["Nothing in AWS changes until an approver approves the plans."],
        [*facts(rollout, census), f"Planned{who}"],
        causes(rollout),
        where=str(rollout),
        path=rollout.get_absolute_url(),
        why="You receive this because you can approve plans.",
        about=about(rollout, census),
    )


def about(rollout: Rollout, census: Census) -> dict[str, Any]:
    return {
        "rollout": rollout.number,
        "state": rollout.state,
        "accounts": census.total,
        "failed": census.failed,
    }


def facts(rollout: Rollout, census: Census) -> Iterator[str]:
    waiting = census.statuses[Status.PLANNED] + census.statuses[Status.APPROVED]
    working = sum(census.statuses[status] for status in WORKING)
    yield f"What: {rollout.get_kind_display()}, {counted(census.total)}"
    yield f"Started: {in_utc(rollout.created_at)}"
    if rollout.finished_at:
        yield f"Ended: {in_utc(rollout.finished_at)}"
    yield f"Done: {census.good:,}"
    yield f"Failed: {census.failed:,}"
    for word, accounts in (
        ("In progress", working),
        ("Waiting", waiting),
        ("Handed off to their owners", census.statuses[Status.HANDED_OFF]),
        ("Discarded", census.statuses[Status.DISCARDED]),
        ("Not included at the start", len(rollout.excluded)),
    ):
        if accounts:
            yield f"{word}: {accounts:,}"


def causes(rollout: Rollout) -> Iterator[str]:
    """Name the most frequent causes among the newest failures, each with its fix."""
    found = causes_of(rollout)
    if found:
        yield "Causes"
    for cause in found[:MOST_CAUSES]:
        named = ", ".join(run.account_name for run in cause.named)
        more = " and more" if cause.more else ""
        yield f"- {counted(cause.accounts)}: {one_line(cause.message)}"
        yield f"  Fix: {one_line(cause.fix)}"
        yield f"  {one_line(named)}{more}"
    if len(found) > MOST_CAUSES:
        yield "- Other causes: see its page."


def text_of_new_accounts(notification: Notification) -> Text | None:
    rows = new_members(notification).select_related("unit").order_by("account_id")
    drafts = list(rows.filter(draft_refused=""))
    refused = list(rows.exclude(draft_refused=""))
    if not drafts and not refused:
        return None
    count = len(drafts) + len(refused)
    plural = "s" if count > 1 else ""
    watched = "units that you watch" if notification.person_id else "watched units"
    subject = f"{count:,} new account{plural} in {watched}"
    return text_of_paragraphs(
        f"{subject}, {len(refused):,} not added" if refused else subject,
        ["Nothing is planned or changed in AWS until you plan them."],
        first_lines("New drafts", (f"{where(one)}" for one in drafts), len(drafts)),
        first_lines(
            "Not added",
            (f"{where(one)}: {one.draft_refused}" for one in refused),
            len(refused),
        ),
        where="Drafts",
        path=reverse("accounts:accounts") + "?state=draft",
        why="You receive this because you set up the watch.",
        about={
            "accounts": len(drafts),
            "not_added": len(refused),
            "first": [one.account_id for one in drafts[:MOST_NAMED]],
        },
    )


def new_members(notification: Notification) -> QuerySet[Member]:
    """Find those of the reading that are the person's, in the environments that the
    person or the target chose; what was not added is in none.
    """
    rows = Member.objects.filter(
        organization=notification.organization, drafted_in=notification.reading
    )
    if notification.target is None:
        rows = rows.filter(drafted_for=notification.person)
    if chosen := chosen_environments(notification):
        drafts = ManagedAccount.objects.filter(environment__in=chosen)
        return rows.filter(draft_refused="", account_id__in=drafts.values("account_id"))
    return rows


def chosen_environments(notification: Notification) -> list[str]:
    """Return those that its recipient hears of; empty: all."""
    if notification.target is not None:
        return list(notification.target.environments)
    chosen = Preferences.objects.filter(person=notification.person).first()
    return list(chosen.environments) if chosen else []


def text_of_digest(notification: Notification, digest: Digest) -> Text | None:
    if notification.what == Notification.What.STALE:
        return text_of_stale(notification, digest)
    if notification.what == Notification.What.SITE:
        return text_of_attention(chosen_environments(notification))
    rows = digest.happened.select_related("run")
    if chosen := chosen_environments(notification):
        rows = rows.filter(environment__in=chosen)
    if (
        notification.person is not None
        and notification.what == Notification.What.FAILED
    ):
        rows = rows.filter(run__created_by=notification.person)
    if notification.what == Notification.What.PLANS:
        rows = rows.filter(run__status=Status.PLANNED)
        if (person := notification.person) is not None:
            if not has_role(person, APPROVER):
                return None
            rows = rows.filter(inside(person, APPROVER, "run__account__environment"))
            rows = rows.exclude(run__created_by=person)
    if notification.what == Notification.What.FOUND:
        rows = rows.filter(Exists(not_accepted(OuterRef("run__account"))))
    count = rows.count()
    first = [one.run for one in rows.order_by("at", "pk")[:MOST_NAMED]]
    if not first:
        return None
    words = OF_RUNS[Notification.What(notification.what)]
    why = found_in if notification.what == Notification.What.FOUND else cause
    lines = (f"{run.title}, {run.account_name}{why(run)}" for run in first)
    runs = reverse(words.page) + words.query
    return text_of_paragraphs(
        words.one if count == 1 else words.many.format(f"{count:,}"),
        first_lines("What happened", lines, count),
        [words.to_do],
        where=first[0].title if count == 1 else "All",
        path=first[0].get_absolute_url() if count == 1 else runs,
        why=words.why,
        about={
            "count": count,
            "first": [
                {"run": run.number, "account": one_line(run.account_name)}
                for run in first
            ],
        },
    )


def cause(run: Run) -> str:
    message = (run.error or {}).get("message", "")
    return f": {one_line(str(message))}" if message else ""


def not_accepted(account: object) -> QuerySet[ForeignPolicy]:
    """Find the policies of others there, and in the managing account."""
    rows = ForeignPolicy.objects.unaccepted()
    return rows.filter(Q(account=account) | Q(account=None))


def found_in(run: Run) -> str:
    found = [str(one) for one in not_accepted(run.account_id)[: MOST_CAUSES + 1]]
    more = " and more" if len(found) > MOST_CAUSES else ""
    return f": {', '.join(found[:MOST_CAUSES])}{more}"


class Words(NamedTuple):
    one: str
    many: str
    to_do: str
    why: str
    query: str
    page: str = "accounts:runs"
    """Where all are listed."""


OF_RUNS = {
    Notification.What.PLANS: Words(
        "A plan waits for approval",
        "{} plans wait for approval",
        "Nothing in AWS changes until an approver approves it.",
        "You receive this because you can approve plans.",
        "?status=planned",
    ),
    Notification.What.FAILED: Words(
        "A run failed",
        "{} runs failed",
        "Open a run to see what must be fixed, then plan or verify again.",
        "You receive this because you started it.",
        "?status=failed",
    ),
    Notification.What.DRIFTED: Words(
        "A verification found something worse than before",
        "{} verifications found something worse than before",
        "Something in AWS was changed. Open the run to see what must be fixed.",
        "You receive this because you chose it.",
        "?status=failed",
    ),
    Notification.What.FOUND: Words(
        "A verification found unapproved policies",
        "{} verifications found unapproved policies",
        "Remove them with a plan, or ask an approver to accept them.",
        "You receive this because you chose it.",
        "",
        "accounts:foreign-policies",
    ),
}


def text_of_stale(notification: Notification, digest: Digest) -> Text | None:
    """Name those whose verification became stale since the day before, and still is."""
    since = digest.since or digest.created_at
    rows = ManagedAccount.objects.filter(
        verification_is_stale(),
        verified_at__gte=since - max_age(),
        verified_at__lt=digest.created_at - max_age(),
    )
    if chosen := chosen_environments(notification):
        rows = rows.filter(environment__in=chosen)
    count = rows.count()
    if not count:
        return None
    first = list(rows.order_by("name").only("name", "account_id")[:MOST_NAMED])
    are = "s are" if count > 1 else " is"
    return text_of_paragraphs(
        f"{count:,} verification{are} stale",
        [
            "The last verification is too old to rely on. Verify again: nothing in AWS "
            "changes."
        ],
        first_lines(
            "Accounts", (f"{one.name} {one.account_id}" for one in first), count
        ),
        where="Accounts with a stale verification",
        path=reverse("accounts:accounts") + "?verification=stale",
        why="You receive this because you chose it.",
        about={"count": count, "first": [one.account_id for one in first]},
    )


def where(member: Member) -> str:
    return f"{member} in {member.unit}" if member.unit else f"{member}"


def first_lines(title: str, lines: Iterable[str], count: int) -> Iterator[str]:
    if count:
        yield title
    for line, _ in zip(lines, range(MOST_NAMED), strict=False):
        yield f"- {one_line(line)}"
    if count > MOST_NAMED:
        yield f"- and {count - MOST_NAMED:,} more"
