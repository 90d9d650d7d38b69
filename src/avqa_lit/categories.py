"""The nine question categories of MUSIC-AVQA in their three modalities.

References:
    Learning to Answer Questions in Dynamic Audio-Visual Scenarios (Li et al., CVPR 2022),
    https://arxiv.org/abs/2203.14072, Table 2.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """One kind of question: the modality that answers it and the type of what is asked."""

    modality: str
    type: str
    label: str

    @property
    def name(self) -> str:
        """Key in metrics and files, such as ``audio_visual/temporal``."""
        return f"{self.modality}/{self.type}"


MODALITIES = ("audio", "visual", "audio_visual")

CATEGORIES = (
    Category("audio", "counting", "A-Count"),
    Category("audio", "comparative", "A-Comp"),
    Category("visual", "counting", "V-Count"),
    Category("visual", "location", "V-Loc"),
    Category("audio_visual", "existential", "AV-Exist"),
    Category("audio_visual", "location", "AV-Loc"),
    Category("audio_visual", "counting", "AV-Count"),
    Category("audio_visual", "comparative", "AV-Comp"),
    Category("audio_visual", "temporal", "AV-Temp"),
)

CATEGORY_NAMES = tuple(category.name for category in CATEGORIES)
