r"""Tables for a paper: LaTeX with the rules of the booktabs package."""

import re
from collections.abc import Sequence

from avqa_lit.console import visible

SPECIAL = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # Behind the end of a row these would be its arguments.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "\N{MINUS SIGN}": "$-$",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{EN DASH}": "--",
    "\N{MIDDLE DOT}": r"$\cdot$",
    "\N{UPWARDS ARROW}": r"$^{\uparrow}$",
    "\N{DOWNWARDS ARROW}": r"$^{\downarrow}$",
    "\N{DAGGER}": r"$^{\dagger}$",
}
# Shrinks a table that is wider than its place, and no other.
SHRUNK = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
PATTERN = re.compile("|".join(map(re.escape, SPECIAL)))


def escaped(text: str) -> str:
    r"""Text as LaTeX prints it, on one line.

    Example:
        >>> escaped("50% of model_a")
        '50\\% of model\\_a'
    """
    line = visible(" ".join(text.split()))
    return PATTERN.sub(lambda match: SPECIAL[match.group()], line)


def booktabs(
    heads: Sequence[Sequence[str]],
    groups: Sequence[Sequence[Sequence[str]]],
    *,
    caption: str,
    across: bool = False,
) -> str:
    r"""A floating table; its cells are LaTeX already, its caption is not.

    Args:
        heads: lines of the head; one may hold ``\multicolumn`` and rules.
        groups: rows, with a rule between one group and the next.
        caption: goes above.
        across: over both columns of a page.
    """
    columns = max(len(row) for group in groups for row in group)
    body = "\n\\midrule\n".join("\n".join(map(_line, group)) for group in groups if group)
    float_ = "table*" if across else "table"
    return "\n".join(
        [
            r"% \usepackage{booktabs,graphicx}",
            f"\\begin{{{float_}}}",
            "\\centering",
            f"\\caption{{{escaped(caption)}}}",
            SHRUNK,
            f"\\begin{{tabular}}{{l{'r' * (columns - 1)}}}",
            "\\toprule",
            *map(_line, heads),
            "\\midrule",
            body,
            "\\bottomrule",
            "\\end{tabular}}",
            f"\\end{{{float_}}}\n",
        ]
    )


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + " \\\\"
