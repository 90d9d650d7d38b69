"""What a command understood before it begins with the work that takes time."""

from avqa_lit.config.processors import Processors
from avqa_lit.console import PlainConsole
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.summary import summarize
from avqa_lit.data.summary_table import print_summary


def tell_understood(store: FeatureStore, threads: Processors, *, shown: bool) -> None:
    """Print what the data are taken for, and how many threads compute, where that shall be shown."""
    if shown:
        console = PlainConsole()
        console.print(f"data in {store.path}", soft_wrap=True)
        print_summary(summarize(store), console=console)
        count = f"{threads.count} thread" + ("" if threads.count == 1 else "s")
        console.print(f"{count}: {threads.reason}\n", soft_wrap=True)
