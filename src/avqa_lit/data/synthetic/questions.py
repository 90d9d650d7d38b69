"""Questions drawn so that no answer, and no way to be right by half of the evidence, becomes usual."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from avqa_lit.data.synthetic.oracle import heard_kinds, shown_kinds
from avqa_lit.data.synthetic.scenes import INSTRUMENTS, Scene
from avqa_lit.data.synthetic.templates import TEMPLATES, Template

LARGEST_SHARE = 0.55  # of one answer within a template, while it grows


@dataclass(frozen=True)
class Question:
    """A template with values, and the answer that the scene gives."""

    template: Template
    values: tuple[str, ...]
    answer: str


def answer(scene: Scene, template: Template, values: tuple[str, ...]) -> str | None:
    """The oracle: the answer that the latent scene gives, or None where it leaves the question open."""
    return template.ask(scene, *values)


class QuestionDrawer:
    """Draws the questions of one split, video after video, and keeps their answers in balance.

    Within a template the rarest answer so far is asked for first; within an answer, the rarest kind of
    evidence (whether what is named is heard, and whether it is seen).

    Args:
        questions_per_video: how many are asked of a video, as far as it allows.
    """

    def __init__(self, *, questions_per_video: int) -> None:
        self.questions_per_video = questions_per_video
        self._answers: defaultdict[Hashable, Counter[str]] = defaultdict(Counter)
        self._evidence: Counter[Hashable] = Counter()

    def draw(self, scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
        """Questions about one scene, each from another template."""
        asked: set[Template] = set()
        while len(asked) < self.questions_per_video:
            for template in self._rarest_first(rng):
                if template not in asked and (question := self._fill(scene, template, rng)):
                    break
            else:
                return
            asked.add(template)
            yield question

    def _rarest_first(self, rng: np.random.Generator) -> list[Template]:
        """Templates of the least asked category first, and the least asked of it first."""
        counts = {one: self._answers[one].total() for one in TEMPLATES}
        categories = Counter[str]()
        for one, count in counts.items():
            categories[one.category] += count
        return sorted(
            TEMPLATES, key=lambda one: (categories[one.category], one.category, counts[one], rng.random())
        )

    def _fill(self, scene: Scene, template: Template, rng: np.random.Generator) -> Question | None:
        """The template with values whose answer is not yet too usual."""
        options: defaultdict[str, defaultdict[Hashable, list[tuple[str, ...]]]]
        options = defaultdict(lambda: defaultdict(list))
        for values in product(*template.values):
            found = answer(scene, template, values) if len(set(values)) == len(values) else None
            if found and all(self._has_room(key, found) for key in _keys(scene, template, values)):
                options[found][_evidence(scene, values)].append(values)
        if not options:
            return None
        counts = self._answers[template]
        chosen = min(options, key=lambda one: (counts[one], rng.random()))
        evidence = min(options[chosen], key=lambda one: (self._evidence[template, chosen, one], rng.random()))
        values = options[chosen][evidence][rng.integers(len(options[chosen][evidence]))]
        for key in _keys(scene, template, values):
            self._answers[key][chosen] += 1
        self._evidence[template, chosen, evidence] += 1
        return Question(template, values, chosen)

    def _has_room(self, key: Hashable, answer: str) -> bool:
        """Whether the answer may be given once more, among questions with this key."""
        counts = self._answers[key]
        return counts[answer] < 1 + LARGEST_SHARE * counts.total()


def _keys(scene: Scene, template: Template, values: tuple[str, ...]) -> list[Hashable]:
    """The template, and the template with each of its hints."""
    return [
        template,
        *((template, number, hint(scene, *values)) for number, hint in enumerate(template.hints)),
    ]


def _evidence(scene: Scene, values: tuple[str, ...]) -> Hashable:
    heard, shown = heard_kinds(scene), shown_kinds(scene)
    return tuple((one in heard, one in shown) if one in INSTRUMENTS else one for one in values)
