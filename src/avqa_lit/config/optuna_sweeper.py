"""A Hydra sweeper whose values an Optuna sampler draws: `hydra/sweeper=optuna`.

Hydra's own plugin (hydra-optuna-sweeper 1.3.0) requires Optuna below 3, which has been without releases for
years. So this one speaks to today's Optuna, by its ask-and-tell interface alone.

The study lies in the sweep's folder, and the sampler of a trial is seeded by the trial's number. So the same
command continues a sweep that was interrupted, and draws what it would have drawn without the interruption.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from avqa_lit.config.keys import config_key
from avqa_lit.console import PlainConsole
from avqa_lit.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState


class OptunaSweeper(Sweeper):
    """Draws values that maximise what the runs monitor; see `OptunaSettings` for the arguments."""

    def __init__(
        self, *, n_trials: int, n_jobs: int, seed: int, sampler: str, params: dict[str, str]
    ) -> None:
        self.n_trials = n_trials
        self.n_jobs = n_jobs
        self.seed = seed
        self.sampler = sampler
        self.params = params

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take the sweep's config and make its launcher."""
        self._configs = hydra_context.config_loader
        self._master = config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Draw, run and tell, until there are `n_trials` trials.

        Raises:
            MissingExtraError: Optuna is not installed.
            ConfigError: nothing to draw, or a sampler that Optuna has not.
        """
        try:
            import optuna
        except ImportError as error:
            raise MissingExtraError("hydra/sweeper=optuna", extra="optuna") from error
        if not isinstance(getattr(optuna.samplers, self.sampler, None), type):
            raise ConfigError(
                f"hydra.sweeper.sampler={self.sampler}: expected a class of optuna.samplers, as TPESampler is"
            )
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        fixed, space = self._parse(arguments)
        study = self._study(fixed, space)
        # All that earlier calls drew comes first: the launcher passes over what is finished. What failed then
        # and succeeds now is not told to the study, so that the draws behind it stay what they were.
        ran = study.get_trials()
        answers = self._run(study, ran, fixed)
        while len(ran) < self.n_trials:
            numbers = range(len(ran), min(self.n_trials, len(ran) + self.n_jobs))
            batch = [self._ask(study, number, space) for number in numbers]
            answers += self._run(study, batch, fixed)
            ran += batch
        values = [answer.return_value for answer in answers]  # raises where jobs did not finish
        known = {number: value for number, value in enumerate(values) if value is not None}
        if known:
            best = max(known, key=known.__getitem__)
            told = f"{' '.join(_overrides(ran[best]))}, {known[best]:.4f}"
        else:
            told = "none has a value"
        PlainConsole().print(f"best of {len(ran)}: {told}", soft_wrap=True)

    def _parse(self, arguments: list[str]) -> tuple[list[str], dict[str, "BaseDistribution"]]:
        parser = OverridesParser.create(config_loader=self._configs)
        # A later override of the same key replaces an earlier one, as on any command line.
        given = [f"{key}={value}" for key, value in self.params.items()] + arguments
        last = {one.get_key_element(): one for one in parser.parse_overrides(given)}
        space = {key: distribution(one) for key, one in last.items() if one.is_sweep_override()}
        if not space:
            raise ConfigError(
                "hydra/sweeper=optuna: nothing to draw; give hydra.sweeper.params or an override such as "
                "'optimizer.lr=tag(log, interval(1e-5, 1e-2))'"
            )
        fixed = [f"{key}={one.get_value_element_as_str()}" for key, one in last.items() if key not in space]
        return fixed, space

    def _study(self, fixed: list[str], space: dict[str, "BaseDistribution"]) -> "Study":
        """The study of this config and this space; another of either draws anew."""
        import optuna
        from optuna.distributions import distribution_to_json
        from optuna.storages.journal import JournalFileBackend

        config = self._configs.load_sweep_config(self._master, fixed)
        plain = OmegaConf.to_container(
            OmegaConf.masked_copy(config, [str(k) for k in config if k != "hydra"])
        )
        assert isinstance(plain, dict)
        identity = [
            config_key({str(key): value for key, value in plain.items()}),
            {key: distribution_to_json(one) for key, one in space.items()},
            [self.sampler, self.seed, self.n_jobs],
        ]
        folder = Path(self._master.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        return optuna.create_study(
            storage=optuna.storages.JournalStorage(JournalFileBackend(str(folder / "optuna.journal"))),
            study_name=hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12],
            direction="maximize",
            load_if_exists=True,
        )

    def _ask(self, study: "Study", number: int, space: dict[str, "BaseDistribution"]) -> "FrozenTrial":
        import optuna

        seed = int(hashlib.sha256(f"{self.seed} {number}".encode()).hexdigest()[:8], 16)
        study.sampler = getattr(optuna.samplers, self.sampler)(seed=seed)
        asked = study.ask(space).number
        return study.get_trials(deepcopy=False)[asked]

    def _run(self, study: "Study", trials: Sequence["FrozenTrial"], fixed: list[str]) -> list[JobReturn]:
        """Run trials at once and tell the study what came of those that it has no value for."""
        import optuna

        if not trials:
            return []
        points = [[*fixed, *_overrides(trial)] for trial in trials]
        answers = list(self._launcher.launch(points, initial_job_idx=trials[0].number))
        for trial, answer in zip(trials, answers, strict=True):
            value = _value(answer)
            if trial.state == optuna.trial.TrialState.RUNNING:
                study.tell(trial.number, value, state=None if value is not None else _state(answer))
        return answers


def _overrides(trial: "FrozenTrial") -> list[str]:
    return [f"{key}={value}" for key, value in trial.params.items()]


def _state(answer: JobReturn) -> "TrialState":
    """State of a trial without a value: samplers learn to stay away from what diverged, not from failures."""
    from optuna.trial import TrialState

    return TrialState.PRUNED if answer.status == JobStatus.COMPLETED else TrialState.FAIL


def _value(answer: JobReturn) -> float | None:
    """What a job monitored; None if it did not finish, or diverged."""
    return answer._return_value if isinstance(answer._return_value, float | int) else None


def distribution(override: Override) -> "BaseDistribution":
    """What Optuna draws from for a sweep in Hydra's grammar.

    Raises:
        ConfigError: an empty range.

    Example:
        >>> parse = OverridesParser.create().parse_override
        >>> distribution(parse("lr=tag(log, interval(1e-5, 1e-2))"))
        FloatDistribution(high=0.01, log=True, low=1e-05, step=None)
        >>> distribution(parse("norm=pre,post"))
        CategoricalDistribution(choices=('pre', 'post'))
        >>> distribution(parse("blocks=int(interval(1, 4))"))
        IntDistribution(high=4, log=False, low=1, step=1)
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    sweep: Any = override.value()
    if isinstance(sweep, IntervalSweep):
        low, high = sweep.start, sweep.end
        assert low is not None
        assert high is not None
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log="log" in sweep.tags)
        return FloatDistribution(low, high, log="log" in sweep.tags)
    if isinstance(sweep, RangeSweep) and not sweep.shuffle:
        values = list(sweep.range())
        if not values:
            raise ConfigError(f"{override.input_line}: an empty range; nothing to draw")
        if all(isinstance(value, int) for value in values):
            return IntDistribution(int(values[0]), int(values[-1]), step=int(sweep.step))
    return CategoricalDistribution(list(override.sweep_string_iterator()))
