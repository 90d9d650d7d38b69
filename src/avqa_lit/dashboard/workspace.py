"""The W&B workspace: its spec as plain values, and its way to W&B."""

import hashlib
import os
from typing import TYPE_CHECKING, Any

from avqa_lit.errors import MissingExtraError, ServerError
from avqa_lit.taxonomy import Taxonomy

if TYPE_CHECKING:
    from wandb_workspaces.workspaces import Workspace

NAME = "avqa_lit"


def spec(taxonomy: Taxonomy, *, project: str) -> dict[str, Any]:
    """What is saved as the workspace of `project`; asks no server."""
    workspace = _workspace(taxonomy, "", project)
    spec: dict[str, Any] = workspace._to_model().spec.model_dump(by_alias=True, exclude_none=True)
    return spec


def save(taxonomy: Taxonomy, *, entity: str | None, project: str) -> str:
    """Save the workspace, in the place of an earlier one of ours, and return its address.

    Args:
        taxonomy: the categories of the runs' questions.
        entity: W&B user or team; None is the account's default.
        project: W&B project.

    Raises:
        MissingExtraError: wandb-workspaces is not installed.
        ServerError: no account, no server, no such project, or whatever else W&B answers.
    """
    for name, value in (("WANDB_ERROR_REPORTING", "false"), ("WANDB_SILENT", "true")):
        os.environ.setdefault(name, value)
    _require_extra()
    import wandb

    if not wandb.login(prompt=False, verify=False):
        raise ServerError("the workspace was not saved: no W&B account is known here; run wandb login first")
    try:
        return _save(taxonomy, entity or str(wandb.Api().default_entity), project)
    except Exception as error:  # W&B's errors have no class in common
        raise ServerError(
            f"the workspace of {project} was not saved: {type(error).__name__}: {error}"
        ) from error


def _save(taxonomy: Taxonomy, entity: str, project: str) -> str:
    from wandb_workspaces.workspaces.internal import get_view_dict

    workspace = _workspace(taxonomy, entity, project)
    # A name of its own for each project: the second save finds the first.
    name = hashlib.sha256(f"{NAME}/{entity}/{project}".encode()).hexdigest()[:11]
    try:
        workspace._internal_id = get_view_dict(entity, project, name)["id"]
    except ValueError as error:
        if str(error).startswith("Project"):
            raise
    workspace._internal_name = f"nw-{name}-v"
    return str(workspace.save().url)


def _workspace(taxonomy: Taxonomy, entity: str, project: str) -> "Workspace":
    _require_extra()
    from wandb_workspaces import expr
    from wandb_workspaces.workspaces import RunsetSettings, Workspace, WorkspaceSettings

    from avqa_lit.dashboard.sections import OVERALL, STEP, sections

    workspace = Workspace(
        entity=entity,
        project=project,
        name=NAME,
        sections=sections(taxonomy),
        settings=WorkspaceSettings(x_axis=STEP, max_runs=100),
        runset_settings=RunsetSettings(
            order=[expr.Ordering(expr.Summary(OVERALL[0]), ascending=False)],
            pinned_columns=[f"summary:{name}" for name in (*OVERALL, "test/prior/acc/overall")],
        ),
    )
    # The library draws names of panels at random; ours are the same at every save.
    for section in workspace.sections:
        for number, panel in enumerate(section.panels):
            panel._id = hashlib.sha256(f"{section.name}/{number}".encode()).hexdigest()[:12]
    return workspace


def _require_extra() -> None:
    try:
        import wandb_workspaces  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("python -m avqa_lit.dashboard", extra="dashboard") from error
