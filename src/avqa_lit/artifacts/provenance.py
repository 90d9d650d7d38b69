"""With what a run was made: versions, commit, memory."""

import platform
import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import avqa_lit


def versions() -> dict[str, str]:
    """Versions of what decides the bits of a result."""
    packages = ("torch", "lightning", "torchmetrics", "numpy", "hydra-core")
    return {
        "avqa_lit": avqa_lit.__version__,
        "python": platform.python_version(),
        "cpu": platform.machine(),
        **{name: version(name) for name in packages},
    }


def git_commit() -> str | None:
    """Commit of the checkout that the package runs from, marked where it has changes; None for a wheel."""
    package = Path(avqa_lit.__file__).parent
    try:
        inside = subprocess.run(
            ["git", "-C", package, "ls-files", "--error-unmatch", "__init__.py"], capture_output=True
        )
        if inside.returncode != 0:
            return None
        found = subprocess.run(
            ["git", "-C", package, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:  # no git on this machine
        return None
    return found.stdout.strip() or None


def peak_memory_bytes() -> int:
    """Largest resident size of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
