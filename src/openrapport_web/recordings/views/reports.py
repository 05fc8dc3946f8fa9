"""The report of a session: read, marked, corrected, compared."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport.reporting.index import side_by_side
from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.editing import ChangedMeanwhile, show_changes
from openrapport_web.people.models import User
from openrapport_web.recordings import bundles, corrections, pages
from openrapport_web.recordings.forms import MarkForm, UtteranceForm
from openrapport_web.recordings.marks import code_name, code_places, hand_places, set_mark
from openrapport_web.recordings.models import (
    Mark,
    SessionRecord,
    StoredReport,
    TranscriptVersion,
    Verdict,
)
from openrapport_web.recordings.refusals import Refused
from openrapport_web.recordings.views.changes import refusals_are_said
from openrapport_web.repairs.guidance import noticed_in

__all__ = [
    "mark_set",
    "report_json",
    "report_version",
    "session_compare",
    "session_page",
    "speakers_swap",
    "utterance_edit",
]


def _session(request: HttpRequest, key: UUID) -> SessionRecord:
    sessions = access.sessions(request.user).select_related("client", "meeting", "therapist")
    return access.found(sessions, key)


@login_required
@require_safe
def session_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Lead to the newest report; without one, to what there is."""
    session = _session(request, key)
    version = session.versions.filter(deleted_at=None, report__isnull=False).order_by("-number").first()
    if version is None:
        if session.therapist_id != access.me(request).pk:
            raise Http404
        return redirect("session_open", session.meeting_id)
    return _report_page(request, session, version)


@login_required
@require_safe
def report_version(request: HttpRequest, key: UUID, number: int) -> HttpResponse:
    """The report of one version of a transcript; an old one says so."""
    session = _session(request, key)
    return _report_page(request, session, _version(session, number))


def _version(session: SessionRecord, number: int) -> TranscriptVersion:
    return get_object_or_404(TranscriptVersion, session=session, number=number, deleted_at=None)


def _report_page(
    request: HttpRequest, session: SessionRecord, version: TranscriptVersion
) -> HttpResponse:
    stored = StoredReport.objects.defer("sealed_json").filter(version=version).first()
    last = corrections.newest(session)
    record(request.user, "report.read", session, client=session.client_id, version=version.number)
    is_last = last is not None and last.pk == version.pk
    values: dict[str, Any] = {
        "session": session,
        "version": version,
        "newest": None if is_last else last,
        "in_care": session.therapist_id == access.me(request).pk,
    }
    if stored is None:
        return render(request, "recordings/version_page.html", {**values, **_plain(version)})
    parts = pages.parts_of(stored)
    beside = _Beside(request, session, version, may_correct=is_last and _may_correct(request, session))
    shown = {
        name: mark_safe(pages.fill(getattr(parts, name), beside))  # noqa: S308 - escaped by the core
        for name in ("moments", "timeline", "findings", "transcript")
    }
    return render(
        request,
        "recordings/report_page.html",
        {**values, "parts": shown, "length": parts.length, "stored": stored},
    )


def _plain(version: TranscriptVersion) -> dict[str, Any]:
    spoken = bundles.load(version)
    rows = [
        {"number": row.index + 1, "role": str(spoken.role_of(row.party)), "text": row.text}
        for row in spoken.utterances
    ]
    return {"rows": rows}


def _may_correct(request: HttpRequest, session: SessionRecord) -> bool:
    me = access.me(request).pk
    return me in (session.therapist_id, session.client.user_id)


# -- marks -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    """One person's mark as the page shows it."""

    mark: Mark
    name: str

    @property
    def words(self) -> str:
        return f"{self.name}: {self.mark.get_verdict_display().lower()}"


