"""What every client of boto3 is made of: built once for the whole process.

Building it costs far more than using it, and boto3's sessions are not thread-safe:
whoever builds something holds BUILDING.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from onboarding.partitions import PARTITIONS

CONFIG = Config(
    max_pool_connections=64,  # a batch asks STS from many threads at once
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=5,
    read_timeout=15,
    user_agent_extra="bowline",
)
"""Three attempts stay within a run's lease of a minute."""

SERVICES = (
    "autoscaling",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "ecs",
    "eks",
    "elbv2",
    "iam",
    "kms",
    "kms",
    "lambda",
    "organizations",
    "secretsmanager",
    "sts",
)
"""Every service that Bowline calls."""

BUILDING = threading.Lock()


@cache
def shared_core() -> botocore.session.Session:
    """Build what is under the process's boto3 session, service models included."""
    core = botocore.session.Session()
    core.set_config_variable("sts_regional_endpoints", "regional")
    return core


@cache
def shared_session() -> Any:
    """Build the process's boto3 session; only explicit credentials go with it."""
    return boto3.session.Session(botocore_session=shared_core())


def load_models() -> None:
    """Load AWS's description of every service that Bowline calls.

    Call it before processes are forked: they share what it loaded. It sends nothing
    and needs no credentials.
    """
    region = PARTITIONS["aws"].home_region
    for service in SERVICES:
        client = build_client(service, region, access_key="-", secret_key="-")
        client.can_paginate(next(iter(client.meta.method_to_api_mapping)))


def build_client(
    service: str, region: str, *, access_key: str, secret_key: str, token: str = ""
) -> Any:
    with BUILDING:
        return shared_session().client(
            service,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token or None,
            config=CONFIG,
        )
