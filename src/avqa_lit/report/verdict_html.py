"""The verdict as HTML: one sentence, three numbers, the findings, and what cannot be said."""

from avqa_lit.report.chapter import Chapter
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.comparison import accuracy_over_questions, compare_with_prior
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.markup import bullets, element, wrap
from avqa_lit.report.verdict import headline
from avqa_lit.report.wording import bounds, percent, points


def verdict(chapter: Chapter) -> str:
    """The section, without its heading."""
    items = "".join(
        wrap("li", f"{element('strong', one.lead)} {element('span', one.text)}") for one in chapter.statements
    )
    limits = element(f"h{chapter.level + 1}", "What cannot be said") + bullets(chapter.limits, css="limits")
    return (
        element("p", headline(chapter.test_set), css="lead")
        + _cards(chapter.test_set)
        + wrap("div", wrap("ul", items, css="findings") + wrap("div", limits), css="halves")
    )


def _cards(test_set: TestSet) -> str:
    interval, _ = accuracy_over_questions(test_set.chosen)
    value = percent(test_set.chosen.mean(OVERALL))
    cards = [("Test accuracy", f"{value}%", f"95%: {bounds(interval, signed=False)}")]
    gain = compare_with_prior(test_set.chosen, test_set)
    if gain is not None:
        cards.append(
            ("Question-only prior", f"{percent(test_set.prior(OVERALL))}%", "neither sees nor hears")
        )
        over = f"95%: {bounds(gain.over_questions, signed=True)}"
        cards.append(("Gain over the prior", points(gain.difference), over))
    texts = (
        wrap("p", element("span", name) + element("b", number) + element("small", under))
        for name, number, under in cards
    )
    return wrap("div", "".join(texts), css="cards")
