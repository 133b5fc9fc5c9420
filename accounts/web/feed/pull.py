"""What Clouddriver's plugin pulls: JSON, whatever is asked for."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from accounts.models import FeedRow, FeedToken
from accounts.spinnaker.feed.keeping import keep_current, newest_moment
from accounts.spinnaker.feed.tokens import note_use
from onboarding.account_feed import EPOCH, PAGE, FeedQuery, Malformed, answer

HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def accounts(request: HttpRequest, token: FeedToken, text: str) -> JsonResponse:
    """Answer with what changed since the moment that was asked about.

    Further pages are at the same address: the plugin signs no other. API Gateway
    adds the token itself, so it is not in theirs.
    """
    if request.method != "GET":
        return reply({"error": "Only GET requests are supported."}, status=405)
    keep_current()
    # Read before the rows: one that changes meanwhile is later, and is sent next time.
    newest = newest_moment() or EPOCH
    try:
        asked = FeedQuery.of(request.GET.dict(), newest)
    except Malformed as error:
        return reply({"error": str(error)}, status=400)
    rows = FeedRow.objects.filter(updated_at__lte=asked.until).order_by("updated_at")
    if asked.after:
        rows = rows.filter(updated_at__gt=asked.after)
    due = [one.row for one in rows[: PAGE + 1]]
    if "cursor" not in request.GET:
        note_use(token, rows.count() if len(due) > PAGE else len(due))
    gateway = token.gateway
    url = gateway or request.build_absolute_uri(request.path)
    static = {} if gateway else {"token": text}
    return reply(answer(due, asked, url=url, static=static, page=PAGE))


def reply(said: dict[str, object], *, status: int = 200) -> JsonResponse:
    return JsonResponse(said, status=status, headers=HEADERS)
