"""The gap: both people's answers side by side, for their therapist and nobody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openrapport.measures.congruence import Estimate, TooLittle
from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.feedback.instruments import PULSE, instrument
from openrapport_web.repairs import courses
from openrapport_web.repairs.gap import Gap, gap_of
from openrapport_web.repairs.noticing import flat_rule, look_back
from openrapport_web.repairs.pictures import picture, strand
from openrapport_web.repairs.wordings import FLAT

__all__ = ["gap_page"]

_NEWEST = 3


@require_safe
@login_required
def gap_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show what both said of each meeting, and what that says together."""
    episode = access.found(access.episodes_in_care(request.user).select_related("client"), key)
    record(request.user, "gap.read", episode, client=episode.client_id)
    gap, texts = gap_of(request.user, episode), instrument(PULSE).texts(access.me(request).language)
    seen = courses.asked(episode.key, answers=access.answers(request.user))
    flat = flat_rule(look_back(seen))
    values = {
        "episode": episode,
        "client": episode.client,
        "newest": gap.meetings[:_NEWEST],
        "earlier": gap.meetings[_NEWEST:],
        "items": {item: texts.items[item].text for item in ("bond", "goal", "task")},
        "own": _in_words(gap.own.gap, gap.own.tracking, gap.own.pooled),
        "guess": _in_words(gap.guess.gap, gap.guess.tracking, gap.guess.pooled),
        "picture": _picture(gap, episode.client.name),
        "flat": FLAT[flat] if flat else "",
    }
    return render(request, "repairs/gap_page.html", values)


def _in_words(gap: Estimate | TooLittle, tracking: Estimate | TooLittle, pooled: Any) -> dict[str, Any]:
    """What the template shows of two estimates; it computes nothing."""
    values: dict[str, Any] = {"n_dyads": pooled.n_dyads if pooled else 0}
    for name, one in (("gap", gap), ("tracking", tracking)):
        if isinstance(one, TooLittle):
            values[name] = {"n": one.n, "needed": one.needed, "varies": one.reason == "few_meetings"}
            continue
        low, high = one.interval
        values[name] = {
            "is_known": True,
            "size": abs(one.value),
            "is_lower": one.value < 0,
            "value": one.value,
            "low": low,
            "high": high,
            "n": one.n,
            "may_be_none": low <= 0 <= high,
        }
    return values


def _picture(gap: Gap, name: str) -> SafeString | None:
    both = gap.both
    if not both:
        return None
    lines = [
        strand(name, "client", [(one.at, one.client) for one in both]),
        strand(_("You"), "therapist", [(one.at, one.own) for one in both]),
        strand(_("Your guess"), "measure", [(one.at, one.guess) for one in both]),
    ]
    note = _("Means of the three questions that both of you answer, from 0 to 10.")
    return picture(_("How you both rated your meetings"), lines, note=note)
