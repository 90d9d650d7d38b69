"""Puts the report's one page together."""

from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files

from avqa_lit.report.answers_html import right_and_wrong
from avqa_lit.report.chapter import Chapter
from avqa_lit.report.collect import Collection
from avqa_lit.report.cost import runs_made
from avqa_lit.report.grids import categories_over_runs
from avqa_lit.report.illustrations import category_by_category, training, what_was_varied
from avqa_lit.report.left_out import left_out
from avqa_lit.report.markup import bullets, definitions, element, wrap
from avqa_lit.report.provenance import budgets, data_name, recipe, seeds, unfinished_jobs
from avqa_lit.report.table_html import html_table, runs_table
from avqa_lit.report.table_notes import table_notes
from avqa_lit.report.verdict_html import verdict
from avqa_lit.report.wording import DASH, count


def title(found: Collection) -> str:
    """Names of the experiments."""
    names = [result.run.results.experiment or "" for result in found.results]
    names += [sweep.experiment for sweep in found.sweeps.values()]
    return ", ".join(dict.fromkeys(name for name in names if name)) or "Runs"


def apart(chapters: Sequence[Chapter]) -> str:
    """Why there are several test sets."""
    categories = {chapter.test_set.taxonomy.names for chapter in chapters}
    how = "different questions" + (" of different categories" if len(categories) > 1 else "")
    return (
        f"These runs were tested on {how}, so their accuracies cannot be compared. "
        "Each set of questions has its own verdict, table and figures below."
    )


def page(found: Collection, chapters: Sequence[Chapter]) -> str:
    """The whole HTML document."""
    name = title(found)
    css = (files("avqa_lit.report") / "style.css").read_text("utf-8")
    content = "\n".join([_opening(name, found, chapters), *_chapters(chapters), *_closing(found)])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"{element('title', f'{name}: report')}\n<style>\n{css}</style>\n</head>\n"
        f"<body>\n{wrap('main', content)}\n</body>\n</html>\n"
    )


def _opening(name: str, found: Collection, chapters: Sequence[Chapter]) -> str:
    facts = [("Runs", f"{len(found.results)} finished")]
    if found.unfinished:
        facts.append(("Without a result", count(len(found.unfinished), "job")))
    facts += [
        ("Budget", ", ".join(budgets(found.results)) or DASH),
        ("Data", ", ".join(dict.fromkeys(data_name(one) for one in found.results)) or DASH),
        ("Seeds", ", ".join(seeds(found.results)) or DASH),
    ]
    lines = [element("h1", name), definitions(facts, css="glance")]
    if not chapters:
        lines.append(element("p", "No run finished, so there is nothing to compare.", css="lead"))
    if len(chapters) > 1:
        lines.append(element("p", apart(chapters), css="apart"))
    lines += [element("p", sentence, css="apart") for sentence in left_out(found)]
    return wrap("header", "".join(lines))


def _chapters(chapters: Sequence[Chapter]) -> Iterator[str]:
    for number, chapter in enumerate(chapters, start=1):
        if len(chapters) > 1:
            yield element("h2", f"Test set {number} of {len(chapters)}: {chapter.name}", css="set")
        for name, section in SECTIONS.items():
            yield _section(name, chapter.level, section(chapter))


def _section(name: str, level: int, inner: str) -> str:
    return wrap("section", element(f"h{level}", name) + inner)


def _scores(chapter: Chapter) -> str:
    notes = bullets(table_notes(chapter.table), css="notes")
    beside = category_by_category(chapter.test_set, chapter.album) + notes
    tables = html_table(chapter.table) + runs_table(chapter.table)
    tables += chapter.differences.html() if chapter.differences else ""
    return tables + wrap("div", beside, css="figures")


def _varied(chapter: Chapter) -> str:
    trained = chapter.test_set.trained
    if trained is None:
        return element("p", "No training is among these folders.", css="note")
    return what_was_varied(trained, chapter.album) + categories_over_runs(trained, chapter.album)


SECTIONS: dict[str, Callable[[Chapter], str]] = {
    "Verdict": verdict,
    "Accuracy by category": _scores,
    "What was varied": _varied,
    "Right and wrong answers": lambda one: right_and_wrong(one.answers, one.album, one.level),
    "Training": lambda one: training(one.test_set, one.album),
    "The runs": lambda one: runs_made(one.test_set),
}


def _closing(found: Collection) -> Iterator[str]:
    if found.unfinished:
        yield _section("Jobs without a result", 2, unfinished_jobs(found.unfinished))
    yield _section("How to reproduce", 2, recipe(found) + bullets(found.notes, css="notes"))
