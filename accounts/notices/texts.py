"""What a notice says, in plain text: read when it is sent, from the rows as they are.

Names and messages are foreign: each is one line here, and none is part of a header.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import ManagedAccount, Member, Notice, Rollout
from accounts.models.states import WORKING, Status
from accounts.runs.rollouts.causes import causes_of
from accounts.runs.rollouts.census import Census
from accounts.wording import counted
from onboarding.names import visible

MOST_CAUSES = 5
MOST_NAMED = 20
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

    @property
    def subject(self) -> str:
        return f"Bowline: {self.title}"

    @property
    def url(self) -> str:
        return link(self.path)

    @property
    def body(self) -> str:
        """Return it as mail, with where to switch that off."""
        off = f"Switch mail off or on: {link(reverse('you'))}"
        where = f"{self.where}: {self.url}"
        return "\n\n".join([*self.paragraphs, where, self.why, off]) + "\n"


def text_of(notice: Notice) -> Text | None:
    """Write it; None where it is no longer so, because somebody decided meanwhile."""
    if notice.what == Notice.What.TEST:
        return text_of_test(notice)
    if notice.rollout is not None:
        return text_of_rollout(notice, notice.rollout)
    return text_of_new_accounts(notice)


def text_of_test(notice: Notice) -> Text:
    return written(
        f"Test of {notice.target}",
        ["Bowline can reach this target. Nothing else happened."],
        where="Notifications",
        path=reverse("accounts:targets"),
        why="",
    )


def text_of_rollout(notice: Notice, rollout: Rollout) -> Text | None:
    if notice.what == Notice.What.WAITS:
        return text_of_plans(rollout)
    paused = notice.what == Notice.What.PAUSED
    is_so = rollout.state == Rollout.State.PAUSED if paused else rollout.has_ended
    if not is_so:
        return None
    census = Census(rollout)
    failed = f"{census.failed:,} of {counted(census.total)} failed"
    if paused:
        for_you = " and waits for you" if notice.person_id else ""
        subject = f"{rollout} is paused{for_you}: {failed}"
        what = f"{rollout.reason} No more accounts are started until you resume it."
    elif rollout.state == Rollout.State.STOPPED:
        subject = f"{rollout} is stopped: {failed}"
        what = f"{rollout.reason} Accounts that had not been started were discarded."
    else:
        subject = f"{rollout} is finished: {failed}"
        what = "Fix the causes, then retry what failed." if census.failed else ""
    return written(
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
    return written(
        f"{rollout} waits for approval: {counted(census.total)}",
        ["Nothing in AWS changes until somebody has read the plans and approved them."],
        [*facts(rollout, census), f"Planned{who}"],
        causes(rollout),
        where=str(rollout),
        path=rollout.get_absolute_url(),
        why="You receive this because you may approve plans.",
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
        ("Left out at the start", len(rollout.left_out)),
    ):
        if accounts:
            yield f"{word}: {accounts:,}"


def causes(rollout: Rollout) -> Iterator[str]:
    """Name the most frequent causes among the newest failures, each with its fix."""
    found = causes_of(rollout)
    if found:
        yield "What failed"
    for cause in found[:MOST_CAUSES]:
        named = ", ".join(run.account_name for run in cause.runs)
        more = " and more" if cause.accounts > len(cause.runs) else ""
        yield f"- {counted(cause.accounts)}: {one_line(cause.message)}"
        yield f"  Fix: {one_line(cause.fix)}"
        yield f"  {one_line(named)}{more}"
    if len(found) > MOST_CAUSES:
        yield "- Other causes: see its page."


def text_of_new_accounts(notice: Notice) -> Text | None:
    rows = new_members(notice).select_related("unit").order_by("account_id")
    drafts = list(rows.filter(draft_refused=""))
    refused = list(rows.exclude(draft_refused=""))
    if not drafts and not refused:
        return None
    count = len(drafts) + len(refused)
    plural = "s" if count > 1 else ""
    watched = "units that you watch" if notice.person_id else "watched units"
    subject = f"{count:,} new account{plural} in {watched}"
    return written(
        f"{subject}, {len(refused):,} not added" if refused else subject,
        ["Nothing is planned, and nothing in AWS changes, until somebody plans them."],
        named("New drafts", (f"{where(one)}" for one in drafts), len(drafts)),
        named(
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


def new_members(notice: Notice) -> QuerySet[Member]:
    """Find those of the reading that are the person's, or in the target's
    environments; what was not added is in none.
    """
    rows = Member.objects.filter(
        organization=notice.organization, drafted_in=notice.reading
    )
    if notice.target is None:
        return rows.filter(drafted_for=notice.person)
    if notice.target.environments:
        drafts = ManagedAccount.objects.filter(
            environment__in=notice.target.environments
        )
        return rows.filter(draft_refused="", account_id__in=drafts.values("account_id"))
    return rows


def where(member: Member) -> str:
    return f"{member} in {member.unit}" if member.unit else f"{member}"


def named(title: str, lines: Iterable[str], count: int) -> Iterator[str]:
    if count:
        yield title
    for line, _ in zip(lines, range(MOST_NAMED), strict=False):
        yield f"- {one_line(line)}"
    if count > MOST_NAMED:
        yield f"- and {count - MOST_NAMED:,} more"


def written(
    title: str,
    *paragraphs: Iterable[str],
    where: str,
    path: str,
    why: str,
    about: Mapping[str, Any] = MappingProxyType({}),
) -> Text:
    """Put it together, without paragraphs that say nothing."""
    texts = ("\n".join(filter(None, lines)) for lines in paragraphs)
    return Text(title, tuple(filter(None, texts)), where, path, why, about)


def one_line(text: str) -> str:
    """Keep what others wrote from looking like lines of Bowline's own."""
    return visible(" ".join(text.split()))[:LONGEST]


def link(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def in_utc(moment: datetime) -> str:
    return f"{moment:%-d %b %Y, %H:%M} UTC"
