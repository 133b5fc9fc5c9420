"""A stand-in for the aws command: the two calls of verify.sh, made by boto3."""

from __future__ import annotations

import argparse
import sys

import boto3
import jmespath
from botocore.exceptions import BotoCoreError, ClientError


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("service", choices=["sts"])
    parser.add_argument("operation")
    for name in ("region", "query", "output"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("role-arn", "role-session-name", "external-id"):
        parser.add_argument(f"--{name}")
    options = parser.parse_args(words)
    asked = {
        "RoleArn": options.role_arn,
        "RoleSessionName": options.role_session_name,
        "ExternalId": options.external_id,
    }
    client = boto3.client(options.service, region_name=options.region)
    call = getattr(client, options.operation.replace("-", "_"))
    try:
        answer = call(**{name: value for name, value in asked.items() if value})
    except (BotoCoreError, ClientError) as error:
        print(error, file=sys.stderr)
        return 254
    found = jmespath.search(options.query, answer)
    print("\t".join(found) if isinstance(found, list) else found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
