"""Bringing a questionnaire in: read strictly, compared with the one that we know, and attested.

A file is one of ours (a whole form, or words alone) or a FHIR R4 Questionnaire. Nothing is kept
before somebody of the practice has seen what differs and said that the practice may use the words;
the sentence, who agreed to it and when are kept with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from openrapport.errors import BadInput
from openrapport.io.fhir import from_questionnaire
from openrapport.measures.comparison import (
    Difference,
    claimed,
    compare_with_known,
    may_be_about_self_harm,
    with_key,
    with_self_harm,
)
from openrapport.measures.documents import parsed
from openrapport.measures.instrument import (
    FORMAT,
    TEXTS_FORMAT,
    Instrument,
    library,
    read_instrument,
    to_document,
    with_texts,
)
from openrapport_web.audit.chain import record
from openrapport_web.feedback.models import OwnInstrument

__all__ = [
    "MAX_BYTES",
    "Brought",
    "attestation",
    "bring",
    "may_be_translated",
    "read_file",
    "take",
    "withdraw",
]

MAX_BYTES = 2 * 2**20
"""The largest file that is read."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What a file holds, before it is taken.

    Parameters
    ----------
    document : dict
        What is kept.
    instrument : Instrument
        The form as it would be asked.
    language : str
        The one that is added to a form that comes along; empty for a form, or words for a key.
    known : Instrument or None
        The one that we know and that this is a copy of.
    differences : tuple of Difference
        In what it differs from that one.
    notes : tuple of str
        What was left out or assumed.
    """

    document: dict[str, Any]
    instrument: Instrument
    language: str
    known: Instrument | None
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


def read_file(data: bytes) -> Brought:
    """Read what somebody brings.

    Raises
    ------
    BadInput
        If it cannot be used: the message says where it fails and what to do.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(_("This file is larger than 2 MB. No questionnaire is; is it the right file?"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(_("This file is not text in UTF-8. Save it as UTF-8 and try again.")) from None
    return bring(parsed(text, _("This file")))


def bring(document: Any) -> Brought:
    """See what a document holds, and compare it with what we know.

    Raises
    ------
    BadInput
        As for :func:`read_file`.
    """
    shape = document.get("format") if isinstance(document, dict) else None
    if shape == FORMAT:
        return _form(document)
    if shape == TEXTS_FORMAT:
        return _words(document)
    if isinstance(document, dict) and document.get("resourceType") == "Questionnaire":
        return _resource(document)
    raise BadInput(
        _(
            "This is no questionnaire that we can read. Expected a FHIR R4 Questionnaire as JSON, or a "
            "file whose format is %(form)s or %(words)s."
        )
        % {"form": FORMAT, "words": TEXTS_FORMAT}
    )


def _form(document: Mapping[str, Any]) -> Brought:
    form = read_instrument(document)
    if not form.languages:
        raise BadInput(_("This form has no words. Add texts in at least one language."))
    name = form.key if form.key in library() else claimed(form, library())
    return _compared(form, name, ())


def _resource(document: Mapping[str, Any]) -> Brought:
    imported = from_questionnaire(document)
    form, name = imported.instrument, imported.claims
    known = library()[name] if name is not None else None
    if known is not None and not known.languages and not form.scales:
        # Words for a key that comes along: the key scores, and differences are shown.
        joined = with_key(form, known)
        return Brought(to_document(joined), joined, "", known, imported.differences, imported.notes)
    return _compared(form, name, imported.notes)


def _compared(form: Instrument, name: str | None, notes: tuple[str, ...]) -> Brought:
    known = library()[name] if name is not None else None
    if known is not None and known.key == form.key and known.languages:
        raise BadInput(
            _(
                "%(key)s comes along already. To add a language, bring its words alone; to bring another "
                "form, give it a key of its own."
            )
            % {"key": form.key}
        )
    differences: tuple[Difference, ...] = ()
    if known is not None:
        form = with_self_harm(form, known)
        differences = compare_with_known(form, known)
    doubts = tuple(
        _("%(item)s seems to ask about harming oneself and is not marked so: nobody would be told.")
        % {"item": item}
        for item in may_be_about_self_harm(form)
    )
    said = tuple(dict.fromkeys((*notes, *(() if notes else doubts))))
    return Brought(to_document(form), form, "", known, differences, said)


def _words(document: dict[str, Any]) -> Brought:
    known = library().get(str(document.get("instrument")))
    if known is None:
        raise BadInput(
            _("These words are for a questionnaire that is not here. Bring the whole form instead.")
        )
    joined = with_texts(known, document)
    if not known.languages:
        return Brought(document, joined, "", known, (), ())
    language = str(document["language"])
    if language in known.languages:
        raise BadInput(_("This questionnaire is here in that language already."))
    if not may_be_translated(known):
        raise BadInput(
            _("The licence of this questionnaire (%(licence)s) allows no other wording or language.")
            % {"licence": known.licence.name}
        )
    return Brought(document, joined, language, known, (), ())


def may_be_translated(form: Instrument) -> bool:
    """Whether the licence allows words in another language: those without derivatives do not."""
    return bool(form.languages) and "ND" not in form.licence.name.upper().replace("-", " ").split()


def attestation(brought: Brought, practice: str) -> str:
    """Give the sentence to which somebody agrees; it is kept as it was shown."""
    title = brought.instrument.texts(brought.language or "en").title
    return _(
        "%(practice)s may use the words of “%(title)s” with its clients, on screen and on paper, and keep "
        "the answers here: it holds the owner's permission, or the licence (%(licence)s) allows it. I have "
        "read what differs from the original, as far as that is known here."
    ) % {"practice": practice, "title": title, "licence": brought.document["licence"]["name"]}


# -- keeping -----------------------------------------------------------------------------------------


@transaction.atomic
def take(*, actor: Any, brought: Brought, sentence: str) -> OwnInstrument:
    """Keep what was brought, with who said that it may be used.

    Raises
    ------
    BadInput
        If the same is here already, or another text under the same version.
    """
    name = brought.instrument.key
    held = list(OwnInstrument.objects.select_for_update().filter(name=name).order_by("number"))
    for own in held:
        same = own.definition == json.loads(json.dumps(brought.document))
        if own.withdrawn_at is None and same:
            raise BadInput(_("This very text is here already."))
        if (
            name not in library()
            and not same
            and own.definition["version"] == brought.document["version"]
        ):
            raise BadInput(
                _("Another text of this form has the same version. Give this one a version of its own.")
            )
        if (
            brought.language
            and own.withdrawn_at is None
            and own.definition.get("language") == brought.language
        ):
            raise BadInput(_("This language is here already. Withdraw the earlier words first."))
    last = OwnInstrument.objects.filter(name=name).aggregate(last=Max("number"))["last"] or 0
    own = OwnInstrument(
        name=name,
        number=last + 1,
        definition=brought.document,
        attested_by=actor,
        attestation=sentence,
    )
    own.save(force_insert=True)
    record(actor, "form.brought", own, instrument=name, number=own.number)
    return own


@transaction.atomic
def withdraw(*, actor: Any, own: OwnInstrument) -> None:
    """Ask it no more. What was answered stays readable."""
    own = OwnInstrument.objects.select_for_update().get(pk=own.pk)
    if own.withdrawn_at is None:
        own.withdrawn_at = timezone.now()
        own.save(update_fields=["withdrawn_at"])
        record(actor, "form.withdrawn", own, instrument=own.name, number=own.number)
