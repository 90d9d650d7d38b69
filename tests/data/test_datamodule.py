from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.data.perturbation import Perturbation
from avqa_lit.data.serving import Serving
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.data.texts import TextFeatures
from avqa_lit.errors import ConfigError, DataError

ENCODER = HashingEncoder(dim=23)


@pytest.fixture
def store(cache):
    concerts = SyntheticConcerts(seed=0, videos=20, questions_per_video=5, noise=0.2)
    return concerts.prepare(cache=cache, progress=False)


def module_of(store, **changed):
    """Serves a store in batches of 7 with the sentence vectors of its questions."""
    keys = [one.name for one in fields(Serving)]
    serving = {
        "batch_size": 7,
        "train_views": (),
        **{key: changed.pop(key) for key in keys if key in changed},
    }
    texts = {"question": TextFeatures(text_index(store), store.text_features(ENCODER))}
    settings = {"serving": Serving(**serving), "texts": texts, "seed": 0}
    return AVQADataModule(store, **(settings | changed))


def text_index(store):
    return {split: table.text for split, table in store.splits.items()}


def batches(data, split="test", **process):
    process = {"shuffle": False, "rank": 0, "world_size": 1} | process
    return list(data.loader(split, **process))


def test_each_distinct_video_is_carried_once_and_found_by_its_questions(store):
    data = module_of(store)
    table = store.splits["test"]
    for batch in batches(data):
        rows = batch.row.numpy()
        clips = table.clip[rows]
        assert batch.clip.tolist() == sorted(set(clips.tolist()))
        audio, visual = batch.tracks["audio"], batch.tracks["visual"]
        assert len(audio.mask) == len(visual.mask) == len(batch.clip) == batch.seats.videos
        assert batch.seats.each == max(clips.tolist().count(one) for one in set(clips.tolist()))
        packed = store.tracks["audio"]
        for place, clip in enumerate(clips):
            entry = store.clip_entry["audio"][clip]
            length = packed.length[entry]
            first = packed.first_row[entry]
            video = batch.video[place]
            assert audio.mask[video].sum() == length
            expected = torch.from_numpy(packed.array[first : first + length].astype(np.float32))
            assert torch.equal(audio.values[video, :length], expected)
            sentence = torch.from_numpy(data.texts["question"].sentence[table.text[rows[place]]])
            assert torch.equal(batch.texts["question"].sentence[place], sentence)


def test_tokens_travel_only_where_they_are_asked_for(store):
    for batch in batches(module_of(store)):
        assert batch.texts["question"].tokens is None
        assert batch.texts["question"].mask is None
    tokens = TextFeatures(text_index(store), tokens=store.token_features(ENCODER))
    data = module_of(store, texts={"question": tokens})
    assert (data.spec.texts["question"].sentence, data.spec.texts["question"].tokens) == (0, 23)
    table = store.splits["test"]
    for batch in batches(data):
        question = batch.texts["question"]
        assert question.sentence is None
        expected = ENCODER.encode_tokens([store.texts[text] for text in table.text[batch.row.numpy()]])
        assert question.mask.sum(dim=1).tolist() == [len(one) for one in expected]
        for found, mask, one in zip(question.tokens, question.mask, expected, strict=True):
            assert torch.equal(found[mask], torch.from_numpy(one))
            assert not found[~mask].any()
        assert torch.equal(batch.to("cpu").texts["question"].mask, question.mask)


def test_without_texts_questions_are_words_alone(store):
    data = module_of(store, texts={})
    assert data.spec.texts == {}
    assert all(batch.texts == {} for batch in batches(data))


def test_only_the_tracks_of_the_store_travel(store):
    data = module_of(store.with_tracks(["visual"]))
    assert set(data.spec.tracks) == {"visual"}
    assert all(set(batch.tracks) == {"visual"} for batch in batches(data))


def test_a_split_is_served_whole_and_each_video_once(store):
    served = batches(module_of(store))
    rows = torch.cat([batch.row for batch in served])
    assert sorted(rows.tolist()) == store.splits["test"].row.tolist()
    clips = torch.cat([batch.clip for batch in served]).tolist()
    assert len(clips) == len(set(clips))


@pytest.mark.parametrize("group_by_video", [1, 3])
def test_grouped_training_carries_fewer_videos(store, group_by_video):
    served = batches(module_of(store, group_by_video=group_by_video), "train", shuffle=True)
    videos = sum(len(batch.clip) for batch in served)
    assert (videos < 0.6 * len(store.splits["train"])) == (group_by_video == 3)


def test_features_kept_on_a_device_are_the_same(store):
    for kept, mapped in zip(batches(module_of(store, device="cpu")), batches(module_of(store)), strict=True):
        for name, mine in kept.tracks.items():
            other = mapped.tracks[name]
            assert torch.equal(mine.values, other.values)
            assert torch.equal(mine.mask, other.mask)
            assert len(mine.seconds) == 1 or mine.seconds.stride(0) == 0


