"""Which document says all of what a help text begins."""

from __future__ import annotations

from accounts.web.help.documentation.index import Document, document_of

DOCUMENT_OF = {
    "overview": "tour",
    "managing-account": "real-aws",
    "accounts": "large-organizations",
    "onboarding": "tutorial",
    "organization": "large-organizations",
    "from-file": "accounts-file",
    "many": "large-organizations",
    "rollouts": "large-organizations",
    "plan": "proof",
    "denials": "why-denied",
    "deliveries": "delivery",
    "permissions": "least-privilege",
    "hand-off": "hand-off",
    "settings": "settings",
    "spinnaker": "running-spinnaker",
    "feed": "feed",
    "notifications": "notifications",
    "second-factors": "sign-in",
    "gate-sign-in": "running-spinnaker",
    "gate-secrets": "running-spinnaker",
    "access-roles": "real-aws",
    "owners": "hand-off",
    "managing-owners": "hand-off",
    "proofs": "proof",
}
"""The slugs of documents, by those of topics."""


def document_about(topic: str) -> Document | None:
    return document_of(DOCUMENT_OF.get(topic, ""))
