"""One client of boto3's for each service and region, whichever account is called.

Building one costs milliseconds and up to a megabyte, using it less than one: so all
accounts share it, and with it its connections. Who signs a call is bound to the copy of
the client that makes it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field
from functools import cache, partial
from queue import LifoQueue
from typing import Any
from weakref import WeakSet

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    ReadOnlyCredentials,
)
from botocore.exceptions import UnknownRegionError

from onboarding.aws.errors import (
    ABSENT,
    BAD_CREDENTIALS,
    DENIED,
    NOT_YET,
    QUOTA,
    THROTTLED,
    TRUSTS_NO_ONE,
    UNKNOWN_CALL,
    refuse_html,
)
from onboarding.aws_calls import ANSWERS, Answer
from onboarding.partitions import PARTITIONS

USER_AGENT = "bowline"
"""Its calls have it in CloudTrail."""
CONFIG = Config(
    # A connection more than this is closed after its call. Threads inside threads: a
    # worker's runs, and the few reads that each makes at once.
    max_pool_connections=256,
    # “standard” counts a client's failures: one account that is throttled would use up
    # what all others may repeat.
    retries={"mode": "legacy", "total_max_attempts": 3},
    connect_timeout=5,
    read_timeout=15,
    # What boto3 says of the machine takes as long to say as a signature, twice a call.
    user_agent=f"Boto3/{boto3.__version__}",
    user_agent_extra=USER_AGENT,
)
"""Three attempts take up to a minute; the process extends the lease of its runs."""

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
    "lambda",
    "organizations",
    "secretsmanager",
    "sts",
)
"""Every service that Bowline calls."""

COUNTED_ERRORS = (
    ABSENT
    | BAD_CREDENTIALS
    | DENIED
    | NOT_YET
    | QUOTA
    | THROTTLED
    | TRUSTS_NO_ONE
    | UNKNOWN_CALL
)
"""The codes that are counted by name: what AWS writes else may be anything."""
NO_ANSWER, SERVER_ERROR, OTHER_ERROR = "no answer", "server error", "other"

CONNECTED: WeakSet[Any] = WeakSet()
"""What has the connections of each shared client."""

BUILDING = threading.Lock()
"""Held by whoever builds something: boto3's sessions are not thread-safe."""


@dataclass(frozen=True, slots=True, eq=False)
class Signer:
    """Whose credentials sign a call, and who counts what is sent."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    sent: Callable[[], None] = field(repr=False)
    session: str = ""
    """The ARN of the session whose they are; empty: they are Bowline's own."""


SIGNER: ContextVar[Signer] = ContextVar("signer")
"""Set while a call is made, in the thread that makes it. Unset: nothing is signed."""


class SignersCredentials(Credentials):
    """What a shared client signs with: the credentials of whoever makes the call."""

    def __init__(self) -> None:
        super().__init__(access_key="", secret_key="")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        signer = SIGNER.get()
        return ReadOnlyCredentials(
            signer.access_key, signer.secret_key, signer.token or None
        )


class SignersProvider(CredentialProvider):
    """Keeps boto3 from looking for credentials of its own."""

    METHOD = CANONICAL_NAME = "custom-signer"

    def load(self) -> Credentials:
        return SignersCredentials()


class SignedCalls:
    """What is added to boto3's clients: a call is made as the client's signer."""

    signer: Signer

    def _make_api_call(self, *call: Any) -> Any:
        before = SIGNER.set(self.signer)
        try:
            return super()._make_api_call(*call)  # type: ignore[misc]
        finally:
            SIGNER.reset(before)


@cache
def shared_core() -> botocore.session.Session:
    """Build what is under the process's boto3 session, service models included."""
    core = botocore.session.Session()
    core.set_config_variable("sts_regional_endpoints", "regional")
    core.register_component(
        "credential_provider", CredentialResolver([SignersProvider()])
    )
    core.register("creating-client-class", sign_calls)
    return core


@cache
def boto3s_events() -> Any:
    """Build what boto3 does at each step of a call: more than half of a session."""
    return botocore.session.Session().get_component("event_emitter")


