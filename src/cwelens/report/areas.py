"""Part 5: the areas of the wider code base to review next, each tied to the lines of this code that raise it.

Invariant: an area has a reason in an input; a core topic that has none is left out by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from cwelens.report.material import Material
from cwelens.report.model import Area, Closed, LeftOut, Reason
from cwelens.report.observe import MOST, Observed, Sight, observe
from cwelens.report.topics import TOPICS, Topic
from cwelens.report.words import coded, words_of

_SUBJECTS = 3
_ANSWERS = 2


def areas(
    material: Material, closed: Sequence[Closed] = (), seen: Observed | None = None
) -> tuple[list[Area], list[LeftOut]]:
    """Areas raised, in the order of the topics, and the core topics that nothing raises.

    `closed` is what context answered; `seen` what `observe` found for (at least) the triggers of all topics.
    """
    seen = seen or observe(material, (trigger for topic in TOPICS for trigger in topic.triggers))
    answers = {answer.name: answer for answer in closed}
    raised: list[Area] = []
    left: list[LeftOut] = []
    readable = any(module.body for module in material.modules)
    for topic in TOPICS:
        area = _area(topic, seen, answers)
        if area is not None:
            raised.append(area)
        elif topic.core:
            reason = f"nothing in this code {topic.absent}{_besides(topic, seen)}"
            left.append(
                LeftOut(topic.title, list(topic.cwes), reason if readable else "no code could be read")
            )
    return raised, left


def _besides(topic: Topic, seen: Observed) -> str:
    """What the reason for leaving a topic out must not hide, as the end of its sentence."""
    sights = seen.of(topic.besides) if topic.besides is not None else None
    if sights is None or topic.besides is None or not sights.kept:
        return ""
    subjects = coded(dict.fromkeys(sight.code for sight in sights.kept), 3)
    return f"; {topic.besides.text.format(code=subjects)}"


def _area(topic: Topic, seen: Observed, answers: dict[str, Closed]) -> Area | None:
    reasons: dict[tuple[str, int], Reason] = {}
    subjects: list[str] = []
    calls: list[str] = []
    cwes = list(topic.cwes)
    more = 0
    for trigger in topic.triggers:
        sights = seen.of(trigger)
        for sight in sights.kept:
            place = sight.location
            if (place.path, place.line) not in reasons and len(reasons) < MOST:
                reasons[place.path, place.line] = Reason(place, _reason(trigger.text, sight))
            if trigger.subject:
                subjects.append(sight.code)
            calls.append(sight.call)
        if sights.kept:
            cwes += [cwe for cwe in trigger.cwes if cwe not in cwes]
        more += sights.total
    if not reasons:
        return None
    few = 0 < len(set(subjects)) <= _SUBJECTS and all(len(subject) <= 60 for subject in subjects)
    question = topic.question.format(subjects=coded(dict.fromkeys(subjects))) if few else topic.general
    return Area(topic.title, cwes, question, list(reasons.values()), _answer(topic, calls, answers))


def _reason(text: str, sight: Sight) -> str:
    shown = text.format(code=f"`{sight.code}`")
    handed = "{code} is handed on" in text or "{code} is sent on" in text
    return (
        shown.replace(" on,", f" to `{sight.call}`,", 1).replace(" on:", f" by `{sight.call}`:", 1)
        if handed and sight.call
        else shown
    )


def _answer(topic: Topic, calls: Sequence[str], answers: dict[str, Closed]) -> str:
    """What the context says about the calls that raise a topic: those first whose answer speaks of it."""
    found = [answers[call] for call in dict.fromkeys(calls) if call in answers]
    telling = [one for one in found if words_of(one.answer) & topic.answers]
    return "; ".join(f"`{one.name}`: {one.answer}" for one in (telling or found)[:_ANSWERS])
