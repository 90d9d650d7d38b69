"""python -m benchmarks [NAME...]: run the benchmarks, print them and keep them in benchmarks/results.json.

A benchmark is a module of this folder with a function `measure()` that returns plain values, ratios of times
taken in the same run: times alone tell of the machine.
"""

import importlib
import json
import sys
from pathlib import Path

from avqa_lit.artifacts.atomic import write_json
from avqa_lit.artifacts.provenance import versions
from avqa_lit.config.processors import usable_processors

FOLDER = Path(__file__).parent


def main() -> None:
    names = sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
    results = FOLDER / "results.json"
    kept = json.loads(results.read_text("utf-8")) if results.exists() else {}
    for name in names:
        measured = importlib.import_module(f"benchmarks.{name}").measure()
        print(name, json.dumps(measured, indent=2), flush=True)
        kept[name] = {**measured, "machine": {"cores": usable_processors().count, **versions()}}
        write_json(results, kept)


if __name__ == "__main__":
    main()
