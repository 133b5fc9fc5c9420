"""What of a role's actions the page lists, and its file: as the filter asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from accounts.lists.declaration import Columns
from onboarding.review.effective import all_actions
from onboarding.review.lines import (
    ONLY,
    Filter,
    Line,
    Risks,
    count_of,
    folded,
    permission_lines,
)
from onboarding.review.power_user import is_power_users

ROLES = {"managed": "the managed role", "identity": "Spinnaker's identity"}
FILE: Columns = {
    "role": lambda row: ROLES[row[0]],
    "for": lambda row: row[1].topic,
    "capability": lambda row: row[1].capability,
    "access": lambda row: row[1].access,
    "action": lambda row: row[1].action,
    "resources": lambda row: list(row[1].allowed.resources),
    "condition": lambda row: row[1].condition,
    "reason": lambda row: row[1].allowed.evidence.reason,
    "may_show": lambda row: row[1].shows,
    "in_power_user_access": lambda row: (
        "yes" if is_power_users(row[1].action) else "no"
    ),
    "sources": lambda row: list(row[1].allowed.evidence.sources),
}
"""Of the file: what each column holds of a role's key and a line."""


def listing_of(shown: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows of what was reviewed."""
    asked = Filter.of(query)
    every, own = (
        permission_lines(shown["review"].topics),
        permission_lines(shown["identity_topics"]),
    )
    found = asked.of_all(every)
    granted = shown["size"].comparison.granted
    whole = sum(len(some) for some in all_actions().values())
    return {
        "asked": asked,
        "queried": f"?{urlencode(asked.as_query)}" if asked else "",
        "only": [(key, choice.title) for key, choice in ONLY.items()],
        "risks": Risks.of(every),
        "folds": folded(found),
        "own_folds": folded(asked.of_all(own)),
        "line_count": len(found),
        "found_count": count_of(found),
        "action_count": count_of(every),
        "whole": whole,
        "service_count": len(all_actions()),
        "share": round(100 * granted / whole, 1),
        "is_admin": granted >= whole,
        "others_differ": any(
            said.trust.is_other or said.boundary.is_other or said.policies
            for _, said in shown["other_roles"]
        ),
    }


def rows(shown: Mapping[str, Any], query: Mapping[str, str]) -> list[tuple[str, Line]]:
    """List the lines of the file, each with the key of its role."""
    asked = Filter.of(query)
    topics = {"identity": shown["identity_topics"]}
    if shown["chain"].role:
        topics = {"managed": shown["review"].topics, **topics}
    return [
        (role, line)
        for role, some in topics.items()
        for line in asked.of_all(permission_lines(some))
    ]
