"""A run on the same features in files of other names, formats and axes gives the same bits."""

import numpy as np
import pytest
import torch

from avqa_lit.data.synthetic.concerts import SyntheticConcerts

pytestmark = pytest.mark.slow
RATES = (
    "data=music_avqa", "data.audio.encoder=synthetic_audio", "data.audio.seconds_per_row=0.96",
    "data.visual.encoder=synthetic_visual", "data.visual.seconds_per_row=3.0", "trainer.max_epochs=1",
)  # fmt: skip


def test_one_hdf5_file_for_all_sounds_and_a_tensor_a_video(train, tmp_path):
    h5py = pytest.importorskip("h5py")
    raw = SyntheticConcerts(seed=0, videos=20, questions_per_video=3, noise=0.2).export_to(tmp_path / "raw")
    plain = train(*RATES, f"data.raw={raw}", folder="plain")
    heard, seen = raw / "feats/synthetic_audio", raw / "feats/synthetic_visual"
    with h5py.File(raw / "feats/sounds.h5", "w") as file:
        for path in heard.iterdir():
            file[f"{path.stem}/vggish"] = np.load(path).T[None]
            path.unlink()
    heard.rmdir()
    for path in seen.iterdir():
        torch.save(torch.from_numpy(np.load(path)), seen / f"{path.stem}_clip.pt")
        path.unlink()
    other = train(
        *RATES, f"data.raw={raw}", "data.audio.folder=.", "data.audio.files=sounds.h5",
        "data.audio.array={video_id}/vggish", "data.audio.layout=1CT", "data.visual.files={video_id}_clip.pt",
        folder="other",
    )  # fmt: skip
    assert other.results.metrics == plain.results.metrics
    assert other.results.data.checksum == plain.results.data.checksum
