"""Question encoder that is trained with the model."""

import torch
from torch import nn

from avqa_lit.batch import FIRST_WORD, PADDING_WORD, UNKNOWN_WORD, Batch, ModelSpec, Text
from avqa_lit.errors import ConfigError
from avqa_lit.ranges import BelowOne, Count


class WordLSTM(nn.Module):
    """Reads a question word by word; a word's vector is the output at it, a question's that at its last.

    It runs from the first word to the last, so padding behind the last changes nothing. (The LSTM of the
    published AVST code runs on over the padding: that is part of `model=avst`.) A question without words
    is read as one word of zeros.

    References:
        Long Short-Term Memory (Hochreiter and Schmidhuber, 1997), https://doi.org/10.1162/neco.1997.9.8.1735

        A Theoretically Grounded Application of Dropout in Recurrent Neural Networks (Gal and Ghahramani,
        2016), https://arxiv.org/abs/1512.05287, section 4.2: words are dropped whole. There they become
        zero, here the unknown word, which so learns what to be: train itself has no unknown word.

    Args:
        spec: sizes of the vocabularies.
        embedding: width of a word's embedding.
        dim: width of the vectors.
        word_dropout: probability that training reads a word as unknown, in [0, 1).
    """

    def __init__(self, spec: ModelSpec, *, embedding: Count, dim: Count, word_dropout: BelowOne) -> None:
        super().__init__()
        for name, value in (("embedding", embedding), ("dim", dim)):
            if value < 1:
                raise ConfigError(f"question.{name}={value}: expected 1 or more")
        if not 0 <= word_dropout < 1:
            raise ConfigError(f"question.word_dropout={word_dropout}: expected a probability in [0, 1)")
        self.dim = self.token_dim = dim
        self.word_dropout = word_dropout
        self.embedding = nn.Embedding(FIRST_WORD + spec.words, embedding, padding_idx=PADDING_WORD)
        self.lstm = nn.LSTM(embedding, dim, batch_first=True)

    def forward(self, batch: Batch) -> Text:
        """Vectors of every question and of each of its words."""
        words, mask = batch.words, batch.words != PADDING_WORD
        if self.training and self.word_dropout > 0:
            dropped = torch.rand(words.shape, device=words.device) < self.word_dropout
            words = words.masked_fill(mask & dropped, UNKNOWN_WORD)
        outputs, _ = self.lstm(self.embedding(words))
        last = (mask.sum(dim=1) - 1).clamp(min=0)
        sentence = outputs.take_along_dim(last[:, None, None], dim=1).squeeze(1)
        return Text(sentence, outputs, mask)
