"""How to make the runs again, and what became of those that did not finish."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from avqa_lit.artifacts.differences import canonical, value_name
from avqa_lit.artifacts.reading import read_end
from avqa_lit.artifacts.results import Results
from avqa_lit.report.collect import Collection, Unfinished
from avqa_lit.report.markup import definitions, element, plain_table, wrap
from avqa_lit.report.origin import TRAINING
from avqa_lit.report.result import Result
from avqa_lit.report.wording import DASH, count, place

LOG_LINES = 20
FACTS: dict[str, Callable[[Results], object]] = {
    "Questions dropped": lambda results: results.dropped_questions,
    "Answers unseen in training": lambda results: results.unseen_answers,
    "Store": lambda results: results.data.store,
    "Store checksum": lambda results: results.data.checksum,
    "Encoders": lambda results: results.data.encoders,
    "Git": lambda results: results.git,
    "Versions": lambda results: results.versions,
    "Precision": lambda results: results.precision,
    "Threads": lambda results: results.threads,
    "Processes": lambda results: results.world_size,
    "Monitor": lambda results: results.monitor,
}


def commands(found: Collection) -> list[str]:
    """Shell lines that make all runs again: the sweeps', then those of single runs."""
    single = [
        command(result)
        for result in found.results
        if not any(result.folder.is_relative_to(folder) for folder in found.sweeps)
    ]
    return list(dict.fromkeys([*(sweep.command for sweep in found.sweeps.values()), *single]))


def command(result: Result) -> str:
    """Shell line that makes one run again."""
    if result.origin == TRAINING:
        return shlex.join(["python", "-m", "avqa_lit.train", *result.run.results.overrides])
    line = shlex.join(["python", "-m", "avqa_lit.evaluate", *scored(result)])
    return f"{line}  # data as in {place(result.run.folder.config)}"


def scored(result: Result) -> list[str]:
    """What was scored, as arguments of the command that did it."""
    results = result.run.results
    given = {"checkpoint": results.checkpoint, "drop": results.drop}
    given["predictions"] = None if results.predictions is None else results.predictions.file
    return [f"{name}={value}" for name, value in given.items() if value]


def seeds(results: Sequence[Result]) -> list[str]:
    """Seeds of the runs, each once, in order."""
    return [str(seed) for seed in sorted({result.seed for result in results if result.seed is not None})]


def budgets(results: Sequence[Result]) -> list[str]:
    """Names of the runs' budgets, each once."""
    found = (result.run.config.get("budget") for result in results)
    return list(
        dict.fromkeys(str(one["name"]) for one in found if isinstance(one, Mapping) and "name" in one)
    )


def data_name(result: Result) -> str:
    """What the run was tested on: its data's name, else the name of the folder that it was read from."""
    data = result.run.config.get("data")
    node = data if isinstance(data, Mapping) else {}
    place = node.get("raw") or node.get("store") or result.run.results.data.store or "unnamed data"
    name = "synthetic" if is_synthetic(result) else Path(str(place)).name
    return str(node.get("name") or name)


def is_synthetic(result: Result) -> bool:
    """Whether the run was tested on the embedded simulator's data."""
    data = result.run.config.get("data")
    target = data.get("_target_") if isinstance(data, Mapping) else None
    return "synthetic" in canonical([target, result.run.results.data.encoders])


def dropped_questions(results: Sequence[Result]) -> int:
    """Most test questions that any run left out for want of features."""
    return max((result.run.results.dropped_questions.get("test", 0) for result in results), default=0)


def features(results: Sequence[Result]) -> str:
    """Which encoders made the features that the runs were tested on, by the store's checksum."""
    told = dict.fromkeys(
        f"{_text(result.run.results.data.encoders)}; store checksum {(result.checksum or 'unknown')[:12]}"
        for result in results
        if result.run.results.data.encoders
    )
    return f"Features: {' / '.join(told)}." if told else "The runs do not say by which encoders."


def facts(results: Sequence[Result]) -> list[tuple[str, str]]:
    """What the runs share; where they do not, every value with the number of its runs."""
    pairs = [("Seeds", ", ".join(seeds(results)) or DASH)]
    for name, fact in FACTS.items():
        values = [_text(fact(result.run.results)) for result in results]
        distinct = list(dict.fromkeys(value for value in values if value))
        if len(distinct) == 1 and len(set(values)) == 1:
            pairs.append((name, distinct[0]))
        elif distinct:
            pairs.append(
                (
                    name,
                    "differs: " + "; ".join(f"{one} ({count(values.count(one), 'run')})" for one in distinct),
                )
            )
    return pairs


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    return "" if value is None else value_name(value)


def recipe(found: Collection) -> str:
    """Commands and shared facts."""
    lines = wrap("pre", element("code", "\n".join(commands(found))), tabindex="0")
    return lines + definitions(facts(found.results), css="facts")


def unfinished_jobs(jobs: Iterable[Unfinished]) -> str:
    """A table of jobs without a result, and the end of each one's log."""
    jobs = list(jobs)
    rows = [(job.name or DASH, job.state, job.reason.partition("\n")[0], place(job.folder)) for job in jobs]
    caption = f"{count(len(jobs), 'job')} without a result; none of them is in any number above"
    table = plain_table(caption, ["Job", "State", "Reason", "Folder"], rows, css="runs jobs")
    return table + "".join(_log(job) for job in jobs)


def _log(job: Unfinished) -> str:
    """The end of the job's log: from the file, or what sweep.json kept of it."""
    if job.log is not None and job.log.is_file():
        lines = read_end(job.log).splitlines()[-LOG_LINES:]
    else:
        lines = job.reason.splitlines()[1:]
    summary = f"End of the log of {job.name}" + (f": {place(job.log)}" if job.log else "")
    if not lines:
        return element("p", f"{summary}, which is empty or gone", css="note") if job.log else ""
    code = wrap("pre", element("code", "\n".join(lines)), tabindex="0")
    return wrap("details", element("summary", summary) + code)
