"""What a client is asked, in words. A changed text gets the next number; the old rows stay."""

from __future__ import annotations

from openrapport_web.caseload.models import ConsentWording, Purpose

__all__ = ["wording_of"]

NUMBER = 1
_TEXTS: dict[str, dict[Purpose, str]] = {
    "en": {
        Purpose.RECORD: (
            "My therapist may record sound or video of our meetings and keep the recording, encrypted, on the "
            "practice's own machine. It is deleted after the time that the practice has set, or as soon as I "
            "take this back. Nobody but my therapist can play it."
        ),
        Purpose.TRANSCRIBE: (
            "What we say in our meetings may be written down and kept, encrypted, on the practice's own "
            "machine. My therapist can read it. I can correct it where it is shared with me. If I take this "
            "back, the written words are deleted."
        ),
        Purpose.ANALYSE: (
            "A program on the practice's own machine may look at how we talk with each other: who speaks how "
            "much, questions, pauses, and moments worth talking about. It can be wrong, it makes no diagnosis, "
            "and nothing leaves the machine. If I take this back, its results are deleted."
        ),
        Purpose.SUPERVISION: (
            "My therapist may show a session of ours to a supervisor, who helps therapists to do their work "
            "well and keeps what they learn to themselves. I see in my list who looked and when. If I take "
            "this back, the supervisor can no longer see anything."
        ),
        Purpose.RESEARCH: (
            "Numbers from my sessions and questionnaires, without my name and without what was said, may be "
            "used for research. If I take this back, nothing more is handed out; what was already published "
            "in averages stays."
        ),
    },
    "es": {
        Purpose.RECORD: (
            "Mi terapeuta puede grabar el sonido o el vídeo de nuestras sesiones y guardar la grabación, "
            "cifrada, en el propio equipo de la consulta. Se borra pasado el plazo que fija la consulta, o en "
            "cuanto yo retire este permiso. Solo mi terapeuta puede reproducirla."
        ),
        Purpose.TRANSCRIBE: (
            "Lo que decimos en las sesiones puede ponerse por escrito y guardarse, cifrado, en el propio "
            "equipo de la consulta. Mi terapeuta puede leerlo. Yo puedo corregirlo cuando se comparte conmigo. "
            "Si retiro este permiso, lo escrito se borra."
        ),
        Purpose.ANALYSE: (
            "Un programa en el propio equipo de la consulta puede mirar cómo hablamos: quién habla cuánto, "
            "preguntas, pausas y momentos de los que vale la pena hablar. Puede equivocarse, no hace "
            "diagnósticos y nada sale del equipo. Si retiro este permiso, los resultados se borran."
        ),
        Purpose.SUPERVISION: (
            "Mi terapeuta puede mostrar una sesión nuestra a quien supervisa su trabajo, que guarda reserva. "
            "En mi lista veo quién la miró y cuándo. Si retiro este permiso, ya no podrá ver nada."
        ),
        Purpose.RESEARCH: (
            "Números de mis sesiones y cuestionarios, sin mi nombre y sin lo que se dijo, pueden usarse para "
            "investigar. Si retiro este permiso, no se entrega nada más; lo ya publicado en promedios queda."
        ),
    },
}


def wording_of(purpose: Purpose, language: str) -> ConsentWording:
    """Give the present wording of a purpose.

    Parameters
    ----------
    purpose : Purpose
        What is asked.
    language : str
        The client's; English where there is no text in it.

    Returns
    -------
    wording : ConsentWording
        The row that a consent points to.
    """
    language = language if language in _TEXTS else "en"
    wording, _ = ConsentWording.objects.get_or_create(
        purpose=purpose, number=NUMBER, language=language, defaults={"text": _TEXTS[language][purpose]}
    )
    return wording
