"""docs/install/aws-identity.md grants what the code calls, and nothing else; and what
AWS gives in pages is read to the end.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session

from onboarding.aws.shared_clients import shared_core

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs" / "install" / "aws-identity.md"
CODE = ("onboarding/aws", "onboarding/verify", "accounts")
SERVICES = ("ec2", "eks", "iam", "kms", "organizations", "sts")
"""Those of which Bowline calls what its own code names."""

WITHOUT_A_CALL = {
    # IAM and EKS ask for these when something is made with tags, or passed on.
    "eks:TagResource",
    "iam:PassRole",
    "iam:TagOpenIDConnectProvider",
    "iam:TagPolicy",
}
CONDITION_KEYS = {"iam:PermissionsBoundary", "kms:GranteePrincipal"}
WITHOUT_A_RIGHT = {"sts:GetCallerIdentity"}
"""AWS grants it to everybody."""
BY_KIND = {
    "iam:GetUser",
    "iam:GetUserPolicy",
    "iam:ListAttachedUserPolicies",
    "iam:ListUserPolicies",
}
"""Holder puts the kind into the name: `get_{}` is of a role or of a user."""
AS_SPINNAKER = {"ec2:DescribeAvailabilityZones"}
"""Asked as Spinnaker's identity, which its own policy allows."""
OF_PROVIDERS = {
    "ec2:DescribeRegions",
    "eks:DescribeCluster",
    "eks:ListAssociatedAccessPolicies",
    "eks:ListClusters",
}
"""Named as data, in a Call of a provider or check."""
READS_PAGES = ("call_all", "NextToken", "Marker")
"""One of these is where a list is read: all of it at once, or page after page."""
ONE_PAGE = {"iam:ListPolicyVersions"}
"""A policy has five."""


def operations() -> dict[str, set[str]]:
    """Give the actions that a method's name can mean."""
    known: dict[str, set[str]] = {}
    for service in SERVICES:
        model = shared_core().get_service_model(service)
        for name in model.operation_names:
            known.setdefault(xform_name(name), set()).add(f"{service}:{name}")
    return known


def called() -> set[str]:
    """Find every method of boto3's clients that the code names."""
    known = operations()
    return {action for tree in trees() for action in named(tree, known)}


def trees() -> Iterator[ast.Module]:
    for folder in CODE:
        for path in (ROOT / folder).rglob("*.py"):
            yield ast.parse(path.read_text())


def named(tree: ast.AST, known: dict[str, set[str]]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in known:
            yield from of_client(node, known[node.attr])


def of_client(node: ast.Attribute, actions: set[str]) -> set[str]:
    """Keep the actions of the service by whose name the client is called here."""
    client = ast.unparse(node.value).lower()
    return {action for action in actions if action.split(":")[0] in client}


def documented() -> set[str]:
    """Read every action that the document names."""
    text = DOCS.read_text()
    names = re.findall(rf"[\"`]((?:{'|'.join(SERVICES)}):[A-Z]\w+)[\"`]", text)
    return {*names} - CONDITION_KEYS


def services() -> set[str]:
    """Find the services whose clients the code makes, as their endpoints are named."""
    made = ("Call", "service_client", "client_with", "operation")
    found = {
        word.value
        for path in (ROOT / "onboarding").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(made)
        for word in node.args[:2]
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }
    core = shared_core()
    known = found & {*core.get_available_services()}
    return {core.get_service_model(one).endpoint_prefix for one in known}


def test_every_service_that_is_called_is_among_the_connections() -> None:
    rows = (ROOT / "SECURITY.md").read_text().splitlines()
    (row,) = [one for one in rows if one.startswith("| workers, `manage.py` | AWS")]

    assert {*re.findall(r"`([a-z0-9]+)`", row)} == services()


def test_every_call_of_the_code_is_granted_in_the_document() -> None:
    made = called() - WITHOUT_A_RIGHT - AS_SPINNAKER

    assert len(made) > 40
    assert made - documented() == set()


def test_every_action_of_the_document_is_called() -> None:
    made = called() | WITHOUT_A_CALL | BY_KIND | OF_PROVIDERS

    assert documented() - made == set()


def test_what_aws_gives_in_pages_is_read_to_the_end() -> None:
    known = operations()
    paged = {
        f"{service}:{name}"
        for service in SERVICES
        for name in get_session().get_paginator_model(service)._paginator_config
    }
    lists = [
        (action, ast.unparse(node))
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for action in paged & {*named(node, known)} - ONE_PAGE
    ]

    cut = {one for one, code in lists if not any(word in code for word in READS_PAGES)}
    assert len(lists) > 20
    assert cut == set()
