"""Where notices may go, as the operator says it by the environment."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from bowline.environment import env_notifications

NAMES = ("HOSTS", "NETWORKS", "SECRET_VARIABLES", "SECRET_DIRECTORY")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"NOTICE_{name}", raising=False)


def test_by_default_no_host_is_special() -> None:
    reach = env_notifications()

    assert (reach.hosts, reach.networks) == ((), ())
    assert reach.variables == ("SLACK_WEBHOOK_URL", "TEAMS_WEBHOOK_URL")
    assert reach.directory == "/run/secrets/notices"


def test_the_operator_allows_hosts_networks_and_secrets(monkeypatch) -> None:
    for name, value in zip(
        NAMES, ("chat.internal, ::1", "10.0.0.0/8", "A_B,C", "/srv/s"), strict=True
    ):
        monkeypatch.setenv(f"NOTICE_{name}", value)

    reach = env_notifications()

    assert reach.hosts == ("chat.internal", "::1")
    assert reach.networks == ("10.0.0.0/8",)
    assert (reach.variables, reach.directory) == (("A_B", "C"), "/srv/s")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOSTS", "https://chat.internal"),
        ("HOSTS", "chat.internal:8080"),
        ("NETWORKS", "chat.internal"),
        ("SECRET_VARIABLES", "A-B"),
        ("SECRET_DIRECTORY", "secrets"),
    ],
)
def test_nonsense_is_refused(monkeypatch, name, value) -> None:
    monkeypatch.setenv(f"NOTICE_{name}", value)

    with pytest.raises(ImproperlyConfigured, match=f"NOTICE_{name}"):
        env_notifications()
