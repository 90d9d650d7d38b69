from avqa_lit.report.build import write_report


def told(sweep, tmp_path):
    report = write_report([sweep.write().parent], tmp_path / "report.html")
    return report.html.read_text("utf-8"), report.markdown.read_text("utf-8")


def test_runs_that_diverged_are_told_at_the_head_and_in_no_number(fake, tmp_path):
    sweep = fake().grid(weights=(0.0,))
    sweep.add("nan", weight=9.0, state="diverged", reason="the training diverged: train/loss was not finite")
    html, markdown = told(sweep, tmp_path)
    header = html[html.index("<header>") : html.index("</header>")]
    sentence = "1 run diverged: losses or weights were not finite any more."
    assert sentence in header
    assert sentence in markdown
    assert "diverged, the training diverged: train/loss was not finite" in markdown
    assert "nan" not in markdown[: markdown.index("Without a result")].split()
    assert "1 run diverged" not in (tmp_path / "report.csv").read_text("utf-8")


def test_where_no_run_diverged_nothing_is_told(fake, tmp_path):
    html, markdown = told(fake().grid(weights=(0.0,)), tmp_path)
    assert "run diverged" not in html + markdown


def test_a_logged_loss_that_was_not_finite_is_no_point_of_a_curve(fake, tmp_path):
    sweep = fake()
    run = sweep.add("a")
    with (run / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 99, "epoch": 4, "train/loss": null, "train/lr": null}\n')
    html, _ = told(sweep, tmp_path)
    assert "Training" in html


def test_smoke_runs_are_told_at_the_head_and_in_no_number(fake, tmp_path):
    sweep = fake().grid(weights=(0.0,))
    sweep.add("tried", weight=9.0, skill=1.0, smoke=["trainer.limit_test_batches=1"])
    html, markdown = told(sweep, tmp_path)
    sentence = "1 smoke run saw a part of the data alone, to try whether everything works."
    assert sentence in html[html.index("<header>") : html.index("</header>")]
    assert sentence in markdown
    assert "2 finished" in html
    assert "100.0" not in (tmp_path / "report.csv").read_text("utf-8")


def test_a_sweep_of_smoke_runs_is_no_command_to_reproduce(fake, tmp_path):
    real, smoke = fake("one").grid(weights=(0.0,)), fake("two")
    smoke.add("tried", smoke=["trainer.fast_dev_run=True"])
    smoke.write()
    html, _ = told(real, tmp_path)
    assert "experiment=two" not in html
