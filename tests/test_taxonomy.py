import pytest

from avqa_lit.taxonomy import MUSIC_AVQA, Category, Taxonomy, category_name, stored_taxonomy


def of_names(*names):
    """A taxonomy of categories such as sound/which, labelled by their names."""
    return Taxonomy(
        tuple(Category(*([None] * (1 - name.count("/"))), *name.split("/"), name, name) for name in names)
    )


def test_the_default_is_that_of_table_2_of_music_avqa():
    assert MUSIC_AVQA.modalities == ("audio", "visual", "audio_visual")
    assert [len(MUSIC_AVQA.of_modality(modality)) for modality in MUSIC_AVQA.modalities] == [2, 2, 5]
    assert [category.label for category in MUSIC_AVQA.categories] == [
        "A-Count", "A-Comp", "V-Count", "V-Loc", "AV-Exist", "AV-Loc", "AV-Count", "AV-Comp", "AV-Temp",
    ]  # fmt: skip
    assert MUSIC_AVQA.names[MUSIC_AVQA.place["audio_visual/temporal"]] == "audio_visual/temporal"


@pytest.mark.parametrize("taxonomy", [MUSIC_AVQA, of_names("which", "why"), of_names("sound/which")])
def test_plain_values_give_the_same_taxonomy_again(taxonomy):
    assert Taxonomy.from_plain(taxonomy.to_plain()) == taxonomy


def test_what_is_left_out_follows_from_modality_and_type():
    entries = [{"modality": "Audio-Visual", "type": "Come From"}, {"modality": "Audio-Visual", "type": "why"}]
    first, second = Taxonomy.from_plain(entries).categories
    assert first == Category("audio_visual", "come_from", "AV-Come from", "Come from")
    assert (second.label, second.heading) == ("AV-Why", "Why")


def test_a_heading_alone_gives_the_label_and_types_alone_need_no_modality():
    assert (
        Taxonomy.from_plain([{"modality": "sound", "type": "which", "heading": "W"}]).categories[0].label
        == "S-W"
    )
    (flat,) = Taxonomy.from_plain([{"type": "Used For", "modality": None}]).categories
    assert (flat.name, flat.label) == ("used_for", "Used for")


def test_a_taxonomy_without_modalities_has_none():
    flat = of_names("which", "why")
    assert flat.modalities == ()
    assert flat.of_modality(None) == flat.categories


def test_a_file_without_a_taxonomy_is_older_and_means_music_avqa():
    assert stored_taxonomy({"schema": 1}) is MUSIC_AVQA
    assert stored_taxonomy({"taxonomy": of_names("which").to_plain()}) == of_names("which")


@pytest.mark.parametrize("written", [["Audio-Visual", "Temporal"], ["audio_visual", " temporal "]])
def test_a_category_is_known_however_its_parts_are_written(written):
    assert category_name(written) == "audio_visual/temporal"


@pytest.mark.parametrize(
    "names, message",
    [
        ([], "0 categories, expected 1 to 127"),
        ([f"t{number}" for number in range(128)], "128 categories, expected 1 to 127"),
        (["sound/which", "why"], "1 of 2 categories have a modality, expected all or none"),
        (["a/x", "b/x", "a/y"], r"the modalities alternate \(a, b, a\)"),
        (["a/x", "a/x"], "several categories have the name a/x"),
        (["a/Which"], "type 'Which', expected a name in lower case"),
        (["a/come from"], "type 'come from', expected a name in lower case"),
        (["/x"], "modality '', expected a name"),
        (["sound/avg"], r"type avg: expected a name that no average has \(avg, mean_of_types\)"),
        (["overall"], "type overall: expected a name that no average has"),
    ],
)
def test_categories_that_cannot_be_told_apart_are_refused(names, message):
    with pytest.raises(ValueError, match=message):
        of_names(*names)


def test_labels_stand_for_one_category_each():
    entries = [{"modality": "sound", "type": "why"}, {"modality": "speech", "type": "why"}]
    with pytest.raises(ValueError, match="several categories have the label S-Why"):
        Taxonomy.from_plain(entries)


@pytest.mark.parametrize(
    "entries, message",
    [
        ("which", "expected a list of categories, found 'which'"),
        ({"type": "which"}, "expected a list of categories, found {"),
        (["which"], "expected a type, .* found 'which'"),
        ([{"modality": "sound"}], "expected a type, .* found {'modality': 'sound'}"),
        ([{"type": "which", "order": 1}], "expected a type, .*'order': 1"),
        ([{"type": 7}], "type is 7, expected a text"),
        ([{"type": None}], "type is None, expected a text"),
        ([{"type": "which", "label": ["W"]}], r"label is \['W'\], expected a text"),
        ([{"type": "which", "label": " "}], "the label of which is empty"),
    ],
)
def test_plain_values_of_another_form_are_refused(entries, message):
    with pytest.raises(ValueError, match=message):
        Taxonomy.from_plain(entries)
