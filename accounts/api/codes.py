"""Why requests are refused, as programs tell it apart. A code stays as it is: sentences
get better.
"""

from __future__ import annotations

from enum import Enum


class Code(Enum):
    """A kind of problem: its status, and what it means."""

    NOT_JSON = 400, "The body isn't valid JSON."
    NO_TOKEN = 401, "The request has no token."
    WRONG_TOKEN = 401, "There is no such token."
    REVOKED_TOKEN = 401, "The token was revoked."
    EXPIRED_TOKEN = 401, "The token expired."
    DEACTIVATED = 401, "The token's person is deactivated."
    MISSING_SCOPE = 403, "The token doesn't have the scope."
    NOT_ALLOWED = 403, "The person's role doesn't allow it, or not here."
    OTHER_PERSON = 403, "Another person must approve it."
    CONTRADICTS_RULE = 409, "A rule of the administrators says another environment."
    NOT_FOUND = 404, "The resource doesn't exist or was deleted."
    NO_MANAGING_ACCOUNT = 404, "The managing account isn't set up yet."
    NO_ORGANIZATION = 404, "The organization was never read."
    NOT_HANDED_OFF = 404, "Bowline creates the roles of this account itself."
    NOT_TESTED = 404, "No test of the access role is younger than a minute."
    NOT_CONNECTED = 404, "Spinnaker isn't connected."
    NO_ANSWER = 404, "There is no such answer of a worker, or it expired."
    METHOD = 405, "The path doesn't support the method."
    CANNOT_CONNECT = 409, "The connection with Spinnaker can't be used."
    RUN_OPEN = 409, "The account has an open run. Wait until it finishes."
    DELIVERY_OPEN = 409, "Another delivery is open. Wait until it finishes."
    SEARCH_OPEN = 409, "The person's last search of clusters is in progress."
    READING_OPEN = 409, "The organization is being read."
    PLAN_CHANGED = 409, "The plan isn't the one that was read. Read it again."
    PREVIEW_CHANGED = 409, "The next bundle isn't the one that was read."
    MANAGING_FIRST = 409, "Approve the plan of the managing account first."
    MANAGING_NOT_VERIFIED = 409, "Verify the managing account first."
    MANAGING_UNPLANNED = 409, "Plan the managing account first."
    MANAGING_MISSING = 409, "Set up the managing account first."
    ORGANIZATION_UNREAD = 409, "Read the organization first."
    SEARCH_UNFINISHED = 409, "The search is still in progress. Wait until it finishes."
    DECIDED = 409, "Someone decided earlier, or an edit outdated the plan."
    NOT_APPROVED = 409, "None of the plans was approved. The sentence says why."
    NOTHING_DECIDED = 409, "Nothing was decided. The sentence says why."
    NONE_WAITS = 409, "None of the plans that were read is still waiting."
    NO_ONE_WAITS = 409, "The run isn't waiting for an owner."
    NOT_ASKED = 409, "It isn't waiting for acceptance."
    CANNOT_TAKE_OVER = 409, "The existing roles can't be taken over so now."
    NOTHING_TO_ACCEPT = 409, "The account wasn't evaluated, or is accepted already."
    INCOMPLETE = 409, "The account's settings are incomplete."
    FORGOTTEN = 409, "The account was deleted from Bowline."
    NAME_TAKEN = 409, "Another account has the name."
    NO_ROOM = 409, "No policy has room for the account."
    QUOTA_EXCEEDED = 409, "A policy would exceed a quota of IAM."
    NOTHING_EXISTS = 409, "The account has nothing in AWS."
    SPINNAKER_HAS_IT = 409, "Spinnaker still has the account."
    CANNOT_START = 409, "No account can be started. The sentence says why."
    CANNOT_DELETE = 409, "The account is still needed. The sentence says for what."
    NOT_KEPT = 409, "The list has no such role."
    NOTHING_TO_ADOPT = 409, "No other database's changes were found in AWS."
    ROTATION_REFUSED = 409, "The external ID can't be rotated now."
    NOT_IN_BUNDLES = 409, "The account wouldn't be in a bundle."
    NOTHING_READY = 409, "No account is ready for a bundle."
    BROKEN_ACCOUNTS = 409, "Name the broken accounts in `add_broken`, or exclude them."
    NOT_BUILT = 409, "The bundle isn't built."
    TOO_MANY = 409, "There are more accounts than one request may have."
    WORKER_FAILED = 409, "A worker tried, and failed. The sentence says why."
    UNUSABLE = 409, "Something stored can't be used. The sentence says what."
    STALE = 412, "It was changed after the ETag of `If-Match` was read. Read it again."
    TOO_LARGE = 413, "The body is too large."
    INVALID = 422, "A value breaks a rule. `errors` says which."
    UNKNOWN_KEY = 422, "The operation doesn't have a key of the body or the query."
    UNKNOWN_NAME = 422, "An account, a run, or a cluster of the body doesn't exist."
    NONE_CHOSEN = 422, "The body names no account, and no filter."
    UNCONFIRMED = (
        422,
        "It deletes, or Spinnaker loses access. Confirm it as the sentence says.",
    )
    BAD_DAY = 422, "The day is past, or too far away."
    MAY_BE_THERE = 422, "No one confirmed that Spinnaker no longer has the accounts."
    BAD_CURSOR = 422, "The cursor isn't one of this list."
    KEY_REUSED = 422, "The Idempotency-Key was sent with another request."
    RATE = 429, "Too many requests in a minute. See `Retry-After`."
    QUESTIONS = 429, "Too many questions of the person wait. See `Retry-After`."
    BUG = 500, "Bowline encountered an internal error. See its log."
    UNWRITABLE = 503, "The database's disk is full, or it is read-only."

    def __init__(self, status: int, meaning: str) -> None:
        self.status, self.meaning = status, meaning

    def __str__(self) -> str:
        return self.name.lower()
