import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.artifacts.sweep_file import read_sweep
from avqa_lit.models.avst_checkpoint import NAMES, UNUSED
from avqa_lit.taxonomy import MUSIC_AVQA
from avqa_lit.train import main
from avqa_lit.training.timing import EpochTiming

SMALL = (
    "trainer.max_epochs=2",
    "data=music_avqa",
    "data.batch_size=16",
    "logger=none",
)
TINY_RUN = (
    "data=music_avqa", "trainer.threads=1", "model.dim=12", "model.heads=3", "model.blocks=1",
    "model.hidden=17", "data.batch_size=29", "question.dim=16", "trainer.log_every_n_steps=2",
    "display=false", "logger=none", "trainer.max_epochs=2",
)  # fmt: skip
STANDIN_CONFIG = """
defaults: [_self_, override hydra/launcher: process, override hydra/job_logging: none,
           override hydra/hydra_logging: none]
study: null
x: 1
do: finish
trainer: {accelerator: cpu, devices: 1, threads: auto}
paths: {runs: runs}
hydra: {output_subdir: null, run: {dir: .}, sweep: {dir: ""}}
"""
STANDIN_EXPERIMENT = """
# @package _global_
study: mine
hydra: {mode: MULTIRUN, sweeper: {params: {x: "5,6"}}}
"""
SMALL_MODEL = ("model.dim=16", "model.hidden=16", "model.blocks=1")


