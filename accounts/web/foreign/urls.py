"""The URLs of policies of others."""

from __future__ import annotations

from django.urls import path

from accounts.web.foreign import alike, views

SAME = "foreign-policies/alike/<slug:alike>"

pages = [
    path("foreign-policies/", views.foreign_policies, name="foreign-policies"),
    path(f"{SAME}/", alike.same_policies, name="foreign-alike"),
    path(f"{SAME}/ask/", alike.ask, name="foreign-alike-ask"),
    path(f"{SAME}/accept/", alike.accept, name="foreign-alike-accept"),
    path(f"{SAME}/end/", alike.end, name="foreign-alike-end"),
    path("foreign-policies/<int:number>/", views.foreign_policy, name="foreign-policy"),
    path("foreign-policies/<int:number>/ask/", views.ask, name="foreign-policy-ask"),
    path(
        "foreign-policies/<int:number>/accept/",
        views.accept,
        name="foreign-policy-accept",
    ),
    path("foreign-policies/<int:number>/end/", views.end, name="foreign-policy-end"),
]