def bare_core() -> botocore.session.Session:
    """Build a session of boto3's that knows nothing yet, and signs as boto3 does."""
    with BUILDING:
        loader = shared_core().get_component("data_loader")
        events = copy(boto3s_events())
    core = botocore.session.Session(event_hooks=events, include_builtin_handlers=False)
    core.register_component("data_loader", loader)
    return core


def sign_calls(**creating: Any) -> None:
    creating["base_classes"].insert(0, SignedCalls)


@cache
def shared_session() -> Any:
    """Build the process's boto3 session."""
    return boto3.session.Session(botocore_session=shared_core())


@cache
def shared_client(service: str, region: str) -> Any:
    """Build a service's client, which nobody calls; only while BUILDING is held."""
    client = shared_session().client(service, region_name=region, config=CONFIG)
    name = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"request-created.{name}", encode_once)
    client.meta.events.register("before-send", count)
    client.meta.events.register("before-parse", refuse_html)
    client.meta.events.register("response-received", partial(tell, service))
    CONNECTED.add(client._endpoint.http_session)
    return client


def close_unused_connections() -> None:
    """Close the connections to AWS that no call uses at this moment.

    boto3 keeps as many to each service and region as were ever used at once, also after
    AWS has closed them. Closing one that is needed again costs a handshake.
    """
    with BUILDING:
        managers = [one._manager for one in CONNECTED]
    for manager in managers:
        for host in manager.pools.keys():  # noqa: SIM118 - no mapping: it has no order
            if pool := manager.pools.get(host):
                empty(pool.pool)


def empty(unused: LifoQueue[Any]) -> None:
    """Close what is in a pool's queue; its places stay, for connections to come."""
    with unused.mutex:
        found = [one for one in unused.queue if one]
        unused.queue[:] = [None] * len(unused.queue)
    for connection in found:
        connection.close()


def encode_once(request: Any, **_: Any) -> None:
    """Keep what is signed for what is sent: boto3 encodes a form for each of them."""
    if isinstance(request.data, dict):
        request.data = request.body


def session_of(client: Any) -> str:
    """Name the session that signs a client's calls; empty: Bowline's own credentials
    do.
    """
    session: str = client.signer.session
    return session


def is_offered(service: str, region: str) -> bool:
    """Return whether AWS has an endpoint of the service in the region, as far as boto3
    knows the two.
    """
    core = shared_core()
    with BUILDING:
        try:
            partition = core.get_partition_for_region(region)
        except UnknownRegionError:
            return True
        known = core.get_available_regions(service, partition_name=partition)
    return not known or region in known


def count(**_: Any) -> None:
    SIGNER.get().sent()


def tell(
    service: str,
    event_name: str,
    parsed_response: Any = None,
    exception: Exception | None = None,
    **_: Any,
) -> None:
    """Count an answer of AWS, also one that boto3 asks again after."""
    operation = f"{service}:{event_name.rpartition('.')[2]}"
    error = NO_ANSWER if exception else counted_error(parsed_response)
    ANSWERS.add(Counter([Answer(operation, error)]))


def counted_error(answer: Any) -> str:
    """Name the error of an answer, in one of few words; empty: it is none."""
    if "Error" not in answer:
        return ""
    code = answer["Error"].get("Code", "")
    if code in COUNTED_ERRORS:
        return str(code)
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return SERVER_ERROR if status >= 500 else OTHER_ERROR


def client_of(signer: Signer, service: str, region: str) -> Any:
    """Return a client whose calls are made as the signer, from any thread."""
    with BUILDING:
        shared = shared_client(service, region)
    client = object.__new__(type(shared))
    vars(client).update(vars(shared), signer=signer)
    return client


def load_models() -> None:
    """Load AWS's description of every service that Bowline calls.

    Call it before processes are forked: they share what it loaded. It sends nothing
    and needs no credentials.
    """
    for service in SERVICES:
        with BUILDING:
            client = shared_client(service, PARTITIONS["aws"].home_region)
            client.can_paginate(next(iter(client.meta.method_to_api_mapping)))
