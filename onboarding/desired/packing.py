"""Pack grants into documents that AWS accepts: by topic, and no more than needed.

Topics never share a document, so another provider changes none that exists. A topic
too large for one document fills as many as it needs, in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from onboarding.grants import Grant
from onboarding.resources.policy import MANAGED_POLICY_LIMIT, Policy, QuotaExceeded

POLICIES_PER_HOLDER = 10
"""AWS's default quota of managed policies on a role or user."""


def packed(topics: Mapping[str, Sequence[Grant]]) -> dict[str, Policy]:
    """Make documents by name: NAME of the topic, then NAME-2 and so on.

    Raise QuotaExceeded where a single grant is too large for a document, or where a
    role cannot hold as many documents.
    """
    documents = {
        name if number == 1 else f"{name}-{number}": document
        for name, grants in topics.items()
        for number, document in enumerate(filled(name, grants), start=1)
    }
    if len(documents) > POLICIES_PER_HOLDER:
        raise QuotaExceeded(
            f"{len(documents)} policies are needed, and one role can have "
            f"{POLICIES_PER_HOLDER}. Choose fewer providers for the account."
        )
    return documents


def filled(name: str, grants: Sequence[Grant]) -> Iterator[Policy]:
    """Yield documents, each with as many of the next grants as it holds."""
    if not grants:
        return
    whole = document(*grants)
    if whole.size <= MANAGED_POLICY_LIMIT:  # as nearly all are
        yield whole
        return
    held: list[Grant] = []
    for grant in grants:
        if held and document(*held, grant).size > MANAGED_POLICY_LIMIT:
            yield document(*held)
            held = []
        document(grant).within(MANAGED_POLICY_LIMIT, f"{grant.sid} in policy {name}")
        held.append(grant)
    yield document(*held)


def document(*grants: Grant) -> Policy:
    return Policy.allowing(*(grant.statement for grant in grants))
