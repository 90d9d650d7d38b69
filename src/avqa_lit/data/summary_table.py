"""The summary of a data set, as it is printed."""

from collections.abc import Iterator

from rich.table import Table

from avqa_lit.console import PlainConsole, visible
from avqa_lit.data.summary import AnswerSummary, DataSummary, Overlap

SHOWN = 3  # unknown answers of a split


def print_summary(summary: DataSummary, *, console: PlainConsole) -> None:
    """Print splits, tracks, answers and overlaps; tables fit 80 columns, sentences are not wrapped."""
    console.print(_splits(summary))
    console.print(_tracks(summary))
    console.print(
        "min, median, max: rows of a video; seconds: of the median; zeros: of a sample of the values",
        soft_wrap=True,
        style="dim",
    )
    for sentence in _sentences(summary):
        console.print(sentence, soft_wrap=True)


def _table(*heads: str, texts: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place < texts else "right", overflow="fold")
    return table


def _splits(summary: DataSummary) -> Table:
    table = _table("split", "questions", "videos", "dropped", texts=1)
    for split in summary.splits:
        table.add_row(visible(split.name), f"{split.questions:,}", f"{split.videos:,}", f"{split.dropped:,}")
    return table


def _tracks(summary: DataSummary) -> Table:
    heads = ("track", "encoder", "row", "videos", "min", "median", "max", "seconds", "zeros")
    table = _table(*heads, texts=3)
    for track in summary.tracks:
        table.add_row(
            visible(track.name),
            visible(track.encoder),
            f"{'x'.join(map(str, track.row_shape))} {track.dtype}",
            f"{track.videos:,}",
            *(f"{rows:,}" for rows in (track.shortest, track.median, track.longest)),
            f"{track.seconds:.1f}",
            f"{track.zeros:.0%}",
        )
    return table


def _sentences(summary: DataSummary) -> Iterator[str]:
    yield f"answers: train gives {summary.known_answers}"
    yield from map(_of_answers, summary.answers)
    yield from (_of_overlap(shared) for shared in summary.overlaps if shared.videos)


def _of_answers(answers: AnswerSummary) -> str:
    given = f"  {visible(answers.split)} gives {answers.answers}"
    if not answers.unknown:
        return f"{given}, all of which train knows"
    names = list(answers.unknown)[:SHOWN]
    shown = ", ".join(
        repr(name) + (f" (train spells it {answers.alike[name]!r})" if name in answers.alike else "")
        for name in names
    )
    more = f" and {len(answers.unknown) - SHOWN} more" if len(answers.unknown) > SHOWN else ""
    questions = _count(sum(answers.unknown.values()), "question")
    return f"{given}, of which train does not know {len(answers.unknown)} ({questions}): {shown}{more}"


def _of_overlap(shared: Overlap) -> str:
    one, other = map(visible, shared.splits)
    questions = f"{shared.rows:,} of the {shared.of:,} questions of {other}" if shared.rows else "no question"
    return f"{one} and {other} share {_count(shared.videos, 'video')} and {questions}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
