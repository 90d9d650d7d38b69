"""The table of accuracies, whatever it is printed as."""

from dataclasses import dataclass, replace

from avqa_lit.report.columns import OVERALL, Column, columns_of
from avqa_lit.report.configurations import Configuration, TestSet
from avqa_lit.report.origin import CHECKPOINT, GIVEN, TRAINING
from avqa_lit.report.provenance import features
from avqa_lit.report.published import is_official, official_totals, published_rows
from avqa_lit.report.result import Result
from avqa_lit.report.tested_cells import NO_MARKS, CellMarks, cell_marks, how_tested
from avqa_lit.report.train_note import train_note
from avqa_lit.report.wording import count
from avqa_lit.taxonomy import MUSIC_AVQA

DETAIL = {CHECKPOINT: "checkpoint scored again", GIVEN: "answers of another program"}


@dataclass(frozen=True)
class Cell:
    """One accuracy.

    Attributes:
        value: fraction; None where there is none.
        gain: difference to the question-only prior.
        half_width: of the 95% interval over seeds.
        is_best: no row of ours has more in this column.
        marks: what is significant about it.
        is_recomputed: not printed by the paper, worked out from what it prints.
    """

    value: float | None
    gain: float | None = None
    half_width: float | None = None
    is_best: bool = False
    marks: CellMarks = NO_MARKS
    is_recomputed: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        kind: "prior", "configuration", "scored" (not by a training), "run" or "published".
        detail: what else there is to know: seeds, origin, venue.
        val: overall accuracy on val, by which the configuration is chosen.
        cells: in the order of the columns.
        results: runs behind it.
    """

    kind: str
    label: str
    detail: str
    is_chosen: bool
    val: Cell
    cells: tuple[Cell, ...]
    results: tuple[Result, ...] = ()


@dataclass(frozen=True)
class Table:
    """Accuracies of one test set.

    Attributes:
        columns: those of the test set's taxonomy.
        totals: test questions in each column.
        keys: config keys in which the rows differ.
        scored: likewise, of checkpoints that were scored again and of other programs' answers.
        runs: each run by itself, where configurations have several.
        remark: why there are no published rows; empty where there are.
        train: what is unusual about the train split of these rows, or of the prior; empty where nothing is.
        tests: how the marks came about.
        features: what the features are and which data they are packed in.
    """

    columns: tuple[Column, ...]
    totals: tuple[int, ...]
    keys: tuple[str, ...]
    configurations: tuple[Row, ...]
    scored: tuple[Row, ...]
    runs: tuple[Row, ...]
    prior: Row | None
    published: tuple[Row, ...]
    remark: str
    train: str
    tests: str
    features: str

    @property
    def rows(self) -> tuple[Row, ...]:
        """All but single runs, from top to bottom."""
        prior = (self.prior,) if self.prior else ()
        return (*prior, *self.configurations, *self.scored, *self.published)


def build_table(test_set: TestSet) -> Table:
    """Table of a test set: its configurations, the prior and, on the official split, published rows."""
    several = any(one.seeds > 1 for one in test_set.configurations)
    marks = cell_marks(test_set)
    rows = _best_marked(
        [
            _configuration(one, test_set, of_cells, several=several)
            for one, of_cells in zip(test_set.configurations, marks, strict=True)
        ]
    )
    official = is_official(test_set.taxonomy, test_set.totals)
    of_category = dict(zip(test_set.taxonomy.names, test_set.totals, strict=True))
    columns = columns_of(test_set.taxonomy)
    return Table(
        columns=columns,
        totals=tuple(sum(of_category[category] for category in column.categories) for column in columns),
        keys=test_set.keys,
        configurations=tuple(row for row in rows if row.kind == "configuration"),
        scored=tuple(row for row in rows if row.kind == "scored"),
        runs=tuple(_run(one, result, test_set) for one in test_set.configurations for result in one.results)
        if several
        else (),
        prior=_prior(test_set),
        published=tuple(_published(test_set)) if official else (),
        remark="" if official else _why_no_published(test_set),
        train=train_note(test_set, official=official),
        tests=how_tested(test_set),
        features=features(test_set.results),
    )


def _configuration(
    one: Configuration, test_set: TestSet, marks: dict[str, CellMarks], *, several: bool
) -> Row:
    def cell(metric: str, split: str) -> Cell:
        over_seeds = one.over_seeds(metric, split)
        value = one.mean(metric, split)
        return Cell(
            value,
            _gain(value, test_set.prior(metric, split)),
            over_seeds.half_width if over_seeds else None,
            marks=marks.get(metric, NO_MARKS) if split == "test" else NO_MARKS,
        )

    details = [DETAIL[one.origin]] if one.origin in DETAIL else []
    return Row(
        kind="configuration" if one.origin == TRAINING else "scored",
        label=one.label,
        detail=", ".join(details + ([count(one.seeds, "seed")] if several and one.origin != GIVEN else [])),
        is_chosen=one is test_set.chosen and test_set.was_chosen_on_val,
        val=cell(OVERALL, "val"),
        cells=tuple(cell(column.metric, "test") for column in columns_of(test_set.taxonomy)),
        results=one.results,
    )


def _run(one: Configuration, result: Result, test_set: TestSet) -> Row:
    def cell(metric: str, split: str) -> Cell:
        value = result.accuracy(metric, split)
        return Cell(value, _gain(value, test_set.prior(metric, split)))

    return Row(
        kind="run",
        label=one.label,
        detail=f"seed {result.seed}",
        is_chosen=False,
        val=cell(OVERALL, "val"),
        cells=tuple(cell(column.metric, "test") for column in columns_of(test_set.taxonomy)),
        results=(result,),
    )


def _gain(value: float | None, prior: float | None) -> float | None:
    return None if value is None or prior is None else value - prior


def _prior(test_set: TestSet) -> Row | None:
    if test_set.prior(OVERALL) is None:
        return None
    return Row(
        kind="prior",
        label="Question-only prior",
        detail="",
        is_chosen=False,
        val=Cell(test_set.prior(OVERALL, "val")),
        cells=tuple(Cell(test_set.prior(column.metric)) for column in columns_of(test_set.taxonomy)),
    )


def _best_marked(rows: list[Row]) -> list[Row]:
    """Rows with the best of each column marked; nothing is best among one."""
    if len(rows) < 2:
        return rows
    best = [
        max((cell.value for cell in column if cell.value is not None), default=None)
        for column in zip(*(row.cells for row in rows), strict=True)
    ]
    return [
        replace(
            row,
            cells=tuple(
                replace(cell, is_best=cell.value is not None and cell.value == top)
                for cell, top in zip(row.cells, best, strict=True)
            ),
        )
        for row in rows
    ]


def _published(test_set: TestSet) -> list[Row]:
    columns = columns_of(test_set.taxonomy)
    return [
        Row(
            kind="published",
            label=one.system,
            detail=f"{one.venue}; {one.features}; {one.averages}",
            is_chosen=False,
            val=Cell(None),
            cells=tuple(
                Cell(value, _gain(value, test_set.prior(column.metric)), is_recomputed=recomputed)
                for column, value, recomputed in zip(columns, one.values, one.recomputed, strict=True)
            ),
        )
        for one in published_rows()
    ]


def _why_no_published(test_set: TestSet) -> str:
    official = sum(official_totals().values())
    return (
        "Published results are left out: they hold for the official MUSIC-AVQA test split of "
        f"{official:,} questions with its numbers per category, and this test set has "
        f"{count(test_set.questions, 'question')}{_how_else(test_set, official)}."
    )


def _how_else(test_set: TestSet, official: int) -> str:
    if test_set.taxonomy.names != MUSIC_AVQA.names:
        return " of other categories"
    return " in other proportions" if test_set.questions == official else ""
