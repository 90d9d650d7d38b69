from avqa_lit.report.build import write_report


def told(sweep, tmp_path):
    report = write_report([sweep.write()], tmp_path / "report.html")
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
