"""Writes config.md, the reference of every config key, from conf/, the schema and the docstrings of classes.

python docs/config.py
"""

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from hydra.utils import get_object

from avqa_lit.artifacts.atomic import write_text
from avqa_lit.config.build import TRAINER_KEYS_WE_SET
from avqa_lit.config.plugins import OptunaSettings, ProcessSettings, SlurmSettings
from avqa_lit.config.schema import Answers, Budget, Evaluate, Paths, Predict, Prepare, Train
from avqa_lit.config.takers import GIVEN_BY_US
from avqa_lit.data.serving import Serving
from avqa_lit.losses.weighted import WeightedLosses

PAGE = Path(__file__).with_suffix(".md")
CONF = Path(__file__).parents[1] / "conf"
COMMANDS = {"train": Train, "prepare": Prepare, "evaluate": Evaluate, "predict": Predict}
SWEEPS = {
    "hydra/launcher=process": ProcessSettings,
    "hydra/launcher=slurm": SlurmSettings,
    "hydra/sweeper=optuna": OptunaSettings,
}
HEAD = """# Every config key

Drawn by `make docs` from `conf/` and the docstrings of the classes that take the keys.

A key goes on the command line as `KEY=VALUE`, a group as `GROUP=NAME`:
`python -m avqa_lit.train model.norm=post schedule=step`. Paths and names are taken as the shell gives them,
with any spaces, commas and brackets. `null` is no value, `???` has to be given. A group takes every argument
of its class, `trainer` those of `lightning.Trainer` and `optimizer` those of its torch class, listed here or
not. A misspelt key is refused with the nearest right name, and a value that cannot be used with what can.
"""
SECTION = re.compile(r"^(?:Args|Attributes):\n((?:[ ]+.*\n?|\n)+)", re.MULTILINE)
ENTRY = re.compile(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)

# Key, default, meaning.
Row = tuple[str, Any, str]


def page() -> str:
    """The reference, as Markdown."""
    parts = [HEAD]
    for name, schema in COMMANDS.items():
        parts += [f"## python -m avqa_lit.{name}\n", table("", rows_of_schema(schema))]
    for group in sorted(folder.name for folder in CONF.iterdir() if folder.is_dir()):
        if group != "experiment":
            parts += [f"## {group}\n", *map(option, files(group))]
        if group == "trainer":
            parts += ["### Refused\n\nArguments of `lightning.Trainer` that no config gives, and why:\n"]
            parts += [*(f"- `trainer.{key}`: {reason}." for key, reason in TRAINER_KEYS_WE_SET.items()), ""]
    parts.append("## Sweeps\n")
    for name, schema in SWEEPS.items():
        prefix = name.partition("=")[0].replace("/", ".")
        parts += [f"### {name}\n", table(f"{prefix}.", rows_of_schema(schema))]
    parts.append("## Experiments\n\nEach is a sweep; all other keys may be given beside it.\n")
    parts += [f"- `+experiment={file.stem}`: {heading(file)}" for file in files("experiment")]
    return "\n".join(parts) + "\n"


def files(group: str) -> list[Path]:
    """The options of a group."""
    return sorted((CONF / group).glob("*.yaml"))


def option(file: Path) -> str:
    """One option of a group: its keys, or what it changes in the one that it builds upon."""
    group, name = file.parent.name, file.stem
    node = yaml.safe_load(file.read_text("utf-8"))
    bases = [one for one in node.pop("defaults", []) if isinstance(one, str) and one != "_self_"]
    lines = [f"### loss=[{name}]\n" if group == "loss" else f"### {group}={name}\n"]
    if heading(file):
        lines.append(f"{heading(file)}\n")
    if bases and bases[0].startswith("/"):  # the keys of a config of another group
        base = CONF / f"{bases[0].strip('/').removesuffix('@_here_')}.yaml"
        node = yaml.safe_load(base.read_text("utf-8")) | node
        lines.append(table(f"{group}.", rows_of_node((group,), node, comments_of(base))))
    elif bases:
        changed = ", ".join(f"{key} {_code(value)}" for key, value in node.items())
        lines.append(f"As `{group}={bases[0]}`, with {changed}.\n")
    elif group == "debug":  # keys of the trainer, given together
        meanings = comments_of(file)
        rows = ((key, value, meanings[f"  {key}"]) for key, value in node.get("trainer", {}).items())
        lines.append(table("trainer.", rows))
    elif group == "budget":  # described by the schema
        lines.append(table("budget.", ((key, node[key], text) for key, _, text in rows_of_schema(Budget))))
    else:
        path = (group, name) if group == "loss" else (group,)
        lines.append(table(".".join(path) + ".", rows_of_node(path, node, comments_of(file))))
    return "\n".join(lines)


