"""A stand-in for the aws command in an owner's shell, made by boto3."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import boto3
import jmespath
from botocore.exceptions import ClientError

from tests import emulated_stacks

CALLS = {
    ("sts", "get-caller-identity"): (),
    ("iam", "list-roles"): ("path-prefix",),
    ("iam", "create-service-linked-role"): ("aws-service-name",),
    ("cloudformation", "describe-stacks"): ("stack-name",),
    ("kms", "create-grant"): ("cli-input-json",),
}


def main(words: list[str]) -> int:
    service, operation, *rest = words
    if operation == "wait":
        operation, *rest = rest
        waiter = client(service).get_waiter(operation.replace("-", "_"))
        options = asked(rest, "stack-name")
        waiter.wait(StackName=options["stack-name"], WaiterConfig={"Delay": 1})
        return 0
    if operation == "deploy":
        deploy(rest)
        return 0
    if operation == "delete-stack":
        options = asked(rest, "stack-name")
        region = options["region"]
        emulated_stacks.delete(lambda of: client(of, region), options["stack-name"])
        return 0
    options = asked(rest, *CALLS[service, operation])
    given = json.loads(options.pop("cli-input-json", "{}"))
    given |= {parameter(name): value for name, value in options.items()}
    query, output = given.pop("Query", ""), given.pop("Output", "")
    region = given.pop("Region", "")
    call = getattr(client(service, region), operation.replace("-", "_"))
    try:
        answer = call(**given)
    except ClientError as error:
        # The emulator gives the roles of two of ECS's services one name.
        if "Role with name AWSServiceRoleForEcs already exists" in str(error):
            return 0
        raise
    if query:
        assert output == "text"
        found = jmespath.search(query, answer)
        print("\t".join(found) if isinstance(found, list) else found)
    return 0


def asked(words: list[str], *names: str) -> dict[str, str]:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in (*names, "region", "query", "output"):
        parser.add_argument(f"--{name}", dest=name)
    return {k: v for k, v in vars(parser.parse_args(words)).items() if v is not None}


def parameter(option: str) -> str:
    words = "".join(word.title() for word in option.split("-"))
    return words.replace("Aws", "AWS")


def client(service: str, region: str = "") -> Any:
    return boto3.client(service, region_name=region or "us-east-1")


def deploy(words: list[str]) -> None:
    """Create or update, as the real one does with change sets."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("region", "stack-name", "template-file", "capabilities"):
        parser.add_argument(f"--{name}", dest=name, required=True)
    parser.add_argument("--parameter-overrides", dest="given", nargs="+", default=[])
    parser.add_argument("--no-fail-on-empty-changeset", action="store_true")
    options = vars(parser.parse_args(words))
    given = [one.partition("=") for one in options["given"]]
    emulated_stacks.deploy(
        lambda service: client(service, options["region"]),
        options["stack-name"],
        Path(options["template-file"]).read_text(),
        {key: value for key, _, value in given},
        Capabilities=[options["capabilities"]],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
