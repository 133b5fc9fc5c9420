"""Links to the console's “Quick create stack”, and the policies of the bucket."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from onboarding.handoff.quick_create import TemplateBucket, quick_create
from onboarding.handoff.scripts import Stack
from onboarding.partitions import PARTITIONS
from onboarding.spinnaker.bundle.file import File
from tests.onboarding.handoff.test_deployed import HOSTILE

DOCS = Path(__file__).parents[3] / "docs" / "onboard" / "hand-off.md"
TEXT = "Resources: {}\n"


def stack(region: str, **parameters: str) -> Stack:
    return Stack("bowline-staging", region, File("s.yml", TEXT), parameters)


@pytest.mark.parametrize(
    ("partition", "host", "s3"),
    [
        ("aws", "us-east-1.console.aws.amazon.com", "amazonaws.com"),
        ("aws-us-gov", "us-gov-west-1.console.amazonaws-us-gov.com", "amazonaws.com"),
        ("aws-cn", "cn-north-1.console.amazonaws.cn", "amazonaws.com.cn"),
    ],
)
def test_each_partition_has_its_own_console(partition: str, host: str, s3: str) -> None:
    home = PARTITIONS[partition].home_region
    bucket = TemplateBucket("templates", home, "bowline/")

    link = urlsplit(quick_create(partition, stack(home), bucket.url(TEXT)))

    assert (link.scheme, link.netloc, link.query) == ("https", host, f"region={home}")
    path, _, query = link.fragment.partition("?")
    assert path == "/stacks/quickcreate"
    (template,) = parse_qs(query)["templateURL"]
    assert template.startswith(f"https://templates.s3.{home}.{s3}/bowline/")


def test_the_query_is_behind_the_fragment_and_names_each_parameter() -> None:
    link = quick_create("aws", stack("us-east-1", ExternalId=HOSTILE), "https://t")

    asked = parse_qs(urlsplit(link).fragment.partition("?")[2])
    assert asked == {
        "templateURL": ["https://t"],
        "stackName": ["bowline-staging"],
        "param_ExternalId": [HOSTILE],
    }
    assert not set(link) & set("'\"`;\\ <>")


def test_each_text_has_a_key_of_its_own() -> None:
    bucket = TemplateBucket("templates", "us-east-1", "bowline/")

    assert bucket.key(TEXT) == bucket.key(TEXT)
    assert bucket.key(TEXT) != bucket.key(f"{TEXT}#")
    assert re.fullmatch(r"bowline/[0-9a-f]{64}\.yml", bucket.key(TEXT))


def test_the_documented_policies_are_these() -> None:
    bucket = TemplateBucket("BUCKET", "us-east-1", "bowline/")
    blocks = re.findall(r"```json\n(.*?)```", DOCS.read_text(), re.DOTALL)
    documented = [json.loads(block) for block in blocks]

    assert bucket.upload_policy("aws") in documented
    assert bucket.bucket_policy("aws", "o-EXAMPLE") in documented
