"""The small HTML that lists repeat in every row: icons, badges, ids, times.

A page shows hundreds of them: a template takes five times as long.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.models.account import Account
from accounts.models.states import BADGES, word_of
from accounts.wording import counted

ICON = '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>'
BADGE = '<span class="state state-{}" title="{}">{}{}</span>'
BOTH_WORDS = (
    '<span><span class="nowrap">{},</span> <span class="nowrap">{}</span></span>'
)
LOGO = '<img class="logo" src="{}" alt="">'
COPY = (
    '<button type="button" class="copy js-only" data-copy="{}" title="Copy {}">{}'
    '<span class="visually-hidden">Copy {}</span></button>'
)
ACCOUNT_ID = '<span class="mono nowrap">{}</span>{}'
TIME = '<time datetime="{}" title="{}" data-ago>{}</time>'
STALE = '{} <span class="soft small nowrap">stale since {}. Verify again.</span>'

AGO = (("day", 86400), ("h", 3600), ("min", 60))
SOON = 5
"""Seconds: a moment less far ahead is now, by the clock of another machine."""

# Static files and badges stay the same while a process runs.
address = cache(static)


@cache
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; there is always a word next to it."""
    return format_html(ICON, address("icons.svg"), name)


@cache
def badge(state: str) -> SafeString:
    """Show a state, or a check's outcome, in words, colour and icon."""
    found = BADGES[state]
    word = word_of(state)
    says = format_html(BOTH_WORDS, word, found.why) if found.why else word
    return format_html(BADGE, found.colour, found.meaning, icon(found.icon), says)


@cache
def logo(key: str) -> SafeString:
    """Draw a provider's logo; its title is next to it."""
    return format_html(LOGO, address(f"providers/{key}.svg"))


def copy(text: str, what: str) -> SafeString:
    """Offer to copy; `what` completes “Copy …”."""
    return format_html(COPY, text, what, icon("copy"), what)


def account_id(value: str) -> SafeString:
    return format_html(ACCOUNT_ID, value, copy(value, f"account ID {value}"))


def when(moment: datetime | None, never: str = "–") -> SafeString:
    """Say how long ago, with the exact time on hover."""
    if not moment:
        return format_html('<span class="soft">{}</span>', never)
    machine = timezone.localtime(moment).isoformat()
    return format_html(TIME, machine, zoned(moment), ago(moment))


def verification_age(account: Account) -> SafeString:
    """Say how old an account's last verification is, and since when it is stale."""
    age = when(account.verified_at, "never")
    if since := account.stale_since:
        since = timezone.localtime(since)
        return format_html(STALE, age, f"{since.day} {since:%b}")
    return age


def zoned(moment: datetime) -> str:
    """Write a moment in the reader's zone, and in UTC where that is another one."""
    local = exact(timezone.localtime(moment))
    utc = exact(moment.astimezone(UTC))
    return local if local == utc else f"{local} · {utc}"


def exact(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y, %H:%M:%S %Z}"


def ago(moment: datetime) -> str:
    """Say how far a moment is from now, before or after it."""
    seconds = (timezone.now() - moment).total_seconds()
    for unit, size in AGO:
        count = int(abs(seconds) // size)
        if count >= 1:
            said = counted(count, unit, unit + "s" * (unit == "day"))
            return f"{said} ago" if seconds > 0 else f"in {said}"
    return "just now" if seconds > -SOON else "in less than a minute"


def arn(value: str) -> SafeString:
    """Let an ARN break after its colons and slashes, and nowhere else."""
    text = escape(str(value)).replace("/", "/<wbr>").replace(":", ":<wbr>")
    return mark_safe(text)
