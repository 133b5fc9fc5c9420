"""Request: one call of AWS as the proxy reads it, in whichever protocol it came."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote

SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
PATHS = (
    (
        re.compile(r"/clusters/(?P<clusterName>[^/]+)/access-entries"),
        {"POST": "CreateAccessEntry", "GET": "ListAccessEntries"},
    ),
    (
        re.compile(
            r"/clusters/(?P<clusterName>[^/]+)/access-entries/(?P<principalArn>[^/]+)"
        ),
        {
            "GET": "DescribeAccessEntry",
            "DELETE": "DeleteAccessEntry",
            "POST": "UpdateAccessEntry",
        },
    ),
    (
        re.compile(
            r"/clusters/(?P<clusterName>[^/]+)/access-entries/(?P<principalArn>[^/]+)"
            r"/access-policies"
        ),
        {"GET": "ListAssociatedAccessPolicies", "POST": "AssociateAccessPolicy"},
    ),
    (
        re.compile(
            r"/clusters/(?P<clusterName>[^/]+)/access-entries/(?P<principalArn>[^/]+)"
            r"/access-policies/(?P<policyArn>[^/]+)"
        ),
        {"DELETE": "DisassociateAccessPolicy"},
    ),
    (re.compile(r"/clusters"), {"GET": "ListClusters", "POST": "CreateCluster"}),
    (re.compile(r"/clusters/(?P<name>[^/]+)"), {"GET": "DescribeCluster"}),
)
"""What EKS's paths mean; of other REST services only the method counts."""
READS = ("Describe", "Get", "List", "Simulate")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, of whom, and by which access key."""

    service: str
    region: str
    operation: str
    key: str
    protocol: str
    """query, ec2, json or rest-json."""
    parameters: dict[str, Any] = field(hash=False)
    text: str
    """All that tells it from other calls of the same account."""

    GLOBAL: ClassVar = ("iam", "organizations", "sts")

    @classmethod
    def of(cls, method: str, path: str, headers: Any, body: bytes) -> Request:
        scope = SCOPE.search(headers.get("Authorization", ""))
        key, region, service = scope.groups() if scope else ("", "", "")
        path = path.partition("?")[0]
        protocol, operation, parameters = parsed(method, path, headers, body)
        if service == "ec2" and protocol == "query":
            protocol = "ec2"
        text = f"{service} {region} {operation} {path} {body.decode('latin-1')}"
        return cls(service, region, operation, key, protocol, parameters, text)

    @property
    def is_read(self) -> bool:
        return self.operation.startswith(READS)

    @property
    def is_write(self) -> bool:
        return not self.is_read and self.operation not in ("AssumeRole", "")

    @property
    def role(self) -> str:
        """Name the role that it is about; empty where it is about none."""
        return str(self.parameters.get("RoleName", ""))


def parsed(
    method: str, path: str, headers: Any, body: bytes
) -> tuple[str, str, dict[str, Any]]:
    """Give the protocol, the operation and its parameters."""
    if target := headers.get("X-Amz-Target"):
        return "json", target.rpartition(".")[2], dict(json.loads(body or b"{}"))
    if "x-www-form-urlencoded" in headers.get("Content-Type", ""):
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        return "query", form.pop("Action", ""), form
    sent = json.loads(body) if body[:1] == b"{" else {}
    for pattern, operations in PATHS:
        if (found := pattern.fullmatch(path)) and method in operations:
            named = {name: unquote(text) for name, text in found.groupdict().items()}
            return "rest-json", operations[method], {**sent, **named}
    verb = {"GET": "Get", "DELETE": "Delete"}.get(method, "Create")
    return "rest-json", verb, sent
