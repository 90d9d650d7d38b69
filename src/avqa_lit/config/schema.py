"""Root of the configuration: a key that is not here is refused when the config is composed."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from avqa_lit.ranges import Count, Seed

# Keys that take a value of the budget where they are null, and which.
FILLED_BY_BUDGET = {"trainer.max_epochs": "epochs", "data.videos": "videos"}


@dataclass
class Paths:
    """Where things lie; relative to the folder in which the command was started.

    Attributes:
        runs: folder of all runs, of which each lies in `<runs>/<study>`.
        cache: folder in which embedded data are built once for all runs.
    """

    runs: str = "runs"
    cache: str = "~/.cache/avqa_lit"


@dataclass
class Budget:
    """Size of a study.

    Attributes:
        name: printed at the head of every report.
        epochs: fills `trainer.max_epochs` where that is null.
        videos: fills `data.videos` of the embedded data where that is null.
    """

    name: str = MISSING
    epochs: Count = MISSING
    videos: Count = MISSING


@dataclass
class Train:
    """Everything that `python -m avqa_lit.train` reads.

    Attributes:
        data: what is learned from and tested on.
        model: what answers.
        question: what encodes the questions.
        prompt: what encodes a second text of each question, for a model that reads one.
        loss: list of the terms beside the answer loss, of which those of weight 0 cost nothing.
        optimizer: what changes the weights.
        schedule: course of the learning rate.
        perturbation: what training batches suffer.
        trainer: devices, precision, epochs.
        logger: where a run is told beside its own files.
        budget: size of the study.
        study: its name, and that of its folder; an experiment file may give it.
        seed: of initialisation, order and dropout.
        monitor: validation metric that chooses the epoch.
        display: show progress while it runs.
        resume: "auto" goes on with the newest run of the same config that has not finished, or with the one
            in `hydra.run.dir`, and ends with the same bits as a run that was never ended; where there is
            none, and with "never", a run starts afresh. A sweep gives "auto" to its jobs. The folder of a
            run, or its last.ckpt, goes on with that run for more epochs, in a folder of its own.
        attention: keep where the model looked and listened for each val and test question, in attention.npz.
        allow_overlap: train although more than 1% of the test questions stand in train or val as well.
        trust: packages or classes of your own that a checkpoint's config may name; see docs/extending.md.
    """

    data: dict[str, Any] = MISSING
    model: dict[str, Any] = MISSING
    question: dict[str, Any] = MISSING
    prompt: dict[str, Any] = field(default_factory=dict)
    loss: dict[str, Any] = MISSING
    optimizer: dict[str, Any] = MISSING
    schedule: dict[str, Any] = MISSING
    perturbation: dict[str, Any] = MISSING
    trainer: dict[str, Any] = MISSING
    logger: dict[str, Any] = MISSING
    budget: Budget = field(default_factory=Budget)
    paths: Paths = field(default_factory=Paths)
    study: str | None = None
    seed: Seed = 0
    monitor: str = "val/acc/overall"
    display: bool = True
    resume: str = "never"
    attention: bool = False
    allow_overlap: bool = False
    trust: Any = field(default_factory=list)  # a list of names, or one name


@dataclass
class Answers:
    """How the answers of another program are compared with the annotated ones.

    Attributes:
        aliases: known answer by what stands for it, as in `answers.aliases={guitar:acoustic_guitar}`.
        normalise: rules that are applied to an answer which is not known as it stands, and counted: `all`, or
            a list out of punctuation (quotes and stops around it), yes_no ("yes, it is" is yes), case,
            separators (underscore, hyphen and blank are one) and digits ("2" is two, 11 and above more than
            ten). Null is none: an answer is right if it is the annotated text.
    """

    aliases: Any = None
    normalise: Any = None


@dataclass
class Evaluate:
    """Everything that `python -m avqa_lit.evaluate` reads.

    Attributes:
        checkpoint: file that training left, or published weights.
        model: model of published weights; null is that of the checkpoint.
        loss: terms that `model` chooses, told beside the scores; null is the checkpoint's.
        predictions: file with the answers of another program, to be scored instead of a checkpoint; a list of
            files, or a folder of them, makes a leaderboard.
        answers: how these are compared with the annotated ones.
        data: what to score on. Without a choice it is the data of the checkpoint's own config, but for the
            keys that are given; `view` and `views` are here so that they need no `+`.
        question: keys of the checkpoint's own question encoder that have changed, as the folder of its files.
        prompt: likewise.
        split: train, val or test.
        drop: modality whose features are blanked, "audio" or "visual".
        attention: keep where the model looked and listened for each question, in attention.npz.
        trust: packages or classes of your own that the checkpoint's config may name; see docs/extending.md.
    """

    checkpoint: str | None = None
    model: dict[str, Any] | None = None
    loss: dict[str, Any] | None = None
    predictions: Any = None
    answers: Answers = field(default_factory=Answers)
    data: dict[str, Any] = field(default_factory=lambda: {"view": None, "views": None})
    question: dict[str, Any] = field(default_factory=dict)
    prompt: dict[str, Any] = field(default_factory=dict)
    split: str = "test"
    drop: str | None = None
    attention: bool = False
    trust: Any = field(default_factory=list)  # a list of names, or one name
    paths: Paths = field(default_factory=Paths)
    display: bool = True


@dataclass
class Predict:
    """Everything that `python -m avqa_lit.predict` reads.

    Attributes:
        checkpoint: file that training left.
        video_id: video to ask about.
        ask: the question, given as `question="..."` on the command line.
        data: where the video is; null is the data of the checkpoint's own config.
        question: keys of the checkpoint's own question encoder that have changed, as the folder of its files.
        prompt: likewise.
        figure: file for the attention over time, .png, .svg or .pdf.
        trust: packages or classes of your own that the checkpoint's config may name; see docs/extending.md.
    """

    checkpoint: str = MISSING
    video_id: str = MISSING
    ask: str | None = None
    data: dict[str, Any] | None = None
    question: dict[str, Any] = field(default_factory=dict)
    prompt: dict[str, Any] = field(default_factory=dict)
    figure: str | None = None
    trust: Any = field(default_factory=list)  # a list of names, or one name
    paths: Paths = field(default_factory=Paths)
    display: bool = True


@dataclass
class Prepare:
    """Everything that `python -m avqa_lit.prepare` reads."""

    data: dict[str, Any] = MISSING
    question: dict[str, Any] = MISSING
    prompt: dict[str, Any] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    paths: Paths = field(default_factory=Paths)
    display: bool = True
