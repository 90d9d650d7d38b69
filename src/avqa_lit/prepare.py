"""python -m avqa_lit.prepare: validate and pack features, or write the embedded data out."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from avqa_lit.config.command import run_command
from avqa_lit.config.schema import Prepare

if TYPE_CHECKING:
    from omegaconf import DictConfig


def main() -> None:
    """Entry point of ``avqa-prepare``."""
    run_command(task, name="prepare", schema=Prepare)


def task(cfg: "DictConfig") -> None:
    """Pack the annotations and features of `data` into a store, or export the embedded data."""
    from avqa_lit.config.question import Question
    from avqa_lit.config.resolve import resolved
    from avqa_lit.config.run_data import build_source
    from avqa_lit.config.texts import prompt_of
    from avqa_lit.config.validation import validate
    from avqa_lit.console import PlainConsole, print_plain
    from avqa_lit.data.summary import summarize
    from avqa_lit.data.summary_table import print_summary
    from avqa_lit.data.synthetic.concerts import SyntheticConcerts

    config = resolved(cfg)
    validate(config, schema=Prepare)
    source = build_source(config["data"])
    texts = [text for text in (Question(config["question"]).cached, prompt_of(config)) if text is not None]
    for text in texts:
        text.check(text.own_parts)
    if config["data"].get("export") is not None:
        folder = cast(SyntheticConcerts, source).export_to(Path(config["data"]["export"]))
        print_plain(f"official layout in {folder}")
        return
    cache = Path(config["paths"]["cache"]).expanduser()
    store = source.prepare(cache=cache, progress=config["display"])
    for text in texts:
        text.features(store, text.own_parts)
    print_plain(f"store in {store.path}")
    if config["display"]:
        print_summary(summarize(store), console=PlainConsole())
    else:
        for split, table in store.splits.items():
            dropped = store.dropped.get(split, 0)
            told = f", {dropped:,} dropped" if dropped else ""
            print_plain(f"  {split}: {len(table):,} questions{told}")
    for view, name in enumerate(store.views[1:], start=1):
        own = " and ".join(track for track, packed in store.tracks.items() if packed.own_entries(view))
        print_plain(f"  view {name}: {own} of its own")


if __name__ == "__main__":
    main()
