"""Browsers are named as people call them, by what they really send."""

from __future__ import annotations

import pytest

from accounts.web.you.sessions import browser_of

LIKE_CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0"
LINUX, WINDOWS = "X11; Linux x86_64", "Windows NT 10.0; Win64; x64"
MAC = "Macintosh; Intel Mac OS X 10_15_7"


def chromium(system: str, hinted: str, *brands: str) -> dict[str, str]:
    names = ("Not)A;Brand", "Chromium", *brands)
    return {
        "User-Agent": f"{LIKE_CHROME.format(system)} Safari/537.36",
        "Sec-CH-UA": ", ".join(f'"{name}";v="143"' for name in names),
        "Sec-CH-UA-Platform": f'"{hinted}"',
    }


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        (chromium(LINUX, "Linux"), "Chromium on Linux"),
        (chromium(WINDOWS, "Windows", "Google Chrome"), "Chrome on Windows"),
        (chromium(MAC, "macOS", "Microsoft Edge"), "Edge on macOS"),
        (chromium("X11; CrOS x86_64", "Chrome OS", "Google Chrome"),
         "Chrome on ChromeOS"),
    ],
)  # fmt: skip
def test_hints_name_the_brand(headers: dict[str, str], name: str) -> None:
    assert browser_of(headers) == name


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"{LIKE_CHROME.format(LINUX)} Safari/537.36", "Chrome on Linux"),
        (
            f"{LIKE_CHROME.format(WINDOWS)} Safari/537.36 Edg/143.0.0.0",
            "Edge on Windows",
        ),
        (f"{LIKE_CHROME.format('Linux; Android 10; K')} Mobile Safari/537.36",
         "Chrome on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
         "Firefox on Linux"),
        (f"Mozilla/5.0 ({MAC}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 "
         "Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
         "(KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
         "Safari on iPhone"),
        ("curl/8.14.1", "curl"),
        ("Lynx/2.9", "Lynx/2.9"),
        ("x" * 500, "x" * 60),
        ("", ""),
    ],
)  # fmt: skip
def test_without_hints_the_user_agent_does(agent: str, name: str) -> None:
    assert browser_of({"User-Agent": agent}) == name
