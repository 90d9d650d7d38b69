"""Command line of the dashboard."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.console import print_plain
from avqa_lit.dashboard.workspace import save, spec
from avqa_lit.errors import UserError
from avqa_lit.taxonomy import MUSIC_AVQA

DESCRIPTION = """\
Print the W&B workspace that fits the runs of avqa_lit as JSON, or save it to W&B: overview, accuracy per
category, sweep, alignment losses, training, errors. Saving again replaces what was saved before.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print or save the workspace; 1 after a user's mistake or without a server."""
    parser = argparse.ArgumentParser(
        prog="python -m avqa_lit.dashboard",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--save", action="store_true", help="save it to W&B and print its address")
    parser.add_argument("--entity", metavar="NAME", help="W&B user or team; default: your account's own")
    parser.add_argument(
        "--project", metavar="NAME", default="avqa_lit", help="default: avqa_lit, as logger.project"
    )
    parser.add_argument(
        "--run",
        metavar="DIR",
        type=Path,
        help="folder of a run whose categories of questions are shown; default: those of MUSIC-AVQA",
    )
    given = parser.parse_args(arguments)
    try:
        taxonomy = MUSIC_AVQA if given.run is None else read_run(given.run).taxonomy
        if given.save:
            print(save(taxonomy, entity=given.entity, project=given.project))
        else:
            print(json.dumps(spec(taxonomy, project=given.project), indent=2))
    except UserError as error:
        print_plain(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
