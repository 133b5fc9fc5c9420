"""The URLs of taking over existing roles."""

from __future__ import annotations

from django.urls import path

from accounts.web.taking_over import views

pages = [
    path("accounts/<uuid:pk>/take-over/", views.take_over, name="take-over"),
    path("runs/<uuid:pk>/undo/", views.undo, name="undo"),
]
