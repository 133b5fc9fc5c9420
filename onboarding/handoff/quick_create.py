"""The console's page that creates a stack from a template in S3, with all filled in.

CloudFormation reads the template with the rights of whoever creates the stack, so the
bucket's policy lets the organization read it: a presigned URL would end within hours.
Each text has its own key, which stays: owners update a stack months later.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from onboarding.access_role import allow, policy
from onboarding.handoff.scripts import Stack
from onboarding.partitions import PARTITIONS, arn

CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}


@dataclass(frozen=True, slots=True)
class TemplateBucket:
    """Where Bowline may put templates, and nothing else."""

    name: str
    region: str
    prefix: str = ""
    """Such as `bowline/`."""

    def key(self, text: str) -> str:
        return f"{self.prefix}{hashlib.sha256(text.encode()).hexdigest()}.yml"

    def url(self, text: str) -> str:
        """Say where the template is: the console takes a URL of S3 itself only."""
        partition = next(p for p in PARTITIONS.values() if self.region in p.regions)
        host = f"{self.name}.s3.{self.region}.{partition.dns_suffix}"
        return f"https://{host}/{quote(self.key(text))}"

    def objects(self, partition: str) -> str:
        return arn(partition, "s3", "", f"{self.name}/{self.prefix}*")

    def upload_policy(self, partition: str) -> dict[str, Any]:
        """Return what Bowline's own identity needs."""
        return policy(allow("PutTemplates", ["s3:PutObject"], self.objects(partition)))

    def bucket_policy(self, partition: str, organization: str) -> dict[str, Any]:
        """Let every account of the organization read the templates."""
        return policy(
            {
                "Sid": "OwnersReadTemplates",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": self.objects(partition),
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization}},
            }
        )


def quick_create(partition: str, stack: Stack, template_url: str) -> str:
    """Return the link. It only creates: of a later version the console needs the stack.

    The query is behind the #, and there each parameter is called param_NAME.
    """
    console = f"https://{stack.region}.{CONSOLES[partition]}/cloudformation/home"
    asked = {
        "templateURL": template_url,
        "stackName": stack.name,
        **{f"param_{name}": value for name, value in stack.parameters.items()},
    }
    query = urlencode(asked, quote_via=quote, safe="")
    return f"{console}?region={stack.region}#/stacks/quickcreate?{query}"