class _Beside:
    """What stands beside a moment or an utterance of the report."""

    def __init__(
        self,
        request: HttpRequest,
        session: SessionRecord,
        version: TranscriptVersion,
        *,
        may_correct: bool,
    ) -> None:
        self.request, self.session, self.version = request, session, version
        self.words = "Correct or mark" if may_correct else "Mark"
        self.base = reverse("utterance_edit", args=(session.pk, version.number, 1)).removesuffix("1")
        self.mine, self.theirs = _marks(access.me(request), session, version)
        self.of_utterance: dict[str, list[Mark]] = defaultdict(list)
        for target, mark in self.mine.items():
            if target.startswith("code:"):
                self.of_utterance[target.rpartition(":")[2]].append(mark)

    def __call__(self, place: str) -> str:
        return self.moment(place) if place.startswith("moment:") else self.utterance(place)

    def moment(self, place: str) -> str:
        values = {
            "session": self.session,
            "version": self.version,
            "target": place,
            "mine": self.mine.get(place),
            "theirs": self.theirs.get(place, []),
            "repairable": _repairable(self.session, self.mine.get(place)),
        }
        return render_to_string("recordings/mark.html", values, request=self.request)

    def utterance(self, place: str) -> str:
        number = int(place.removeprefix("u"))
        said = format_html_join(
            " ",
            '<span class="badge good">{}: {}</span>',
            (
                (code_name(mark.target), mark.get_verdict_display().lower())
                for mark in self.of_utterance.get(place, ())
            ),
        )
        # Several hundred times on a page, and nothing in it but our own words and a number.
        return (
            f'<p class="beside">{said} <a href="{self.base}{number}"><span aria-hidden="true">✎</span>'
            f'<span class="unseen">{self.words} utterance {number}</span></a></p>'
        )


def _marks(
    me: User, session: SessionRecord, version: TranscriptVersion
) -> tuple[dict[str, Mark], dict[str, list[_Said]]]:
    """One's own marks; for the session's therapist those of the others, too."""
    marks = Mark.objects.filter(version=version).select_related("by")
    if session.therapist_id != me.pk:
        marks = marks.filter(by=me)
    mine: dict[str, Mark] = {}
    theirs: dict[str, list[_Said]] = defaultdict(list)
    for mark in marks:
        if mark.by_id == me.pk:
            mine[mark.target] = mark
        else:
            theirs[mark.target].append(_Said(mark, mark.by.name))
    return mine, theirs


def _repairable(session: SessionRecord, mark: Mark | None) -> bool:
    """Whether its therapist confirmed a strain, from which a repair may begin."""
    if mark is None or mark.by_id != session.therapist_id or mark.verdict != Verdict.CONFIRMED:
        return False
    return noticed_in(mark.target) is not None


@login_required
@require_POST
@refusals_are_said
def mark_set(request: HttpRequest, key: UUID, number: int) -> HttpResponse:
    """Keep what somebody says of a mark, and come back to its place."""
    session = _session(request, key)
    version = _version(session, number)
    form = MarkForm(request.POST)
    if not form.is_valid():
        raise Refused(_("This could not be read. Go back and try it once more."))
    mark = set_mark(actor=access.me(request), session=session, version=version, **form.cleaned_data)
    target = form.cleaned_data["target"]
    if request.headers.get("HX-Request"):
        values = {"session": session, "version": version, "target": target, "mine": mark}
        if target.startswith("moment:"):
            _mine, theirs = _marks(access.me(request), session, version)
            values["theirs"] = theirs.get(target, [])
            values["repairable"] = _repairable(session, mark)
        return render(request, "recordings/mark.html", values)
    place = target.rpartition(":")[2]
    if target.startswith("code:"):
        return redirect("utterance_edit", session.pk, version.number, int(place[1:]))
    return redirect(reverse("report_version", args=(session.pk, version.number)) + "#moments")


# -- one utterance ---------------------------------------------------------------------------------


