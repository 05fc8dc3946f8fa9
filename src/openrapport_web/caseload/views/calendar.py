"""A therapist's meetings for their own calendar program."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from openrapport_web import access
from openrapport_web.caseload import actions
from openrapport_web.caseload.models import CalendarFeed, Meeting, MeetingState
from openrapport_web.people.models import Role

__all__ = ["calendar_feed", "calendar_page"]

_BACK, _AHEAD = timedelta(days=60), timedelta(days=400)
_STATUS = {MeetingState.CANCELLED: "CANCELLED", MeetingState.MISSED: "CANCELLED"}


@login_required
def calendar_page(request: HttpRequest) -> HttpResponse:
    """Make the secret address, shown once; making a new one ends the old one."""
    access.require(request.user, Role.THERAPIST)
    address = ""
    if request.method == "POST":
        token = actions.new_feed(actor=request.user)
        address = request.build_absolute_uri(reverse("calendar_feed", kwargs={"token": token}))
    has_one = CalendarFeed.objects.filter(user=access.me(request)).exists()
    return render(request, "caseload/calendar_page.html", {"address": address, "has_one": has_one})


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Give a calendar program the meetings, without names: it may lie in somebody's cloud."""
    feed = (
        CalendarFeed.objects.select_related("user").filter(token_hash=actions.feed_hash(token)).first()
    )
    if feed is None:
        raise Http404
    now = timezone.now()
    held = access.meetings_in_care(feed.user).filter(starts_at__range=(now - _BACK, now + _AHEAD))
    if not access.is_here(feed.user):
        raise Http404
    calendar = Calendar()
    calendar.add("prodid", "-//OpenRapport//Meetings//EN")
    calendar.add("version", "2.0")
    for meeting in held.order_by("starts_at"):
        calendar.add_component(_event(meeting))
    body = calendar.to_ical()
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304)
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers={"ETag": etag})


def _event(meeting: Meeting) -> Event:
    event = Event()
    event.add("uid", f"{meeting.key}@openrapport")
    event.add("dtstamp", meeting.made_at)
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.starts_at + timedelta(minutes=meeting.minutes))
    # "Meeting", not a name: who is in therapy is nobody's business but theirs.
    event.add("summary", f"Meeting ({meeting.get_mode_display().lower()})")
    event.add("status", _STATUS.get(MeetingState(meeting.state), "CONFIRMED"))
    event.add("sequence", meeting.version)
    return event
