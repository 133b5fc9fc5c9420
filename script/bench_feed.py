"""The feed of `bench_pages`, filled, and where it is pulled."""

from __future__ import annotations

import uuid
from typing import Any


def make_feed(by: Any) -> dict[str, str]:
    """Fill the feed, and give the URL of each way to pull it."""
    from accounts.spinnaker.feed.keeping import keep_current, newest_moment
    from accounts.spinnaker.feed.tokens import make
    from onboarding.account_feed import EPOCH, SINCE

    token = make(by, uuid.uuid4(), name="bench")
    keep_current()
    url = f"/feed/accounts?token={token}"
    newest = f"{newest_moment() or EPOCH:%Y-%m-%dT%H:%M:%S.%fZ}"
    return {
        "the feed, its first page": url,
        "the feed, nothing new": f"{url}&{SINCE}={newest}",
    }
