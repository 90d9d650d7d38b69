"""Finds the question that another program means."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from functools import cached_property
from pathlib import PurePath

from avqa_lit.data.annotations import Question, question_text
from avqa_lit.data.given_answer import GivenAnswer, same_id


class QuestionLookup:
    """Rows of a split by everything that names a question.

    Args:
        asked: questions of the split.
    """

    def __init__(self, asked: Sequence[Question]) -> None:
        self.asked = asked
        self.by_row = {question.row: question for question in asked}

    def rows(self, answer: GivenAnswer) -> list[int]:
        """Rows that the answer may be to; none where no question has the name, several where many have.

        The row decides where it is given, else the id, the text of the question where the id is repeated, and
        the video with the text where the id is unknown. An id may be that of a video, or its file's name.
        """
        if answer.row is not None:
            return [answer.row] if answer.row in self.by_row else []
        rows = [] if answer.question_id is None else self._by_id.get(answer.question_id, [])
        if len(rows) == 1 or answer.text is None:
            return rows
        text = question_text(answer.text)
        if rows:
            return [row for row in rows if self.by_row[row].text == text] or rows
        video = answer.video_id or answer.question_id or ""
        return self._by_video.get((video, text)) or self._by_video.get((PurePath(video).stem, text), [])

    def contradiction(self, answer: GivenAnswer) -> str:
        """What is wrong if a row and an id are given that do not belong together; else empty."""
        if answer.row is None or answer.question_id is None:
            return ""
        own = self.by_row[answer.row].question_id
        if own is not None and same_id(own) == answer.question_id:
            return ""
        return f"{answer.place} gives row {answer.row} the question_id {answer.question_id}, it has {own}"

    @cached_property
    def _by_id(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = defaultdict(list)
        for question in self.asked:
            if question.question_id is not None:
                rows[same_id(question.question_id)].append(question.row)
        return rows

    @cached_property
    def _by_video(self) -> dict[Hashable, list[int]]:
        rows: dict[Hashable, list[int]] = defaultdict(list)
        for question in self.asked:
            rows[question.video_id, question.text].append(question.row)
        return rows
