"""How tests reach a Gate on this machine, and what it refuses."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from onboarding.delivery.addresses import Allowed
from onboarding.delivery.gate import Gate
from onboarding.delivery.transport import GateError, Limits, SignIn, sender

HERE = Allowed(networks=("127.0.0.0/8",), plain_http=True)


def gate_at(
    url: str, sign_in: SignIn | None = None, *, limits: Limits | None = None
) -> Gate:
    send = sender(url, sign_in or SignIn(), allowed=HERE, limits=limits or Limits())
    return Gate(send, lambda _: None)


def refused(ask: Callable[[], Any]) -> GateError:
    with pytest.raises(GateError) as caught:
        ask()
    return caught.value


def resolving(*addresses: str) -> Callable[..., Any]:
    """Stand in for the resolver: every name has these addresses."""

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> Any:
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in addresses
        ]

    return getaddrinfo
