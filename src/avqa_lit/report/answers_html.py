"""Where the chosen configuration is right and where it is wrong, as HTML."""

from avqa_lit.report.album import Album
from avqa_lit.report.attention_figure import attention_figure, in_words
from avqa_lit.report.chosen_answers import ChosenAnswers
from avqa_lit.report.grids import confusion
from avqa_lit.report.markup import element, wrap
from avqa_lit.report.mistakes import Mistake
from avqa_lit.report.wording import count, percent, place

NO_PREDICTIONS = "The chosen configuration kept no predictions, so that its answers cannot be looked at."
WHAT_ATTENTION_IS = (
    "Attention is the last block's, mean of its heads. It says where the model took its input from, not why."
)
HOW_TO_LOOK = (
    "The run kept no attention: evaluate its checkpoint with attention=true and report on both folders, to "
    "see where it looked and listened."
)


def right_and_wrong(answers: ChosenAnswers | None, album: Album, level: int) -> str:
    """The section under its heading of `level`."""
    if answers is None:
        return element("p", NO_PREDICTIONS, css="note")
    by_answer = answers.scores.listing()
    found = (
        ("By template", answers.templates, len(answers.templates.rows)),
        ("By answer", by_answer, len(answers.scores.labels)),
    )
    tables = "".join(
        wrap("details", element("summary", f"{name}: {count(rows, name.split()[-1])}") + one.html())
        for name, one, rows in found
    )
    heading = element(f"h{level + 1}", "Most certain mistakes")
    return tables + confusion(answers.scores, album) + heading + _mistakes(answers, album)


def _mistakes(answers: ChosenAnswers, album: Album) -> str:
    if not answers.mistakes:
        return element("p", "There are none: every answer is right.", css="note")
    folder = place(answers.run.folder)
    note = f"Up to two of each category, those given with the highest probability, of the run in {folder}. "
    looked = any(one.looks for one in answers.mistakes)
    note += answers.trouble or (WHAT_ATTENTION_IS if looked else HOW_TO_LOOK)
    items = "".join(_mistake(one, number, album) for number, one in enumerate(answers.mistakes, start=1))
    return element("p", note, css="note") + wrap("ol", items, css="mistakes")


def _mistake(one: Mistake, number: int, album: Album) -> str:
    sure = "" if one.probability is None else f" ({percent(one.probability)}%)"
    answers = (
        element("span", "Answered ")
        + element("b", one.prediction)
        + element("span", f"{sure}, true is ")
        + element("b", one.truth)
    )
    rest = ", ".join(f"{name} {percent(chance)}%" for name, chance in one.next_best)
    told = [f"{one.category}, video {one.video}, row {one.row}"] + ([f"next best: {rest}"] if rest else [])
    text = element("p", f"\u201c{one.question}\u201d", css="asked") + wrap("p", answers)
    text += element("p", "; ".join(told), css="note")
    if one.looks:
        words = in_words(one.looks)
        about = f"Attention for \u201c{one.question}\u201d of video {one.video}: {words}."
        name = f"attention-{number:02d}-{one.category}"
        text += album.svg(attention_figure(one.looks), name=name, description=about)
    return wrap("li", text)
