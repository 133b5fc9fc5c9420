"""Secrets are encrypted, and no other key or text opens them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.factors.sealing import Sealed, seal, unseal


def test_what_was_sealed_is_read_again_and_looks_otherwise_each_time() -> None:
    first, second = seal("secret"), seal("secret")

    assert unseal(first) == unseal(second) == "secret"
    assert first != second
    assert "secret" not in first


@pytest.mark.parametrize(
    "text", ["", "secret", "gAAAA", "\u202e", "a\x00b", "x" * 9000]
)
def test_what_was_not_sealed_is_refused(text: str) -> None:
    with pytest.raises(Sealed):
        unseal(text)


def test_another_key_opens_nothing_unless_it_is_a_former_one(settings: Any) -> None:
    sealed, former = seal("secret"), settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    with pytest.raises(Sealed):
        unseal(sealed)

    settings.SECRET_KEY_FALLBACKS = [former]

    assert unseal(sealed) == "secret"
