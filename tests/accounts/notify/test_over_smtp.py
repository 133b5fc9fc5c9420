"""Mail over a real connection, with Django's own backend."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import Activity, Notification
from accounts.models.states import Status
from accounts.notify.sending import deliver
from accounts.runs.rollouts.census import runs_of
from tests.accounts.notify.smtp import MailServer, mail_server
from tests.accounts.runs.rollouts.rows import move, plan


@pytest.fixture
def server(settings) -> Iterator[MailServer]:
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = False
        yield running


@pytest.fixture
def notification(rollout) -> Notification:
    """What a rollout notes in which one account failed."""
    plan(rollout)
    failed = runs_of(rollout).order_by("number").last()
    assert failed is not None
    error = {"message": "Größe\n.\nQUIT", "hint": "Fix it."}
    runs_of(rollout).filter(pk=failed.pk).update(status=Status.FAILED, error=error)
    move(rollout, Status.PLANNED, Status.VERIFIED)
    return Notification.objects.get()


def test_the_end_of_a_rollout_arrives(server, notification) -> None:
    deliver(notification)

    (message,) = server.messages
    assert server.recipients == ["<ann@example.com>"]
    assert message["Subject"] == (
        f"Bowline: {notification.rollout} is finished: 1 of 3 accounts failed"
    )
    assert message["From"] == "bowline@example.com"
    body = message.get_content().replace("\r\n", "\n")
    assert "- 1 account: Größe . QUIT\n  Fix: Fix it.\n" in body
    assert (
        f"https://bowline.example.com/runs/rollouts/{notification.rollout_id}/" in body
    )


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is missing")
def test_nobody_else_is_taken_for_the_mail_server(
    notification, settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "tls.crt"
    subprocess.run(
        [settings.BASE_DIR / "deploy/self-signed-certificate", "localhost", tmp_path],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "tls.key")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = True, False
    with mail_server(context) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", server.port
        deliver(notification)
        assert server.messages == []

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        Notification.objects.update(due_at=notification.created_at)
        deliver(Notification.objects.get())

    assert len(server.messages) == 1


def test_a_server_that_refuses_is_asked_again_and_takes_it_then(
    server, notification
) -> None:
    server.refusal = b"450 greylisted, try again later"
    deliver(notification)
    assert server.messages == []

    server.refusal = b""
    Notification.objects.update(due_at=notification.created_at)
    deliver(notification)

    assert len(server.messages) == 1
    assert not Activity.objects.filter(what="not sent").exists()


def test_a_server_that_is_not_there_breaks_nothing(notification, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    deliver(notification)

    notification.refresh_from_db()
    assert (notification.done_at, notification.tries) == (None, 1)
    assert notification.rollout is not None
    assert notification.rollout.has_ended
