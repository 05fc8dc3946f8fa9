"""Every address. tests/web/access_table.py says who may reach which; one without a row fails."""

from __future__ import annotations

from django.urls import include, path

from openrapport_web import doors, views

urlpatterns = [
    path("", views.home, name="home"),
    path("health", views.health, name="health"),
    path("account/", include("openrapport_web.people.account_urls")),
    path("people/", include("openrapport_web.people.urls")),
    path("", include("openrapport_web.caseload.urls")),
    path("", include("openrapport_web.recordings.urls")),
    path("", include("openrapport_web.place.urls")),
    path("", include("openrapport_web.feedback.urls")),
    path("", include("openrapport_web.repairs.urls")),
    path("", include("openrapport_web.goals.urls")),
    path("", include("openrapport_web.course.urls")),
    path("demo/", doors.demo_doors, name="demo_doors"),
    path("audit/", include("openrapport_web.audit.urls")),
    path("", include("openrapport_web.api.urls")),
]
handler400 = "openrapport_web.errors.bad_request"
handler403 = "openrapport_web.errors.not_allowed"
handler404 = "openrapport_web.errors.not_found"
handler500 = "openrapport_web.errors.our_fault"
