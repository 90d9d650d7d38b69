import pytest

from avqa_lit.data.synthetic.concerts import SyntheticConcerts


@pytest.fixture(scope="session")
def make_concerts():
    def make(**changes):
        options = {"seed": 0, "videos": 23, "questions_per_video": 5, "noise": 0.2}
        return SyntheticConcerts(**(options | changes))

    return make


@pytest.fixture(scope="session")
def videos(make_concerts):
    """Enough concerts for shares and priors to settle."""
    return make_concerts(videos=400, questions_per_video=6).generated
