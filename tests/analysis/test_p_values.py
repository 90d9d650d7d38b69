from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.analysis.p_values import holm


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
@settings(deadline=None, max_examples=60)
def test_holm_rejects_step_by_step_as_its_definition_does(p_values):
    adjusted = holm(p_values)
    for level in (0.01, 0.05, 0.3):
        rejected = set()
        for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[place] * (len(p_values) - step) >= level:
                break
            rejected.add(place)
        assert {place for place, p in enumerate(adjusted) if p < level} == rejected
