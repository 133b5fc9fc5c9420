"""The URLs of what owners are given."""

from __future__ import annotations

from django.urls import path

from accounts.web.handoff import organization, versions, views

pages = [
    path(
        "accounts/hand-off/",
        organization.organization_hand_off,
        name="organization-hand-off",
    ),
    path(
        "accounts/hand-off/all.zip",
        organization.organization_archive,
        name="organization-hand-off-archive",
    ),
    organization.look,
    path("accounts/<uuid:pk>/hand-off/", views.hand_off_page, name="hand-off"),
    path(
        "accounts/<uuid:pk>/hand-off/all.zip",
        views.hand_off_archive,
        name="hand-off-archive",
    ),
    path(
        "accounts/<uuid:pk>/hand-off/version/<int:number>/",
        versions.hand_off_version,
        name="hand-off-version",
    ),
    path(
        "accounts/<uuid:pk>/hand-off/<path:path>",
        views.hand_off_file,
        name="hand-off-file",
    ),
]
