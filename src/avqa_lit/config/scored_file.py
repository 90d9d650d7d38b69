"""Answers of one file, read, understood and scored."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from avqa_lit.artifacts.results import GivenAnswers
from avqa_lit.console import print_plain
from avqa_lit.data.annotated import Annotated
from avqa_lit.data.answer_coverage import answers_in_order, shown
from avqa_lit.data.answer_file import read_answer_file
from avqa_lit.data.answer_order import NamedAnswers, named_answers
from avqa_lit.data.answer_spelling import Spelling, SpeltAnswers
from avqa_lit.data.answers_known import AnswersKnown, answers_known
from avqa_lit.errors import DataError
from avqa_lit.metrics.split_scores import SplitScores, score_answers


@dataclass(frozen=True)
class ScoredFile:
    """Answers of one file, read and scored.

    Attributes:
        path: the file.
        sha256: of its bytes.
        named: its answers as text, as they stand there.
        spelt: after aliases and rules.
        known: which of these match an answer of the data.
        scores: on the split.
    """

    path: Path
    sha256: str
    named: NamedAnswers
    spelt: SpeltAnswers
    known: AnswersKnown
    scores: SplitScores

    def facts(self, name: str) -> GivenAnswers:
        """How the file was read, for results.json.

        Args:
            name: what the file is called among those that were scored with it.
        """
        order = self.named.order
        return GivenAnswers(
            file=str(self.path.absolute()),
            name=name,
            sha256=self.sha256,
            truth_column=self.named.truth_column,
            answer_order=None if order is None else {str(number): text for number, text in order.items()},
            normalised=dict(self.spelt.applied),
        )


def score_file(path: Path, data: Annotated, spelling: Spelling) -> ScoredFile:
    """Read the answers, say how they were understood, and score them.

    Raises:
        DataError: a file that cannot be read, does not cover the split, contradicts it or itself, or holds
            no answer that is known.
    """
    expected = data.known_answers
    given = spelling.prepare(read_answer_file(path), expected.tokens)
    named = named_answers(path, answers_in_order(path, given, data), data)
    spelt = spelling.read(named.answers, expected.tokens)
    known = answers_known(spelt.answers, expected.tokens)
    for remark in (*named.remarks, *_remarks(spelt, known, expected.tokens)):
        print_plain(f"{path.name}: {remark}")
    if known.unknown_total == known.total:
        raise DataError(
            f"predictions={path}: none of its {known.total:,} answers is known, so nothing is scored: "
            f"{known.examples}; expected answers such as {shown(map(repr, expected.tokens))}; "
            "answers.aliases={GIVEN:KNOWN} and answers.normalise=all read other spellings"
        )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    scores = score_answers(data, spelt.answers, given=named.answers)
    return ScoredFile(path, sha256, named, spelt, known, scores)


def _remarks(spelt: SpeltAnswers, known: AnswersKnown, expected: tuple[str, ...]) -> list[str]:
    remarks = []
    if spelt.applied:
        told = ", ".join(f"{name} {count:,}" for name, count in spelt.applied.items())
        remarks.append(f"answers matched after normalisation: {told}")
    if known.unknown:
        hint = "; answers.normalise=all reads other spellings" if known.alike else ""
        remarks.append(
            f"{known.unknown_total:,} of {known.total:,} answers match none of the {len(expected)} known "
            f"ones, and count as wrong: {known.examples}; "
            f"expected answers such as {shown(map(repr, expected))}{hint}"
        )
    return remarks
