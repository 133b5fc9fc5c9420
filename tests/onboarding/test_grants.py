from __future__ import annotations

from onboarding.grants import Access, Grant


def test_a_grant_is_a_statement():
    grant = Grant("Sid", Access.READ, "caching", ("a:B",))

    assert grant.statement == {"Sid": "Sid", "Action": ["a:B"], "Resource": ["*"]}


def test_a_condition_is_part_of_the_statement():
    condition = {"Bool": {"aws:SecureTransport": "true"}}
    grant = Grant("Sid", Access.WRITE, "deploy", ("a:B",), condition=condition)

    assert grant.statement["Condition"] == condition