def test_a_process_without_questions_gets_a_stand_in_of_weight_0(store):
    questions = len(store.splits["test"])
    shares = [batches(module_of(store), rank=rank, world_size=9) for rank in range(9)]
    assert len({len(share) for share in shares}) == 1
    assert sum(batch.weight.sum().item() for share in shares for batch in share) == questions
    assert all(batch.total == shares[0][step].total for share in shares for step, batch in enumerate(share))
    assert any(batch.weight.sum() == 0 for share in shares for batch in share)


def test_a_dropped_modality_is_blank_and_keeps_its_mask(store):
    (full, *_), (blank, *_) = batches(module_of(store)), batches(module_of(store, drop="audio"))
    assert not blank.tracks["audio"].values.any()
    assert torch.equal(blank.tracks["audio"].mask, full.tracks["audio"].mask)
    assert torch.equal(blank.tracks["visual"].values, full.tracks["visual"].values)


def test_dropping_a_modality_blanks_all_its_tracks(store):
    twice = replace(store, tracks={**store.tracks, "patches": store.tracks["visual"]})
    for batch in batches(module_of(twice, drop="visual")):
        blank = {name: not track.values.any() for name, track in batch.tracks.items()}
        assert blank == {"audio": False, "visual": True, "patches": True}


def test_answers_that_a_checkpoint_has_not_come_behind_its_own(store):
    own = store.answers.tokens
    known = (*reversed(own[1:]), "kazoo")  # another order, one answer more, and one less
    data = module_of(store, answers=known)
    assert data.labels[: len(known)] == known
    assert own[0] in data.labels[len(known) :]
    assert data.spec.answers == len(known)
    for mine, theirs in zip(batches(data, "val"), batches(module_of(store), "val"), strict=True):
        for label, original in zip(mine.answer.tolist(), theirs.answer.tolist(), strict=True):
            assert data.labels[label] == store.labels[original]


def test_another_video_is_carried_only_where_asked_for(store):
    assert all(batch.others is None for batch in batches(module_of(store)))


def others(data, *, rank=0, world_size=1, split="train", skip=0, epoch=1):
    """Steps of one process: each clip that is asked about with the clip that is its other."""
    loader = data.loader(split, shuffle=split == "train", rank=rank, world_size=world_size)
    loader.sampler.set_epoch(epoch)
    loader.load_state_dict({"steps": skip})
    steps = []
    for batch in loader:
        asked = batch.video[batch.weight > 0].unique()
        other = batch.others.video
        assert set(batch.video.tolist()) | set(other[asked].tolist()) == set(range(len(batch.clip)))
        assert batch.clip.tolist() == sorted(set(batch.clip.tolist()))
        assert all(len(track.mask) == len(other) == len(batch.clip) for track in batch.tracks.values())
        assert batch.others.seats.each == 1 + max(map(other.tolist().count, other.tolist()))
        steps.append(dict(zip(batch.clip[asked].tolist(), batch.clip[other[asked]].tolist(), strict=True)))
    return steps


@pytest.fixture
def paired(store):
    return module_of(store, with_other_videos=True)


def test_the_other_video_of_a_step_is_the_same_on_any_number_of_processes(paired):
    alone = others(paired)
    assert all(clip != other for step in alone for clip, other in step.items())
    shares = [others(paired, rank=rank, world_size=3) for rank in range(3)]
    for step, whole in enumerate(alone):
        found = [pair for share in shares for pair in share[step].items()]
        assert set(found) == set(whole.items())


def test_a_pass_that_goes_on_has_the_other_videos_of_one_that_never_ended(paired):
    assert others(paired, skip=2) == others(paired)[2:]


def test_other_videos_change_with_the_epoch_of_training_and_never_in_evaluation(paired):
    assert others(paired, epoch=1) != others(paired, epoch=2)
    assert others(paired, epoch=1, split="val") == others(paired, epoch=2, split="val")


def test_a_step_about_one_video_has_no_other(paired):
    rows = np.flatnonzero(paired.store.splits["train"].clip == 0)
    step = paired.other_clips("train", rows, place=(0, 0))
    batch = paired.gather("train", rows, total=len(rows), others=step)
    assert batch.others.video.tolist() == [0]


def test_what_cannot_be_is_refused(store):
    with pytest.raises(ConfigError, match="drop=smell: expected audio or visual"):
        module_of(store, drop="smell")
    with pytest.raises(DataError, match="no tset split; it has train, val, test"):
        module_of(store).loader("tset", shuffle=False, rank=0, world_size=1)


def test_perturbation_and_a_device_exclude_each_other(store):
    with pytest.raises(ConfigError, match=r"data\.device=cuda: perturbations"):
        module_of(store, device="cuda", perturbation=Perturbation(feature_noise=0.1))
