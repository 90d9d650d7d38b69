from dataclasses import replace

from avqa_lit.artifacts.differences import (
    differing_keys,
    flat_settings,
    keys_of_some_versions,
    label,
    value_name,
)
from avqa_lit.artifacts.results import Results


def labels(settings):
    keys = differing_keys(settings)
    return [label(one, keys) for one in settings]


def test_only_keys_that_differ_name_a_configuration():
    settings = [
        flat_settings({"model": {"norm": norm, "dim": 128}, "loss": {"kl": {"weight": weight}}, "seed": seed})
        for seed, (norm, weight) in enumerate([("pre", 0), ("post", 0.1)])
    ]
    assert differing_keys(settings) == ["model.norm", "loss.kl.weight"]
    assert label(settings[1], differing_keys(settings)) == "norm post · KL weight 0.1"


def test_seed_logger_paths_and_display_make_no_other_configuration():
    config = {"seed": 1, "logger": {"mode": "x"}, "paths": {"runs": "a"}, "display": True, "experiment": "b"}
    assert flat_settings(config) == {}


def test_an_exchanged_group_is_named_by_its_class_alone():
    settings = [
        flat_settings({"schedule": {"_target_": f"avqa_lit.training.schedules.{name}", **keys}})
        for name, keys in (
            ("Step", {"every": 10, "factor": 0.1}),
            ("Cosine", {"floor": 0.0}),
            ("Constant", {}),
        )
    ]
    assert differing_keys(settings) == ["schedule._target_"]
    assert [label(one, ["schedule._target_"]) for one in settings] == [
        "schedule Step",
        "schedule Cosine",
        "schedule Constant",
    ]


def test_a_key_that_varies_within_a_class_stays():
    settings = [
        flat_settings({"schedule": {"_target_": target, "every": every}})
        for target, every in (("Step", 10), ("Step", 20), ("Cosine", 10))
    ]
    assert differing_keys(settings) == ["schedule._target_", "schedule.every"]


def test_values_are_named_as_they_are_typed():
    assert [value_name(one) for one in (1e-4, 3, True, None, "a.b", [])] == [
        "0.0001",
        "3",
        "true",
        "none",
        "a.b",
        "none",
    ]


def test_options_of_a_term_that_is_off_make_no_other_configuration():
    off = [
        flat_settings({"loss": {"kl": {"weight": 0, "direction": one}, "mine": {"weight": 1.0}}})
        for one in ("forward", "reverse")
    ]
    assert off[0] == off[1] == {"loss.kl.weight": 0, "loss.mine.weight": 1.0}


def test_terms_that_come_and_go_name_a_configuration_by_those_that_are_on():
    def settings_of(kl, cca, direction="forward"):
        return flat_settings(
            {"loss": {"kl": {"weight": kl, "direction": direction}, "cca": {"weight": cca, "ridge": 0.1}}}
        )

    settings = [settings_of(0, 0), settings_of(0.1, 0), settings_of(0.1, 0, "reverse"), settings_of(0, 0.1)]
    assert labels(settings) == [
        "none of them",
        "KL weight 0.1 · direction forward",
        "KL weight 0.1 · direction reverse",
        "CCA weight 0.1",
    ]


def test_perturbations_that_come_and_go_are_named_likewise():
    settings = [
        flat_settings(
            {"data": {"train_views": views}, "perturbation": {"feature_noise": noise, "time_mask": mask}}
        )
        for noise, mask, views in ((0.0, 0.0, []), (0.2, 0.0, []), (0.0, 5.0, []), (0.0, 0.0, "all"))
    ]
    assert labels(settings) == [
        "none of them",
        "feature noise 0.2",
        "time mask 5",
        "training views all",
    ]


OLD, NEW = (Results(state="finished", versions={"avqa_lit": version}) for version in ("0.1", "0.2"))


def test_a_key_that_an_older_version_did_not_know_sets_nothing_apart():
    old, new = {"model.dim": 64}, {"model.dim": 64, "model.norm": "pre"}
    assert keys_of_some_versions([(old, OLD), (new, NEW)]) == ["model.norm"]
    assert keys_of_some_versions([(old, NEW), (new, NEW)]) == []  # left out on purpose
    assert keys_of_some_versions([(old, OLD), (new, NEW), (new | {"model.norm": "post"}, NEW)]) == []
    assert keys_of_some_versions([(old, OLD), (new, replace(NEW, overrides=("+model.norm=pre",)))]) == []
