"""What a user types: taken, or refused in one line before any folder exists."""

import pytest

import avqa_lit.train
from avqa_lit.config.resolve import resolved
from avqa_lit.config.schema import Train
from avqa_lit.config.trial import try_on_this_machine
from avqa_lit.config.validation import validate

MEMBERS = "model has answer_slots, audio_question, avst"


@pytest.fixture
def typed(monkeypatch, tmp_path):
    """Composes and checks a command line as training does; gives the config."""
    monkeypatch.chdir(tmp_path)

    def of(*arguments):
        configs = []

        def task(cfg):
            configs.append(resolved(cfg))
            validate(configs[-1], schema=Train)
            try_on_this_machine(configs[-1])

        monkeypatch.setattr("sys.argv", ["train", *arguments])
        monkeypatch.setattr(avqa_lit.train, "task", task)
        avqa_lit.train.main()
        return configs[-1]

    return of


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        # A study, an experiment file and the name of a run.
        ("experiment=x", "experiment=x: a study is named with study=NAME"),
        ("experiment=2024", "experiment=2024: a study is named with study=NAME"),
        ("+experiment=kl_sweeep", "did you mean kl_sweep?"),
        ("++experiment=x", "experiment has alignments, all_nine"),
        ("name=x", "name is not a config key: did you mean budget.name or logger.name?"),
        ("logger.name=none", "logger.name=none: is the name of the run in Weights & Biases"),
        # Values of the wrong kind.
        ("seed=-1", "seed=-1: expected a number of 0 or more"),
        ("seed=abc", "seed=abc: expected a whole number"),
        ("data.batch_size=1e3", "data.batch_size=1000.0: expected a whole number"),
        ("data.batch_size=null", "data.batch_size=null: expected a whole number"),
        ("trainer.max_epochs=2.5", "trainer.max_epochs=2.5: expected a whole number"),
        ("trainer.max_epochs=-1", "trainer.max_epochs=-1: expected a number of 1 or more"),
        ("trainer.threads=0", "trainer.threads=0: expected a number of 1 or more or auto"),
        ("trainer.log_every_n_steps=0", "trainer.log_every_n_steps=0: expected a number of 1 or more"),
        ("model.heads=0", "model.heads=0: expected a number of 1 or more"),
        ("model.dropout=1.5", "model.dropout=1.5: expected a number below 1"),
        ("model.norm=mid", "model.norm=mid: expected pre or post"),
        ("loss.kl=0.5", "loss.kl=0.5: expected the keys of a loss term; did you mean loss.kl.weight?"),
        ("loss.kl.weight=-1", "loss.kl.weight=-1: expected a number of 0 or more"),
        ("logger=null", "logger=null: logger has none, wandb"),
        ("data=music_avqa data.annotations.val=3", "data.annotations.val=3: expected a text"),
        ("data=music_avqa data.audio=vggish", "data.audio=vggish: expected keys with values"),
        ("schedule.warmup=2", "schedule.warmup=2: expected a number below 1"),
        ("optimizer.lr=abc", "optimizer.lr=abc: expected a number"),
        # Values that only a class itself can judge.
        ("optimizer.lr=-1", "optimizer: its class refuses these values: Invalid learning rate: -1"),
        ("optimizer.betas=[2,0.9]", "optimizer: its class refuses these values: Invalid beta"),
        ("data.videos=5", "data.videos=5: expected 10 or more"),
        # What this machine, or any, cannot do.
        ("trainer.precision=16-true", "trainer.precision=16-true: expected auto, 32-true, 16-mixed"),
        ("trainer.accelerator=tpu", "trainer.accelerator=tpu: "),
        ("trainer.devices=0", "trainer.devices=0: "),
        ("data.device=nowhere", "data.device=nowhere: this machine has no such device"),
        # Names that are almost right.
        ("lr=0.01", "lr is not a config key: did you mean optimizer.lr?"),
        ("trainer.batch_size=8", "trainer.batch_size is not a config key: did you mean data.batch_size?"),
        ("sede=1", "sede is not a config key: did you mean seed?"),
        ("+sede=1", "sede is not a config key: did you mean seed?"),
        ("paths.run=x", "paths.run is not a config key: did you mean paths.runs?"),
        ("model=avts", f"model=avts: {MEMBERS}"),
        ("loss=[kl,cosin]", "did you mean cosine?"),
        ("loss.matching.weight=1", "loss.matching is not among the loss terms of this run"),
        ("seed=[1", "seed=[1: cannot be read"),
        ("paths.runs=", "paths.runs is empty"),
        ("~model", "model has no value: give model=VALUE"),
    ],
)
def test_a_mistake_is_told_in_one_line_before_any_folder_exists(typed, capsys, tmp_path, arguments, message):
    with pytest.raises(SystemExit) as ended:
        typed(*arguments.split())
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert message in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif("__import__('torch').cuda.is_available()")
@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("trainer.accelerator=gpu", "trainer.accelerator=gpu: No supported gpu backend found; choose"),
        ("trainer=ddp", "trainer.strategy=ddp: No supported gpu backend found; choose"),
        ("trainer.strategy=fsdp", "trainer.strategy=fsdp: The strategy `fsdp` requires a GPU"),
        ("data.device=cuda", "data.device=cuda: this machine has no such device"),
    ],
)
def test_a_machine_without_a_gpu_says_so(typed, capsys, argument, message):
    with pytest.raises(SystemExit):
        typed(argument)
    assert message in capsys.readouterr().err


def test_keys_that_a_class_takes_need_no_plus(typed):
    config = typed(
        "trainer.limit_train_batches=5", "++trainer.limit_val_batches=2", "optimizer.betas=[0.9,0.98]",
        "+model.dim=16", "data=music_avqa", "data.fields.answer=a", "+data.fields.question_id=null",
    )  # fmt: skip
    assert config["trainer"]["limit_train_batches"] == 5
    assert config["trainer"]["limit_val_batches"] == 2
    assert config["optimizer"]["betas"] == [0.9, 0.98]
    assert config["model"]["dim"] == 16
    assert config["data"]["fields"]["answer"] == "a"


@pytest.mark.parametrize("name", ["2024", "my study, (1) = ä", "null"])
def test_a_study_and_a_run_are_named_by_any_text(typed, name):
    config = typed(f"study={name}", f"logger.name={name}")
    assert config["study"] == config["logger"]["name"] == (None if name == "null" else name)


def test_a_path_may_hold_any_sign(typed, tmp_path):
    odd = "~ ä # & = ( [ , 'a\" x"
    config = typed(f"paths.runs=./{odd}", f"data.export={odd}")
    assert config["paths"]["runs"] == str(tmp_path / odd)
    assert config["data"]["export"] == str(tmp_path / odd)


def test_a_relative_folder_is_the_same_in_another_working_folder(typed, tmp_path):
    config = typed("hydra.job.chdir=true", "hydra.run.dir=out", "paths.runs=mine")
    assert config["paths"]["runs"] == str(tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_experiment_file_with_the_old_key_is_told_the_new_one(typed, capsys, tmp_path):
    file = tmp_path / "theirs" / "experiment" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("# @package _global_\nexperiment: mine\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        typed("--config-dir", str(tmp_path / "theirs"), "+experiment=mine")
    assert "experiment is not a config key any more: its name is study" in capsys.readouterr().err
