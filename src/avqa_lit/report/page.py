"""Puts the report's one page together."""

from collections.abc import Iterator
from importlib.resources import files

from avqa_lit.report.caveats import caveats
from avqa_lit.report.collect import Collection
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.comparison import accuracy_over_questions, compare_with_prior
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.illustrations import category_by_category, training, what_was_varied
from avqa_lit.report.markup import bullets, definitions, element, wrap
from avqa_lit.report.provenance import budgets, data_name, recipe, runs_made, seeds, unfinished_jobs
from avqa_lit.report.table import Table
from avqa_lit.report.table_html import html_table, runs_table
from avqa_lit.report.verdict import findings, headline
from avqa_lit.report.wording import DASH, bounds, count, percent, points

APART = (
    "These runs were tested on different questions, so their accuracies cannot be compared. "
    "Each set of questions has its own verdict, table and figures below."
)
NOTES = (
    "Val overall is what configurations are chosen by; nothing was chosen on test, which is read once a run.",
    "The question-only prior gives the most frequent train answer of the same question text, else of its "
    "template, else of its category, else of all. It neither sees nor hears the video: only what lies above "
    "it can come from the video.",
    "Weighted averages count every question once; unweighted means count every type, or every modality, "
    "once. Papers print either: compare a number with its own kind only.",
)
RECOMPUTED = "† not printed by the paper: worked out from its nine printed accuracies."


def title(found: Collection) -> str:
    """Names of the experiments."""
    names = [str(result.fact("experiment") or "") for result in found.results]
    names += [sweep.experiment for sweep in found.sweeps.values()]
    return ", ".join(dict.fromkeys(name for name in names if name)) or "Runs"


def page(found: Collection, sets: list[tuple[TestSet, Table]]) -> str:
    """The whole HTML document."""
    name = title(found)
    css = (files("avqa_lit.report") / "style.css").read_text("utf-8")
    content = "\n".join([_opening(name, found, sets), *_all_sets(sets), *_closing(found)])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"{element('title', f'{name}: report')}\n<style>\n{css}</style>\n</head>\n"
        f"<body>\n{wrap('main', content)}\n</body>\n</html>\n"
    )


def _opening(name: str, found: Collection, sets: list[tuple[TestSet, Table]]) -> str:
    facts = [("Runs", f"{len(found.results)} finished")]
    if found.unfinished:
        facts.append(("Without a result", count(len(found.unfinished), "job")))
    facts += [
        ("Budget", ", ".join(budgets(found.results)) or DASH),
        ("Data", ", ".join(dict.fromkeys(data_name(one) for one in found.results)) or DASH),
        ("Seeds", ", ".join(seeds(found.results)) or DASH),
    ]
    lines = [element("h1", name), definitions(facts, css="glance")]
    if not sets:
        lines.append(element("p", "No run finished, so there is nothing to compare.", css="lead"))
    if len(sets) > 1:
        lines.append(element("p", APART, css="apart"))
    return wrap("header", "".join(lines))


def _all_sets(sets: list[tuple[TestSet, Table]]) -> Iterator[str]:
    for number, (test_set, table) in enumerate(sets, start=1):
        if len(sets) > 1:
            about = f"{data_name(test_set.results[0])}, {count(test_set.questions, 'question')}"
            yield element("h2", f"Test set {number} of {len(sets)}: {about}", css="set")
        yield from _one_set(test_set, table, level=3 if len(sets) > 1 else 2, prefix=f"set{number}")


def _one_set(test_set: TestSet, table: Table, *, level: int, prefix: str) -> Iterator[str]:
    yield _section("Verdict", level, _verdict(test_set, level))
    yield _section("Accuracy by category", level, _scores(test_set, table, prefix))
    yield _section("What was varied", level, what_was_varied(test_set, prefix))
    yield _section("Training", level, training(test_set, prefix))
    yield _section("The runs", level, runs_made(test_set))


def _section(name: str, level: int, inner: str) -> str:
    return wrap("section", element(f"h{level}", name) + inner)


def _verdict(test_set: TestSet, level: int) -> str:
    statements = findings(test_set)
    items = "".join(
        wrap("li", f"{element('strong', one.lead)} {element('span', one.text)}") for one in statements
    )
    limits = element(f"h{level + 1}", "What cannot be said") + bullets(
        caveats(test_set, statements), css="limits"
    )
    return (
        element("p", headline(test_set), css="lead")
        + _cards(test_set)
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


def _scores(test_set: TestSet, table: Table, prefix: str) -> str:
    notes = [table.remark or RECOMPUTED, *NOTES]
    beside = category_by_category(test_set, prefix) + bullets(notes, css="notes")
    return html_table(table) + runs_table(table) + wrap("div", beside, css="figures")


def _closing(found: Collection) -> Iterator[str]:
    if found.unfinished:
        yield _section("Jobs without a result", 2, unfinished_jobs(found.unfinished))
    yield _section("How to reproduce", 2, recipe(found) + bullets(found.notes, css="notes"))