def table(prefix: str, rows: Iterable[Row]) -> str:
    """Keys with default and meaning."""
    lines = [f"| `{prefix}{key}` | {_code(default)} | {_plain(meaning)} |" for key, default, meaning in rows]
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *lines, ""]) if lines else ""


def rows_of_schema(schema: type) -> Iterator[Row]:
    """Fields of a dataclass; what it does not describe means the same as in training."""
    meanings = meanings_of(Train) | meanings_of(schema)
    groups = _groups(schema)
    for key_field in fields(schema):
        if key_field.type in (Answers, Paths):
            for key, default, meaning in rows_of_schema(key_field.type):
                yield f"{key_field.name}.{key}", default, meaning
        elif key_field.name != "_target_":
            default = (
                key_field.default if key_field.default_factory is MISSING else key_field.default_factory()
            )
            yield key_field.name, groups.get(key_field.name, default), meanings.get(key_field.name, "")


def rows_of_node(
    path: tuple[str, ...], node: Mapping[str, Any], comments: Mapping[str, str]
) -> Iterator[Row]:
    """Keys that a config holds, and those that its class takes beside them if it is one of ours."""
    values, meanings = dict(node), dict(comments)
    target = get_object(values.pop("_target_")) if "_target_" in values else None
    if target is not None and target.__module__.startswith("avqa_lit."):
        meanings |= meanings_of(target)
        for name, one in inspect.signature(target).parameters.items():
            named = one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
            if named and one.default is not one.empty and name not in GIVEN_BY_US.get(path[0], ()):
                values.setdefault(name, one.default)
    if path[0] == "loss":
        terms = meanings_of(WeightedLosses)
        meanings |= {"weight": terms["weights"], "start_epoch": terms["start_epochs"]}
        values.setdefault("start_epoch", 0)
    if path == ("data",):
        meanings |= meanings_of(Serving)
    for key, value in values.items():
        if isinstance(value, dict) and "_target_" in value:
            for name, default, meaning in rows_of_node((*path, key), value, {}):
                yield f"{key}.{name}", default, meaning
        else:
            yield key, value, meanings.get(key, "")


def meanings_of(described: Any) -> dict[str, str]:
    """What a docstring says of each argument or attribute, and the values between which one chooses."""
    meanings: dict[str, str] = {}
    for section in SECTION.findall(inspect.getdoc(described) or ""):
        meanings |= {name: " ".join(text.split()) for name, text in ENTRY.findall(section)}
    if inspect.isfunction(described) and not meanings:  # it makes what is described
        return meanings_of(inspect.signature(described).return_annotation)
    for name, one in inspect.signature(described).parameters.items():
        if get_origin(one.annotation) is Literal and name in meanings:
            words = get_args(one.annotation)
            if not all(word in meanings[name] for word in words):
                meanings[name] = f"{meanings[name].rstrip('.')}: {', '.join(words)}."
    return meanings


def heading(file: Path) -> str:
    """The comment at the top of a config."""
    lines = [line[2:] for line in _top(file) if "@package" not in line]
    return _plain(" ".join(lines)).replace("<", "&lt;")


def comments_of(file: Path) -> dict[str, str]:
    """What a config says of its own keys, above each or behind it."""
    comments: dict[str, str] = {}
    above: list[str] = []
    for line in file.read_text("utf-8").splitlines()[len(_top(file)) :]:
        if line.startswith("# "):
            above.append(line[2:])
            continue
        comments[line.partition(":")[0]] = line.partition(" # ")[2] or " ".join(above)
        above = []
    return comments


def _top(file: Path) -> list[str]:
    lines = file.read_text("utf-8").splitlines()
    return lines[: next(number for number, line in enumerate(lines) if not line.startswith("#"))]


def _groups(schema: type) -> dict[str, Any]:
    """Options that a command takes of the groups unless told otherwise."""
    names = [name for name, one in COMMANDS.items() if one is schema]
    defaults = yaml.safe_load((CONF / f"{names[0]}.yaml").read_text("utf-8"))["defaults"] if names else []
    pairs = [pair for one in defaults if isinstance(one, dict) for pair in one.items()]
    return {group.removeprefix("optional "): name for group, name in pairs}


def _code(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"


def _plain(text: str) -> str:
    text = re.sub(r":math:`([^`]*)`", r"`\1`", text).replace("``", "`").replace("|", "\\|")
    return re.sub(r"\bNone\b", "null", text)


if __name__ == "__main__":
    write_text(PAGE, page())