@login_required
@refusals_are_said
def utterance_edit(request: HttpRequest, key: UUID, version: int, number: int) -> HttpResponse:
    """Correct one utterance, and say whether the machine's codes of it fit."""
    session = _session(request, key)
    held = _version(session, version)
    stored = StoredReport.objects.filter(version=held).first()
    spoken = bundles.load(stored or held)
    index = number - 1
    if not 0 <= index < len(spoken.utterances):
        raise Http404
    row = spoken.utterances[index]
    may_correct = _may_correct(request, session)
    initial = {"text": row.text, "party": row.party, "version": version}
    sent = request.POST if request.method == "POST" else None
    form = UtteranceForm(spoken.parties, sent, initial=initial)
    if request.method == "POST":
        if not may_correct:
            raise Http404
        if form.is_valid() and (done := _correct(request, session, form, index)):
            return done
    else:
        record(request.user, "transcript.read", session, client=session.client_id, version=version)
    mine, theirs = _marks(access.me(request), session, held)
    proposed = dict(code_places(spoken).get(index, []) if stored else [])
    by_hand = hand_places(spoken, index) if stored else []
    given = [p for p in by_hand if p not in proposed and (p in mine or p in theirs)]
    codes, added = (
        [
            {
                "target": place,
                "name": code_name(place),
                "sure": round(100 * proposed[place]) if place in proposed else None,
                "mine": mine.get(place),
                "theirs": theirs.get(place, []),
            }
            for place in some
        ]
        for some in (proposed, given)
    )
    by_client = session.client.user_id == access.me(request).pk
    left = [(p, code_name(p)) for p in by_hand if p not in proposed and p not in mine]
    around = [
        {"role": str(spoken.role_of(r.party)), "text": r.text, "here": r.index == index}
        for r in spoken.utterances[max(0, index - 2) : index + 3]
    ]
    return render(
        request,
        "recordings/utterance_edit.html",
        {
            "session": session,
            "version": held,
            "number": number,
            "form": form,
            "codes": codes,
            "added": added,
            "left": [] if by_client else left,
            "around": around,
            "may_correct": may_correct,
        },
    )


def _correct(
    request: HttpRequest, session: SessionRecord, form: UtteranceForm, index: int
) -> HttpResponse | None:
    wanted = form.cleaned_data
    try:
        made = corrections.correct(
            actor=access.me(request),
            session=session,
            based_on=wanted["version"],
            index=index,
            text=wanted["text"],
            party=wanted["party"],
        )
    except ChangedMeanwhile as changed:
        now = bundles.load(changed.record).utterances[index]
        show_changes(form, {"text": now.text, "party": now.party}, changed.record.number)
        return None
    messages.success(request, _("The correction is kept as a new version; the old one stays readable."))
    return redirect(reverse("report_version", args=(session.pk, made.number)) + f"#u{index + 1}")


@login_required
@require_POST
@refusals_are_said
def speakers_swap(request: HttpRequest, key: UUID, number: int) -> HttpResponse:
    """Say that therapist and client are the other way round."""
    session = access.found(access.sessions_in_care(request.user), key)
    try:
        corrections.swap_speakers(actor=access.me(request), session=session, based_on=number)
    except ChangedMeanwhile:
        raise Refused(
            "Somebody else corrected this transcript in the meantime. Look at the newest version first.",
            409,
        ) from None
    messages.success(request, _("Therapist and client are swapped, in a new version."))
    return redirect("session_open", session.meeting_id)


@login_required
@require_safe
def session_compare(request: HttpRequest, key: UUID, other: UUID) -> HttpResponse:
    """Two meetings with one client side by side, the earlier one first."""
    mine = access.sessions_in_care(request.user).select_related("client", "meeting")
    two = sorted(
        (access.found(mine, key), access.found(mine, other)), key=lambda s: s.meeting.starts_at
    )
    if two[0].pk == two[1].pk or two[0].client_id != two[1].client_id:
        raise Http404
    newest = [StoredReport.objects.filter(session=s).order_by("-version__number").first() for s in two]
    if None in newest:
        raise Http404
    for session in two:
        record(request.user, "report.compared", session, client=session.client_id)
    titles = [f"{timezone.localtime(s.meeting.starts_at):%-d %B %Y, %H:%M}" for s in two]
    table = side_by_side([bundles.load_report(stored) for stored in newest if stored], titles)
    values = {"session": two[0], "two": two, "table": mark_safe(table)}  # noqa: S308 - escaped by the core
    return render(request, "recordings/session_compare.html", values)


@login_required
@require_safe
def report_json(request: HttpRequest, key: UUID, number: int) -> HttpResponse:
    """Give the report as ``openrapport analyze --json`` does."""
    session = access.found(access.sessions_in_care(request.user), key)
    stored = get_object_or_404(StoredReport, version=_version(session, number))
    record(request.user, "report.exported", session, client=session.client_id, version=number)
    response = HttpResponse(stored.json + "\n", content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="report-{session.pk}-{number}.json"'
    return response
