"""What a person receives about their own account: they may not have done it."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from accounts.models import Activity
from accounts.notify.written import Text, in_utc, one_line, text_of_paragraphs
from accounts.people.roles import whom_to_ask

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
        facts(entry),
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


def facts(entry: Activity) -> Iterator[str]:
    yield f"What: {one_line(entry.about)}"
    if scopes := entry.detail.get("scopes"):
        yield f"Scopes: {one_line(', '.join(map(str, scopes)))}"
    yield f"When: {in_utc(entry.at)}"
    yield f"By: {one_line(entry.who)}"
