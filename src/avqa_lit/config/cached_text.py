"""A text whose features are cached before training: what encodes it, or reads them from files."""

from collections.abc import Sequence
from dataclasses import dataclass

from avqa_lit.data.question_files import QuestionFiles
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.text_features import QuestionEncoder
from avqa_lit.data.texts import TextFeatures, places_of
from avqa_lit.data.token_features import TokenEncoder
from avqa_lit.errors import ConfigError
from avqa_lit.needs import TextPart


@dataclass(frozen=True)
class CachedText:
    """A text of every question and what gives its features.

    Attributes:
        text: name of the text, and of the group of configs that chooses the encoder.
        encoder: encodes the text, or reads features that somebody else has encoded.
    """

    text: str
    encoder: QuestionEncoder | QuestionFiles

    @property
    def name(self) -> str:
        """The encoder's name in results."""
        return self.encoder.name

    @property
    def needs_text(self) -> bool:
        """Whether features cannot be had without the text itself."""
        return not isinstance(self.encoder, QuestionFiles) or self.encoder.needs_text

    @property
    def own_parts(self) -> tuple[TextPart, ...]:
        """Parts that are cached where no model says which it reads."""
        return self.encoder.parts if isinstance(self.encoder, QuestionFiles) else ("sentence",)

    def check(self, parts: Sequence[TextPart]) -> None:
        """Refuse an encoder that cannot give these parts, before any data are read.

        Raises:
            ConfigError: which part, and what to do.
        """
        if isinstance(self.encoder, QuestionFiles):
            self.encoder.check(parts, text=self.text)
        elif "tokens" in parts and not isinstance(self.encoder, TokenEncoder):
            raise ConfigError(
                f"{self.text} encoder {self.name} encodes whole {self.text}s, but the model reads their "
                "words, as with model.queries=words; give it a method encode_tokens, or choose another"
            )

    def features(self, store: FeatureStore, parts: Sequence[TextPart]) -> TextFeatures:
        """Cached features of every question of a store, in these parts.

        Raises:
            AbsentTextError: a question without the text, or without features of it.
            DataError: features that cannot be used as they are.
        """
        if isinstance(self.encoder, QuestionFiles):
            return self.encoder.read_features(store, parts, text=self.text)
        index = {split: places_of(self.text, store, table)[1] for split, table in store.splits.items()}
        sentence = store.text_features(self.encoder, text=self.text) if "sentence" in parts else None
        if "tokens" not in parts:
            return TextFeatures(index, sentence)
        assert isinstance(self.encoder, TokenEncoder)
        return TextFeatures(index, sentence, store.token_features(self.encoder, text=self.text))
