"""Pages that hang leave threads for /healthz."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from bowline.health import Health
from bowline.places import Places, places


@pytest.fixture(autouse=True)
def two_places(settings: Any) -> Iterator[None]:
    settings.PAGES_AT_ONCE = 2
    places.cache_clear()
    yield
    places.cache_clear()


PATHS = ["/healthz", "/readyz"]


def ask(path: str) -> HttpResponse:
    request = HttpRequest()
    request.path_info = path
    return Health(Places(HttpResponse))(request)


@pytest.mark.django_db
def test_a_page_more_than_there_are_places_is_refused_at_once() -> None:
    both_wait, released = Barrier(3), Event()

    def hang(request: HttpRequest) -> HttpResponse:
        both_wait.wait(30)
        released.wait(30)
        return HttpResponse("page")

    middleware = Places(hang)
    with ThreadPoolExecutor(2) as pool:
        pages = [pool.submit(middleware, HttpRequest()) for _ in range(2)]
        both_wait.wait(30)
        third = middleware(HttpRequest())
        healths = [ask(path) for path in PATHS]
        released.set()

    assert third.status_code == 503
    assert third.headers["Retry-After"] == "5"
    assert b"Try again in a few seconds" in third.content
    assert [one.status_code for one in healths] == [503, 503]
    assert all(third.content.strip() in one.content for one in healths)
    assert [page.result().content for page in pages] == [b"page"] * 2
    assert ask("/healthz").content.startswith(b"ok\n")


@pytest.mark.django_db
def test_asking_for_health_takes_no_place() -> None:
    assert [ask("/healthz").status_code for _ in range(3)] == [200] * 3
    assert Places(lambda _: HttpResponse())(HttpRequest()).status_code == 200


def test_a_place_is_free_again_after_a_page_that_failed() -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    middleware = Places(fail)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            middleware(HttpRequest())
