"""aws/key-grants.json: what CloudFormation cannot make."""

from __future__ import annotations

import json

from tests.bundles import files_of, with_every_provider
from tests.factories import image_key

PATH = "aws/key-grants.json"


def test_grants_on_keys_are_listed_as_kms_takes_them() -> None:
    key = image_key()
    bundled = with_every_provider(bakes=True, image_keys=(key,))

    entries = json.loads(files_of(bundled)[PATH])

    assert len(entries) == 2
    request = entries[0]["request"]
    assert entries[0]["region"] == "us-east-1"
    assert entries[0]["account_id"] == request["GranteePrincipal"].split(":")[4]
    assert request["KeyId"] == key
    assert request["GranteePrincipal"].endswith("AWSServiceRoleForAutoScaling")
    assert set(request) == {"KeyId", "GranteePrincipal", "Operations", "Name"}


def test_templates_leave_them_out() -> None:
    files = files_of(with_every_provider(bakes=True, image_keys=(image_key(),)))

    assert "KMS::" not in files["aws/managing/iam.yml"]


def test_there_is_no_such_file_without_keys() -> None:
    assert PATH not in files_of(with_every_provider(bakes=True))
