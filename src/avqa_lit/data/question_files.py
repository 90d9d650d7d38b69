"""Features of questions from files, as others have published them."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_args

import numpy as np
from jaxtyping import Float32, Int64

from avqa_lit.artifacts.array_files import read_array
from avqa_lit.batch import QUESTION
from avqa_lit.data.fingerprint import digest_lines
from avqa_lit.data.named_arrays import NamedArrays
from avqa_lit.data.question_arrays import QUESTION_ID, TEXT, Padding, QuestionArrays, QuestionName
from avqa_lit.data.question_table import QuestionTable
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.text_cache import REMEDY, features_file, kept, save
from avqa_lit.data.texts import AbsentTextError, TextFeatures, places_of
from avqa_lit.data.token_features import TokenFeatures, kept_tokens
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.needs import TextPart

# Characters that a name in results does not have.
_UNFIT = re.compile(r"[^\w.-]")
READ: Mapping[TextPart, str] = {"sentence": "sentence vectors", "tokens": "token states"}


@dataclass(frozen=True, kw_only=True)
class QuestionFiles:
    """Reads sentence vectors and token states, an array for each question_id or for each distinct text.

    A run reads them from packed copies in the folder of its store, which are made anew when a file changes.

    Attributes:
        sentence: folder of sentence vectors, ``[dim]`` or ``[1, dim]`` each; None where there are none.
        tokens: folder of states of tokens, ``[tokens, dim]`` each; None where there are none.
        files: name of a file in these folders, in which ``{question_id}`` or ``{text}`` stands for that of a
            question; it ends in .npy, .npz, .h5 or .pt.
        array: name of the array in its file, likewise; None is the only one that the file holds.
        padding: rows of zeros at the end of token states: "zeros" masks them as padding, "none" counts every
            row as a token, as published code does.
    """

    sentence: str | None
    tokens: str | None
    files: str
    array: str | None = None
    padding: Padding = "zeros"

    def __post_init__(self) -> None:
        if self.padding not in get_args(Padding):
            raise ConfigError(f"padding={self.padding}: expected {' or '.join(get_args(Padding))}")

    @property
    def folders(self) -> dict[TextPart, Path]:
        """Folder of each part that there is."""
        named: dict[TextPart, str | None] = {"sentence": self.sentence, "tokens": self.tokens}
        return {part: Path(folder) for part, folder in named.items() if folder is not None}

    @property
    def parts(self) -> tuple[TextPart, ...]:
        """Parts that have a folder."""
        return tuple(self.folders)

    @property
    def needs_text(self) -> bool:
        """Whether files are named after the text itself."""
        return f"{{{TEXT}}}" in self._pattern

    @cached_property
    def name(self) -> str:
        """Names of the folders, and a hash that changes with the files in them and how they are read."""
        names = "_".join(dict.fromkeys(folder.name for folder in self.folders.values()))
        digest = hashlib.sha256("".join(self._digests.values()).encode()).hexdigest()
        return f"{re.sub(_UNFIT, '_', names)}-{digest[:12]}"

    def check(self, parts: Sequence[TextPart], *, text: str) -> None:
        """Refuse parts without a folder, folders that do not exist, and patterns that name no file.

        Raises:
            ConfigError: which, and what to do.
        """
        for part in dict.fromkeys((*parts, *self.folders)):
            folder = self.folders.get(part)
            if folder is None:
                raise ConfigError(
                    f"the model reads {READ[part]} of the {text}, and {text}.{part} is null: name the folder "
                    f"of their files with {text}.{part}=DIR, or choose an encoder, as {text}=clip"
                )
            self._arrays(part, text)
            if not folder.is_dir():
                raise ConfigError(
                    f"{text}.{part}={folder}: no such folder, expected one that holds {self.files}; relative "
                    "paths start where the command is started"
                )

    def read_features(self, store: FeatureStore, parts: Sequence[TextPart], *, text: str) -> TextFeatures:
        """Features of every question of a store, packed in its folder.

        Raises:
            AbsentTextError: a question without a file, or without what names its file.
            DataError: files that cannot be read as they are.
        """
        questions, index = self._named(store, text)
        sentence = self._vectors(store.path, questions, text) if "sentence" in parts else None
        tokens = self._states(store.path, questions, text) if "tokens" in parts else None
        return TextFeatures(index, sentence, tokens)

    @property
    def _pattern(self) -> str:
        return f"{self.files}/{self.array or ''}"

    @cached_property
    def _digests(self) -> dict[TextPart, str]:
        """For each part a hash of the settings, and of the names, sizes and times of the files."""
        digests: dict[TextPart, str] = {}
        for part in self.folders:
            settings = [part, self.files, self.array, *([self.padding] if part == "tokens" else [])]
            lines = digest_lines(self._arrays(part, part).entries())
            digests[part] = hashlib.sha256(json.dumps(settings).encode() + lines).hexdigest()
        return digests

    def _arrays(self, part: TextPart, text: str) -> NamedArrays:
        return NamedArrays(
            self.folders[part], self.files, self.array, (QUESTION_ID, TEXT), text, f"file of {READ[part]}"
        )

    def _packed(self, folder: Path, kind: str, part: TextPart, questions: Sequence[QuestionName]) -> Path:
        """Where something of a part is packed for these questions."""
        digest = hashlib.sha256(f"{self._digests[part]}{json.dumps(questions)}".encode()).hexdigest()
        return features_file(folder, kind, f"files-{digest[:24]}")

    def _vectors(
        self, folder: Path, questions: Sequence[QuestionName], text: str
    ) -> Float32[np.ndarray, "question dim"]:
        file = self._packed(folder, "text", "sentence", questions)

        def read() -> np.ndarray:
            vectors = read_array(file, remedy=REMEDY)
            if vectors.ndim != 2 or len(vectors) != len(questions) or vectors.dtype != np.float32:
                raise DataError(
                    f"{file}: found {vectors.dtype} of shape {list(vectors.shape)}, expected a vector for "
                    f"each of {len(questions)} questions; {REMEDY}"
                )
            return vectors

        arrays = QuestionArrays(self._arrays("sentence", text), text)
        return kept(
            [file],
            make=lambda: arrays.vectors(questions),
            write=lambda vectors: save(file, vectors),
            read=read,
        )

    def _states(self, folder: Path, questions: Sequence[QuestionName], text: str) -> TokenFeatures:
        kinds = ("tokens", "token_lengths", "token_first_rows")
        files = [self._packed(folder, kind, "tokens", questions) for kind in kinds]
        arrays = QuestionArrays(self._arrays("tokens", text), text)
        return kept_tokens(
            files, make=lambda: arrays.states(questions, padding=self.padding), texts=len(questions)
        )

    def _named(
        self, store: FeatureStore, text: str
    ) -> tuple[list[QuestionName], dict[str, Int64[np.ndarray, " question"]]]:
        """What distinct files are named after, and the place of each question's file among them.

        Raises:
            AbsentTextError: a question without an id or a text after which its file is named.
            DataError: one id with two texts, so that it does not tell which text a file holds.
        """
        by_id = f"{{{QUESTION_ID}}}" in self._pattern
        places: dict[QuestionName, int] = {}
        text_of: dict[str, str] = {}
        index = {}
        for split, table in store.splits.items():
            names = []
            for place, asked in enumerate(self._texts(store, table, text)):
                identity = table.question_id[place]
                where = f"{store.path}, {split} row {table.row[place]}"
                if by_id and identity is None:
                    raise AbsentTextError(
                        f"{where}: has no question_id, which {text}.files={self.files} needs; name the files "
                        f"after the text, as in {text}.files={{text}}.npy",
                        text=text,
                    )
                if by_id and text_of.setdefault(str(identity), asked) != asked:
                    raise DataError(
                        f"{where} (question_id {identity}): asks {asked!r}, and another row of this "
                        f"question_id {text_of[str(identity)]!r}, expected one text for each id; name the "
                        f"files after the text, as in {text}.files={{text}}.npy"
                    )
                names.append(QuestionName(identity if by_id else None, asked if self.needs_text else None))
            index[split] = np.array([places.setdefault(name, len(places)) for name in names], np.int64)
        return list(places), index

    def _texts(self, store: FeatureStore, table: QuestionTable, text: str) -> list[str]:
        """The text of each question; the question itself where there are no prompts and none is needed."""
        known = QUESTION if table.prompt is None and not self.needs_text else text
        texts, places = places_of(known, store, table)
        return [texts[place] for place in places.tolist()]