def _write_official(folder, *, questions, videos=7, seed=11):
    """A folder in the official layout with so many questions in each split, all nine categories in turn."""
    random = np.random.default_rng(seed)
    (folder / "json").mkdir(parents=True)
    for split, count in questions.items():
        names = [f"{split}{number}" for number in range(videos)]
        _write_features(folder, names, random)
        rows = [
            {
                "video_id": names[number % videos],
                "question_id": number,
                "type": json.dumps(_type(MUSIC_AVQA.names[number % len(MUSIC_AVQA.names)])),
                "question_content": "How many instruments does the <Object> accompany?",
                "templ_values": '["cello"]' if number % 3 else '["flute"]',
                "question_deleted": 0,
                "anser": ["one", "two", "three"][int(random.integers(3))],
            }
            for number in range(count)
        ]
        (folder / "json" / f"avqa-{split}.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


def _write_features(folder, videos, random, *, rows=13):
    """Random features of the two default encoders."""
    for encoder, width in (("vggish", 5), ("r2plus1d_18", 3)):
        (folder / "feats" / encoder).mkdir(parents=True, exist_ok=True)
        for video in videos:
            values = random.normal(size=(rows, width)).astype(np.float32)
            np.save(folder / "feats" / encoder / f"{video}.npy", values)


def _type(category):
    modality, kind = category.split("/")
    return [{"audio": "Audio", "visual": "Visual"}.get(modality, "Audio-Visual"), kind.title()]


@pytest.fixture
def program(tmp_path):
    """Folder of a program that sweeps with our launcher; its working folder is `work`."""
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    (tmp_path / "conf" / "train.yaml").write_text(STANDIN_CONFIG, encoding="utf-8")
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text(STANDIN_EXPERIMENT, encoding="utf-8")
    shutil.copy(Path(__file__).with_name("standin.py"), tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def small():
    """Overrides that make a run small."""
    return SMALL + SMALL_MODEL


@pytest.fixture(scope="session")
def write_official():
    return _write_official


@pytest.fixture(scope="session")
def write_features():
    return _write_features


@pytest.fixture(scope="session")
def as_published():
    """Turns a checkpoint of ours into weights as the published code saves them from several GPUs."""

    def convert(checkpoint):
        ours = {name: theirs for theirs, name in NAMES.items()}
        weights = {f"module.{one}.weight": torch.zeros(2) for one in UNUSED}
        for name, value in checkpoint["state_dict"].items():
            name = name.removeprefix("model.")
            module = next(one for one in ours if name.startswith(f"{one}."))
            weights[f"module.{ours[module]}{name.removeprefix(module)}"] = value
        return weights

    return convert


@pytest.fixture
def real_json():
    """Writes the real val and test questions, val's also as train's, to a folder; gives their videos."""
    if "AVQA_REAL_DATA" not in os.environ:
        pytest.skip("AVQA_REAL_DATA is not set: the real annotations are not at hand")
    published = Path(os.environ["AVQA_REAL_DATA"]) / "music_avqa"

    def write(raw):
        (raw / "json").mkdir(parents=True)
        videos = set()
        for split, name in (("train", "val"), ("val", "val"), ("test", "test")):
            shutil.copy(published / f"avqa-{name}.json", raw / "json" / f"avqa-{split}.json")
            questions = json.loads((raw / "json" / f"avqa-{split}.json").read_text("utf-8"))
            videos |= {question["video_id"] for question in questions}
        return videos

    return write


@pytest.fixture(scope="session")
def raw(tmp_path_factory):
    """A folder in the official layout: 7 videos and 67 questions in each split."""
    folder = tmp_path_factory.mktemp("official")
    return _write_official(folder / "raw", questions={"train": 67, "val": 67, "test": 67})


@pytest.fixture(scope="session")
def folder_of_runs_alone(tmp_path_factory):
    return tmp_path_factory.mktemp("alone")


@pytest.fixture
def train(tmp_path, raw):
    """Runs the training command in an empty folder; gives what it printed."""

    def run(
        *arguments,
        status=0,
        program=(sys.executable, "-m", "avqa_lit.train"),
        model=SMALL_MODEL,
        data=raw,
        **environment,
    ):
        paths = (f"data.raw={data}", f"paths.cache={tmp_path / 'cache'}")
        command = [*program, *arguments, *SMALL, *model, *paths]
        ended = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert ended.returncode == status, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    return run


def digest(folder):
    """SHA-256 of the weights that were chosen on val."""
    checkpoint = torch.load(folder / "checkpoints" / "best.ckpt", map_location="cpu", weights_only=True)
    found = hashlib.sha256()
    for name, tensor in sorted(checkpoint["state_dict"].items()):
        found.update(name.encode() + tensor.numpy().tobytes())
    return found.hexdigest()


@pytest.fixture
def assert_as_alone(train, folder_of_runs_alone):
    """Checks that every job of a sweep is what the same config gives when it is run alone."""

    def check(folder, *options, **how):
        digests = []
        for job in read_sweep(folder).present:
            assert job.finished, job.reason
            alone = folder_of_runs_alone / job.key
            if not alone.exists():
                train(*options, *job.overrides, "hydra.mode=RUN", f"hydra.run.dir={alone}", **how)
            inside, outside = read_run(folder / job.folder).results, read_run(alone).results
            assert inside.key == outside.key == job.key
            assert inside.world_size == outside.world_size
            assert inside.counts == outside.counts
            assert digest(folder / job.folder) == digest(alone)
            digests.append(digest(alone))
        assert len(set(digests)) == len(digests)
        return [read_run(folder / job.folder).results.world_size for job in read_sweep(folder).present]

    return check


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """Folder in which stand-ins for SLURM's commands keep their jobs; a real cluster is not at hand."""
    folder = tmp_path / "queue"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{Path(__file__).parent / 'slurm'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN_QUEUE", str(folder))
    return folder


@pytest.fixture(scope="session")
def small_checkpoint(tmp_path_factory, cache):
    """Checkpoint of a run of one epoch."""
    from avqa_lit.train import main

    folder = tmp_path_factory.mktemp("small_checkpoint")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        arguments = ["data.videos=20", "trainer.max_epochs=1", "trainer.threads=1", "model=question_only",
                     "loss.kl.weight=0", "question.dim=16", "display=false", "logger=none"]  # fmt: skip
        patch.setattr("sys.argv", ["train", *arguments, f"paths.cache={cache}", f"hydra.run.dir={folder}"])
        main()
    return folder / "checkpoints" / "best.ckpt"


@pytest.fixture
def own_raw(tmp_path, write_official):
    """Data of its own for a test that changes them: 67 questions, so three steps an epoch."""
    return write_official(tmp_path / "raw", questions={"train": 67, "val": 19, "test": 19})


@pytest.fixture
def run(tmp_path, monkeypatch, own_raw, capfd):
    """Trains in this process, into `folder` unless that is None, and returns what it printed."""
    monkeypatch.chdir(tmp_path)

    def of(*overrides, folder="R", status=0):
        place = [] if folder is None else [f"hydra.run.dir={tmp_path / folder}"]
        monkeypatch.setattr("sys.argv", ["train", *TINY_RUN, f"data.raw={own_raw}", *overrides, *place])
        capfd.readouterr()
        try:
            main()
            ended = 0
        except SystemExit as error:
            ended = error.code
        told = capfd.readouterr()
        assert ended == status, told.out + told.err
        return told.out + told.err

    return of


@pytest.fixture
def ended_early(run, monkeypatch):
    """Leaves a run that ended at the end of an epoch, before the checkpoint of that epoch was saved."""

    def of(*overrides, folder="R", epoch=2):
        calls = []

        def end(*arguments):
            calls.append(arguments)
            if len(calls) == epoch:
                raise SystemExit(3)

        with monkeypatch.context() as patch:
            patch.setattr(EpochTiming, "on_train_epoch_end", end)
            run(*overrides, folder=folder, status=3)

    return of


def _bits(value):
    """The value with bytes in the place of tensors."""
    if isinstance(value, torch.Tensor):
        return value.dtype, value.shape, value.numpy().tobytes()
    if isinstance(value, dict):
        return {name: _bits(one) for name, one in value.items()}
    return [_bits(one) for one in value] if isinstance(value, list | tuple) else value


@pytest.fixture(scope="session")
def assert_same_training():
    return _assert_same_training


def _assert_same_training(one, other, *, files=("best.ckpt", "last.ckpt")):
    """The weights, the optimizer, the schedule, the metrics and the counts are equal bit for bit."""
    for name in ("counts", "metrics", "best_epoch"):
        assert getattr(read_run(one).results, name) == getattr(read_run(other).results, name)
    for file in ("metrics.jsonl", "predictions.jsonl", "predictions_val.jsonl"):
        assert (one / file).read_bytes() == (other / file).read_bytes()
    for file in files:
        saved = [torch.load(folder / "checkpoints" / file, weights_only=True) for folder in (one, other)]
        for part in ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step", "resume"):
            assert _bits(saved[0][part]) == _bits(saved[1][part]), (file, part)


@pytest.fixture(scope="session")
def flip_a_bit():
    return _flip_a_bit


def _flip_a_bit(path):
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
