"""Batches gathered whole from a packed store."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, pairwise
from typing import Literal

import lightning as L
import numpy as np
import torch
from jaxtyping import Int64
from numpy import ndarray

from avqa_lit.artifacts.results import DataFacts
from avqa_lit.batch import PADDING_WORD, Batch, Modality, ModelSpec, OtherVideos, Seats, Track
from avqa_lit.data.other_videos import other_clips
from avqa_lit.data.perturbation import Perturbation
from avqa_lit.data.sampler import StepSampler
from avqa_lit.data.serving import Serving
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.texts import TextFeatures
from avqa_lit.data.views import drawn_views, view_number
from avqa_lit.data.vocabulary import Vocabulary, word_ids
from avqa_lit.errors import ConfigError, DataError

Split = Literal["train", "val", "test"]

_NOTHING = np.zeros(0, np.int64), np.zeros(0, np.int64)


class AVQADataModule(L.LightningDataModule):
    """Serves the splits of a store to Lightning.

    Batches are gathered in the main process: a copy from a memory map is faster than handing tensors over
    from worker processes. Features stay as they are stored until `AVQAModule` has them on its device, since
    in float16 there is half as much to copy.

    Args:
        store: questions, and packed features of the tracks that batches carry.
        serving: batch size, grouping, device and views.
        texts: features of the texts that batches carry, by name.
        seed: drives the order of the train split.
        with_other_videos: whether batches carry another video for each, for a model that makes false pairs.
        answers: the model's answers in order; None takes the store's own. An answer of the store that is
            not among them counts as wrong.
        words: the model's words in order; None takes the store's own.
        drop: modality whose tracks are blanked, for robustness tests.
        perturbation: changes the tracks of training batches; None or off leaves them as they are.

    Training draws one view and one perturbation a video and epoch, from the seed, the epoch and the video
    alone: they are the same on any number of processes, and in a run that goes on after a kill.
    """

    def __init__(
        self,
        store: FeatureStore,
        *,
        serving: Serving,
        texts: Mapping[str, TextFeatures],
        seed: int,
        with_other_videos: bool = False,
        answers: tuple[str, ...] | None = None,
        words: tuple[str, ...] | None = None,
        drop: Modality | None = None,
        perturbation: Perturbation | None = None,
    ) -> None:
        super().__init__()
        if drop not in (None, "audio", "visual"):
            raise ConfigError(f"drop={drop}: expected audio or visual")
        self.store = store.on(serving.device)
        self.serving = serving
        self.texts = texts
        self.seed = seed
        self.with_other_videos = with_other_videos
        self.drop = drop
        self.view = view_number(store.views, serving.view)
        self.train_views = drawn_views(store.views, serving.train_views)
        if serving.device is not None and perturbation is not None and not perturbation.is_off:
            raise ConfigError(
                f"data.device={serving.device}: perturbations are computed where files are read; leave "
                "data.device=null, or train without perturbation"
            )
        self.perturbation = None if perturbation is None or perturbation.is_off else perturbation
        self.answers = store.answers.tokens if answers is None else answers
        known = set(self.answers)
        self.labels = self.answers + tuple(label for label in store.labels if label not in known)
        self.words = store.words.tokens if words is None else words
        self.word_ids = word_ids(store.texts, Vocabulary(self.words))
        self.label_of = _positions(store.labels, self.labels)

    @property
    def spec(self) -> ModelSpec:
        """What a model has to know to size itself."""
        answer_words = word_ids(self.answers, Vocabulary(self.words))
        return ModelSpec(
            tracks={name: track.spec for name, track in self.store.tracks.items()},
            texts={name: text.spec for name, text in self.texts.items()},
            words=len(self.words),
            answers=len(self.answers),
            answer_words=tuple(tuple(ids[ids != PADDING_WORD].tolist()) for ids in answer_words),
        )

    def facts(self, text_encoders: Mapping[str, str]) -> DataFacts:
        """Where the data come from, for results.json; `text_encoders` names what encodes each text."""
        return DataFacts(
            store=str(self.store.path),
            checksum=self.store.checksum,
            encoders={**self.store.encoders, **text_encoders},
            questions={split: len(table) for split, table in self.store.splits.items()},
        )

    def train_dataloader(self) -> "BatchLoader":
        return self._loader("train", shuffle=True)

    def val_dataloader(self) -> "BatchLoader":
        return self._loader("val", shuffle=False)

    def test_dataloader(self) -> "BatchLoader":
        return self._loader("test", shuffle=False)

    def _loader(self, split: Split, *, shuffle: bool) -> "BatchLoader":
        assert self.trainer is not None
        return self.loader(
            split, shuffle=shuffle, rank=self.trainer.global_rank, world_size=self.trainer.world_size
        )

    def loader(self, split: Split, *, shuffle: bool, rank: int, world_size: int) -> "BatchLoader":
        """Batches of one process of `world_size`; the shuffled ones are those of training.

        Raises:
            DataError: the store has no such split.
        """
        if split not in self.store.splits:
            raise DataError(f"{self.store.path}: no {split} split; it has {', '.join(self.store.splits)}")
        sampler = StepSampler(
            self.store.splits[split].clip,
            batch_size=self.serving.batch_size,
            shuffle=shuffle,
            seed=self.seed,
            rank=rank,
            world_size=world_size,
            together=self.serving.group_by_video,
        )
        return BatchLoader(self, split, sampler)

    def other_clips(
        self, split: Split, rows: Int64[ndarray, " step"], *, place: tuple[int, ...]
    ) -> dict[int, int] | None:
        """Another clip for each of the step that asks the questions at `rows`, if batches carry them."""
        if not self.with_other_videos:
            return None
        clips = self.store.splits[split].clip[rows]
        return other_clips(clips, self.store.clip_entry["visual"][clips], place=(self.seed, *place))

    def gather(
        self,
        split: Split,
        rows: Int64[ndarray, " batch"],
        *,
        total: int,
        others: Mapping[int, int] | None = None,
        epoch: int | None = None,
    ) -> Batch:
        """The questions at `rows` of a split; of no rows, a stand-in of weight 0.

        Args:
            split: train, val or test.
            rows: places in the split.
            total: number of questions in this step over all processes.
            others: another clip for clips of the step, carried as well; None carries none.
            epoch: epoch of training, for which views and perturbations are drawn; None in evaluation.
        """
        weight = torch.ones(max(1, len(rows)))
        if len(rows) == 0:
            rows, weight = np.zeros(1, dtype=np.int64), torch.zeros(1)
        table = self.store.splits[split]
        asked = np.unique(table.clip[rows])
        clips, partners = asked, None
        if others is not None:
            partners = np.array([others.get(clip, clip) for clip in asked.tolist()])
            clips = np.union1d(asked, partners)
        video = torch.from_numpy(np.searchsorted(clips, table.clip[rows]))
        words = self.word_ids[table.text[rows]]
        return Batch(
            tracks=self._evaluated(clips) if epoch is None else self._trained(clips, epoch),
            clip=torch.from_numpy(clips),
            texts={name: text.gather(split, rows) for name, text in self.texts.items()},
            words=torch.from_numpy(words[:, : max(1, int((words > 0).sum(axis=1).max()))]),
            video=video,
            seats=Seats.of(video, videos=len(clips)),
            answer=torch.from_numpy(self.label_of[table.answer[rows]]),
            category=torch.from_numpy(table.category[rows].astype(np.int64)),
            row=torch.from_numpy(table.row[rows]),
            weight=weight,
            total=total,
            others=None if partners is None else _other_videos(clips, asked, partners),
        )

    def read_ahead(self, split: Split, rows: Int64[ndarray, " batch"], *, epoch: int | None) -> None:
        """Let the system fetch the features of these questions from disk, to be gathered soon."""
        if epoch is not None and len(self.train_views) > 1:
            return  # which view comes next is not drawn yet
        clips = np.unique(self.store.splits[split].clip[rows])
        view = self.view if epoch is None else 0
        for track in self.store.tracks.values():
            track.read_ahead(self.store.clip_entry[track.modality][clips] + view * len(track.ids))

    def _evaluated(self, clips: Int64[ndarray, " video"]) -> dict[str, Track]:
        tracks = self._tracks(clips, np.full(len(clips), self.view))
        return {
            name: replace(track, values=torch.zeros_like(track.values))
            if self.store.tracks[name].modality == self.drop
            else track
            for name, track in tracks.items()
        }

    def _trained(self, clips: Int64[ndarray, " video"], epoch: int) -> dict[str, Track]:
        if self.perturbation is None and len(self.train_views) == 1:
            return self._tracks(clips, np.zeros(len(clips), np.int64))
        # numpy fills short seeds up with zeros: but for the 1, video 0 would draw as the sampler does.
        generators = [np.random.default_rng((self.seed, epoch, clip, 1)) for clip in clips.tolist()]
        chance = np.array([generator.random() for generator in generators])
        views = np.array(self.train_views)[(chance * len(self.train_views)).astype(np.int64)]
        tracks = self._tracks(clips, views)
        if self.perturbation is None:
            return tracks
        modalities = {name: track.modality for name, track in self.store.tracks.items()}
        full = {name: track.in_full_precision() for name, track in tracks.items()}
        return self.perturbation(full, modalities, generators)

    def _tracks(self, clips: Int64[ndarray, " video"], views: Int64[ndarray, " video"]) -> dict[str, Track]:
        """Every track of each clip, in its view."""
        entries = self.store.clip_entry
        return {
            name: track.gather(entries[track.modality][clips] + views * len(track.ids))
            for name, track in self.store.tracks.items()
        }


class BatchLoader:
    """Iterates over the batches of one process; `sampler` is where Lightning sets the epoch."""

    batch_sampler = None  # Lightning asks every loader that has a sampler for this as well

    def __init__(self, data: AVQADataModule, split: Split, sampler: StepSampler) -> None:
        self.data = data
        self.split: Split = split
        self.sampler = sampler
        self.steps = 0

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[Batch]:
        self.steps = self.sampler.skip
        # Evaluation is the same in every epoch.
        epoch = self.sampler.epoch if self.sampler.shuffle else None
        for (rows, step), (following, _) in pairwise(chain(self.sampler, [_NOTHING])):
            self.data.read_ahead(self.split, following, epoch=epoch)
            others = self.data.other_clips(self.split, step, place=(epoch or 0, self.steps))
            self.steps += 1
            yield self.data.gather(self.split, rows, total=len(step), others=others, epoch=epoch)

    def state_dict(self) -> dict[str, int]:
        """How many steps of the present pass are handed out."""
        return {"steps": self.steps}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Let the next pass go on where another left off."""
        self.sampler.start_at(state["steps"])


def _positions(tokens: tuple[str, ...], order: tuple[str, ...]) -> Int64[ndarray, " token"]:
    place = {token: index for index, token in enumerate(order)}
    return np.array([place[token] for token in tokens], dtype=np.int64)


def _other_videos(
    clips: Int64[ndarray, " video"], asked: Int64[ndarray, " asked"], partners: Int64[ndarray, " asked"]
) -> OtherVideos:
    """Rows of the partners of `asked` among `clips`; a clip that nothing asks about is its own."""
    own = np.arange(len(clips))
    other = own.copy()
    other[np.searchsorted(clips, asked)] = np.searchsorted(clips, partners)
    seats = Seats.of(torch.from_numpy(np.concatenate([own, other])), videos=len(clips))
    return OtherVideos(torch.from_numpy(other), seats)
