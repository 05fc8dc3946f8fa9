"""What may help when something between two people has become difficult, with words to borrow.

Written for this project after the research on ruptures and their repair (Safran and Muran's two
kinds, withdrawal and confrontation, and the ways out of them that observers count). Suggestions, not
a protocol; docs/repairs.md says what the research is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from openrapport_web.repairs.models import Noticed

__all__ = ["GUIDES", "Guide", "Step", "noticed_in"]

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try, and how it may sound."""

    do: Text
    words: Text


@dataclass(frozen=True, slots=True)
class Guide:
    """What fits one way in which a strain shows."""

    title: Text
    means: Text
    steps: tuple[Step, ...]
    mind: Text


GUIDES: dict[str, Guide] = {
    Noticed.WITHDRAWAL: Guide(
        _("When somebody moves away"),
        _(
            "Going quiet, agreeing quickly, changing the subject or telling a story instead can "
            "be a way of "
            "keeping the peace. What is missing is often a no, or a disappointment, that had no room."
        ),
        (
            Step(
                _("Slow down, and invite."),
                _(
                    "“I have a sense that I went too fast a moment ago. Can we stay here for a "
                    "minute before we "
                    "go on?”"
                ),
            ),
            Step(
                _("Ask about the here and now, and make the uncomfortable answer easy."),
                _(
                    "“How is it for you to talk with me about this, right now? It would be fine "
                    "if part of you "
                    "would rather not.”"
                ),
            ),
            Step(
                _("Say your own part first; it is easier to follow than to begin."),
                _(
                    "“I gave you a plan before I had understood what it is like for you. I think "
                    "that was too early.”"
                ),
            ),
            Step(
                _("Welcome the smallest no."),
                _(
                    "“You said “maybe”. I would like to hear what the “maybe” knows that the "
                    "“yes” does not.”"
                ),
            ),
            Step(
                _("Leave the door open if nothing comes."),
                _(
                    "“We need not solve this today. If something comes to you later, you can tell"
                    " me or write it to me.”"
                ),
            ),
        ),
        _(
            "Short answers alone are no withdrawal: tiredness, shyness and thinking look the "
            "same. Do not press "
            "for a feeling; an invitation that may be declined is the point."
        ),
    ),
    Noticed.CONFRONTATION: Guide(
        _("When somebody moves against"),
        _(
            "A complaint, a refusal or a sharp word tells you where it hurts, and takes trust. It"
            " is about the work "
            "and about you, and it deserves an answer before it gets an explanation."
        ),
        (
            Step(
                _("Hear it out. Ask for more of it."),
                _("“I am glad that you say it. Tell me more about what has been wrong for you.”"),
            ),
            Step(
                _("Say what is right about it."),
                _(
                    "“You came for help with the nights, and we have talked about your work for "
                    "three meetings. I see "
                    "why that is frustrating.”"
                ),
            ),
            Step(
                _("Do not defend yourself. Own what is yours, without a “but”."),
                _("“I was late twice, and I did not say a word about it. I am sorry.”"),
            ),
            Step(
                _("Clear up what was misunderstood, after it was heard."),
                _(
                    "“When I asked about your brother, I meant to understand and not to blame. I "
                    "can see how it "
                    "sounded.”"
                ),
            ),
            Step(
                _("Change what you do together, or say why it is worth doing."),
                _(
                    "“We could leave the exercise for now and start from what you think would "
                    "help. What would that be?”"
                ),
            ),
        ),
        _(
            "Giving in to everything is no repair either. You can take a complaint seriously and "
            "keep a limit; say "
            "both."
        ),
    ),
    Noticed.UNSURE: Guide(
        _("When you are not sure"),
        _(
            "You need not know what it was. A question that is really open, asked early, costs a "
            "few minutes and "
            "often tells you which of the two it is, or that it was something else altogether."
        ),
        (
            Step(
                _("Ask openly, about both of you."),
                _(
                    "“How are we doing, you and I? Was there anything last time that did not sit "
                    "well with you?”"
                ),
            ),
            Step(
                _("Say what you noticed, as something that you noticed."),
                _(
                    "“Your answers after our last meeting were lower than usual. That can mean "
                    "many things. I would "
                    "rather ask than guess.”"
                ),
            ),
            Step(
                _("Offer more than one way to answer."),
                _("“You can say it now, write it down for me, or think about it until next week.”"),
            ),
            Step(
                _("Thank them, whatever it is."),
                _("“Thank you. That helps me to be of more use to you.”"),
            ),
        ),
        _(
            "If nothing was wrong, asking has done no harm. Leave it there, and watch the next "
            "few answers."
        ),
    ),
}


def noticed_in(target: str) -> str | None:
    """Tell whether a mark on a session speaks of a strain, and of which kind.

    Parameters
    ----------
    target : str
        The place of a mark: ``"moment:withdrawal_after_input:u17"``, ``"code:confrontation:...:u9"``.

    Returns
    -------
    noticed : str or None
        One of ``Noticed``; None for a mark of something else.
    """
    what, _place, _utterance = target.rpartition(":")
    kind = what.split(":")[1] if ":" in what else ""
    if kind.startswith("withdrawal"):
        return Noticed.WITHDRAWAL
    if kind.startswith("confrontation"):
        return Noticed.CONFRONTATION
    return Noticed.UNSURE if kind in ("strong_affect_unmet", "rupture", "strain") else None
