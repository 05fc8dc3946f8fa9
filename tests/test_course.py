"""Courses as pictures, tables and sentences."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree

import numpy as np
import pytest

from openrapport.errors import BadInput
from openrapport.reporting.course import Drawing, Mark, Meeting, Panel, Strand, draw

NAN = float("nan")
SPAN = (date(2026, 1, 1), date(2026, 1, 11))  # ten days: a day is 9 % of the width


def _strand(*values: float, low: list[float] | None = None, high: list[float] | None = None) -> Strand:
    days = [f"2026-01-{1 + 2 * i:02}" for i in range(len(values))]
    return Strand("You", "client", days, values, low, high)


def _drawn(panel: Panel) -> Drawing:
    return draw(panel, span=SPAN, name="c", words=None)


def _all(drawing: Drawing, css: str) -> list[dict[str, str]]:
    """Attributes of every shape of a class, and a check that the whole is well-formed."""
    ElementTree.fromstring(re.sub(r" (hidden|data-course|data-newest)(?=[ >])", "", drawing.html))  # noqa: S314
    svg = drawing.html.partition("</svg>\n<ul")[0]
    tags = re.findall(rf'<\w+ class="{css}[^"]*"[^>]*>', svg)
    return [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in tags]


def test_values_stand_where_they_belong() -> None:
    dots = _all(_drawn(Panel("How it was", (_strand(0, 5, 10),))), "c-dot")
    assert [dot["cx"] for dot in dots] == ["5.0%", "23.0%", "41.0%"]
    # 230 high: 16 above and 24 below leave 190 for ten points.
    assert [dot["cy"] for dot in dots] == ["206.0", "111.0", "16.0"]


def test_no_line_goes_through_a_form_that_was_left_out() -> None:
    drawing = _drawn(Panel("How it was", (_strand(4, 5, NAN, 6, 7),)))
    assert [(line["x1"], line["x2"]) for line in _all(drawing, "c-line")] == [
        ("5.0%", "23.0%"),
        ("59.0%", "77.0%"),
    ]
    assert [gap["cx"] for gap in _all(drawing, "c-gap")] == ["41.0%"]
    assert drawing.rows[2] == ("5 Jan 2026", "left out")


def test_a_missed_meeting_is_no_form_and_breaks_no_line() -> None:
    meetings = tuple(
        Meeting(date(2026, 1, day), state) for day, state in ((1, "held"), (2, "missed"), (3, "held"))
    )
    drawing = _drawn(Panel("How it was", (_strand(4, 5),), meetings=meetings))
    assert len(_all(drawing, "c-line")) == 1
    assert drawing.head == ("Day", "Meeting", "You")
    assert drawing.rows == (
        ("1 Jan 2026", "held", "4"),
        ("2 Jan 2026", "missed", ""),
        ("3 Jan 2026", "held", "5"),
    )


def test_a_band_stands_halfway_to_its_neighbours_and_only_where_something_was_expected() -> None:
    strand = _strand(6, 7, 7, low=[NAN, 4, 5], high=[NAN, 8, 10])
    bands = _all(_drawn(Panel("How it was", (strand,))), "c-band")
    # 1, 3 and 5 January: the second piece is from the 2nd to the 4th, 14 % to 32 %.
    assert [(b["x"], b["width"]) for b in bands] == [("14.0%", "18.0%"), ("32.0%", "36.0%")]
    assert (bands[0]["y"], bands[0]["height"]) == ("54.0", "76.0")  # 19 pixels a point


@pytest.mark.parametrize(
    ("last", "said"),
    [(3, "lower than usual here (4 to 8)"), (6, "within what is usual"), (9, "higher than usual")],
)
def test_the_sentence_says_where_the_last_answer_lies(last: float, said: str) -> None:
    strand = _strand(6, NAN, last, low=[NAN, NAN, 4], high=[NAN, NAN, 8])
    summary = _drawn(Panel("How it was", (strand,))).summary
    assert f"You: 2 of 3 forms; 6 at first, {last} on 5 Jan 2026." in summary
    assert said in summary


def test_little_is_said_where_there_is_little() -> None:
    assert _drawn(Panel("x", (_strand(),))).summary == "You: nothing yet."
    assert _drawn(Panel("x", (_strand(NAN, NAN),))).summary == "You: nothing yet."
    assert _drawn(Panel("x", (_strand(7.25),))).summary == "You: 7.2 on 1 Jan 2026."


def test_what_happened_stands_above_and_in_the_table() -> None:
    marks = (
        Mark(date(2026, 1, 3), "alert", "Lower than usual"),
        Mark(date(2026, 1, 3), "repair", "A repair", until=date(2026, 1, 8)),
    )
    drawing = _drawn(Panel("x", (_strand(7, 4),), marks=marks))
    alert, repair = _all(drawing, "c-mark")
    assert alert["x"] == repair["x"] == "23.0%"
    assert repair["width"] == "45.0%"
    assert drawing.rows[1][-1] == "Lower than usual; A repair"


def test_what_lies_outside_of_the_axis_is_in_the_table_alone() -> None:
    panel = Panel("x", (Strand("You", "client", ["2025-12-01", "2026-01-01"], [3, 4]),))
    drawing = _drawn(panel)
    assert len(_all(drawing, "c-dot")) == 1
    assert len(drawing.rows) == 2


def test_words_of_a_client_are_text_and_never_markup() -> None:
    strand = Strand('<b onclick="x">', "goal", ["2026-01-01"], [3])
    html = _drawn(Panel("<script>", (strand,))).html
    assert "<script>" not in html
    assert "<b " not in html


def test_a_year_has_a_few_labels_and_one_day_has_one() -> None:
    year = draw(Panel("x", (_strand(1),)), span=(date(2026, 1, 1), date(2026, 12, 31)), name="c")
    labels = re.findall(r'class="c-month"[^>]*>([^<]*)<', year.html)
    assert labels == ["Apr 2026", "Jul 2026", "Oct 2026"]
    half = draw(Panel("x", (_strand(1),)), span=(date(2026, 1, 15), date(2026, 6, 15)), name="c")
    labels = re.findall(r'class="c-month"[^>]*>([^<]*)<', half.html)
    assert labels == ["Mar 2026", "May 2026"], "neighbours would run into each other on a phone"
    day = draw(Panel("x", (_strand(1),)), span=(date(2026, 1, 1), date(2026, 1, 1)), name="c")
    assert re.findall(r'class="c-month"[^>]*>([^<]*)<', day.html) == ["1 Jan 2026"]
    assert _all(day, "c-dot")[0]["cx"] == "50.0%"


def test_the_middle_of_a_scale_is_named_where_it_is_a_whole_number() -> None:
    def scale(low: float, high: float) -> list[str]:
        html = _drawn(Panel("x", (_strand(1),), scale=(low, high))).html
        return re.findall(r'class="c-scale"[^>]*>([^<]*)<', html)

    assert scale(0.0, 10.0) == ["0", "5", "10"]
    assert scale(0.0, 27.0) == ["0", "27"]


def test_paper_has_no_buttons_and_no_table() -> None:
    html = draw(Panel("x", (_strand(1, 2),)), span=SPAN, name="c", bare=True).html
    assert "<button" not in html
    assert "<table" not in html


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (lambda: Strand("x", "colourful", ["2026-01-01"], [1]), "expected one of client"),
        (lambda: Strand("x", "client", ["2026-01-01"], [1, 2]), "differ in length"),
        (lambda: Strand("x", "client", ["2026-01-02", "2026-01-01"], [1, 2]), "order of time"),
        (lambda: Strand("x", "client", [np.datetime64("NaT")], [1]), "order of time"),
        (lambda: _drawn(Panel("x", (), scale=(10, 0))), "expected low < high"),
        (lambda: _drawn(Panel("x", (), meetings=(Meeting(SPAN[0], "lost"),))), "expected one of held"),
        (lambda: _drawn(Panel("x", (), marks=(Mark(SPAN[0], "star", "x"),))), "expected one of alert"),
        (lambda: draw(Panel("x", ()), span=(SPAN[1], SPAN[0]), name="c"), "before the first"),
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong: object, match: str) -> None:
    with pytest.raises(BadInput, match=match):
        wrong()  # type: ignore[operator]
