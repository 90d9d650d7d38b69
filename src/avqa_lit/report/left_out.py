"""What a report says at its head of runs that ended, but are in none of its numbers."""

from avqa_lit.report.collect import Collection
from avqa_lit.report.wording import count


def left_out(found: Collection) -> list[str]:
    """One sentence for each kind of such runs."""
    sentences = []
    diverged = sum(job.state == "diverged" for job in found.unfinished)
    if diverged:
        sentences.append(
            f"{count(diverged, 'run')} diverged: losses or weights were not finite any more. They are in no "
            "number below, so that a setting is judged by its other runs alone."
        )
    if found.smoke:
        sentences.append(
            f"{count(len(found.smoke), 'smoke run')} saw a part of the data alone, to try whether everything "
            "works. They are in no number below."
        )
    return sentences
