"""What a managed policy says, in the version that is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onboarding.aws.client import AccountClient, parsed
from onboarding.aws.known import Version
from onboarding.aws.session import Sessions
from onboarding.resources.policy import Policy

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import PolicyTypeDef


def document_of(
    client: AccountClient, sessions: Sessions, found: PolicyTypeDef
) -> Policy | None:
    """Read it unless that version was read or written before; None: it is gone."""
    version = Version(found["PolicyId"], found["DefaultVersionId"])
    documents, arn = sessions.documents, found["Arn"]
    if known := documents.get(version, arn):
        return documents.keep(version, known, arn)
    answer = client.find(
        client.iam.get_policy_version,
        f"read policy {found['PolicyName']}",
        PolicyArn=arn,
        VersionId=version.number,
    )
    if answer is None:
        return None
    document = Policy.of(parsed(answer["PolicyVersion"]["Document"]))
    return documents.keep(version, document, arn)
