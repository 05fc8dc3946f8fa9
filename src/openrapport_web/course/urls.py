"""The addresses of courses and of the page for a review together."""

from __future__ import annotations

from django.urls import path

from openrapport_web.course import views

urlpatterns = [
    path("my/course", views.my_course, name="my_course"),
    path("clients/<uuid:key>/course", views.client_course, name="client_course"),
    path("episodes/<uuid:key>/review", views.review_page, name="review_page"),
]
