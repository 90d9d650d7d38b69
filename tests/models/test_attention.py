import pytest
import torch
from torch import nn

from avqa_lit.batch import Seats
from avqa_lit.errors import ConfigError
from avqa_lit.models.attention import CrossAttentionBlock, QueryAttention
from avqa_lit.models.tokens import Tokens

DIM, HEADS, HIDDEN = 12, 3, 17
BATCH, TOKENS, QUERIES = 5, 11, 2


def decoder_layer(block, norm):
    """The same weights in torch's own decoder layer, whose self-attention sublayer is switched off."""
    layer = nn.TransformerDecoderLayer(
        DIM, HEADS, HIDDEN, dropout=0.0, batch_first=True, norm_first=norm == "pre", dtype=torch.float64
    )
    attention = block.attention
    state = {
        "multihead_attn.in_proj_weight": torch.cat(
            [attention.query.weight, attention.key.weight, attention.value.weight]
        ),
        "multihead_attn.in_proj_bias": torch.cat(
            [attention.query.bias, torch.zeros(DIM), attention.value.bias]
        ),
        "multihead_attn.out_proj.weight": attention.output.weight,
        "multihead_attn.out_proj.bias": attention.output.bias,
        "linear1.weight": block.feed_forward[0].weight,
        "linear1.bias": block.feed_forward[0].bias,
        "linear2.weight": block.feed_forward[3].weight,
        "linear2.bias": block.feed_forward[3].bias,
        "norm2.weight": block.attention_norm.weight,
        "norm2.bias": block.attention_norm.bias,
        "norm3.weight": block.feed_forward_norm.weight,
        "norm3.bias": block.feed_forward_norm.bias,
    }
    layer.load_state_dict(state, strict=False)
    return layer


def sublayers(layer, norm, queries, tokens, mask):
    if norm == "pre":
        queries = queries + layer._mha_block(layer.norm2(queries), tokens, None, ~mask)
        return queries + layer._ff_block(layer.norm3(queries))
    queries = layer.norm2(queries + layer._mha_block(queries, tokens, None, ~mask))
    return layer.norm3(queries + layer._ff_block(queries))


def attended(tokens, mask):
    """Tokens that need no projection, of one question a video."""
    moment = torch.zeros(1, tokens.shape[1], DIM, dtype=torch.float64)
    return [Tokens(tokens[:, :, None], None, moment, None, mask)], Seats(BATCH, 1, torch.arange(BATCH))


def run(block, queries, tokens, mask):
    return block(queries, *attended(tokens, mask), need_weights=True)


def block_and_inputs(norm, dropout=0.0, form="folded"):
    torch.manual_seed(3)
    block = CrossAttentionBlock(
        dim=DIM, heads=HEADS, hidden=HIDDEN, dropout=dropout, norm=norm, form=form
    ).double()
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.3)
    queries = torch.randn(BATCH, QUERIES, DIM, dtype=torch.float64, requires_grad=True)
    tokens = torch.randn(BATCH, TOKENS, DIM, dtype=torch.float64, requires_grad=True)
    mask = torch.arange(TOKENS) < torch.tensor([11, 7, 1, 5, 10])[:, None]
    return block, queries, tokens, mask


@pytest.mark.parametrize("form", ["folded", "reference"])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_block_equals_the_sublayers_of_torchs_decoder_layer(norm, form):
    block, queries, tokens, mask = block_and_inputs(norm, form=form)
    layer = decoder_layer(block, norm)
    ours, _ = run(block, queries, tokens, mask)
    theirs = sublayers(layer, norm, queries, tokens, mask)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    seed = torch.randn_like(ours)
    for mine, other in zip(
        torch.autograd.grad(ours, (queries, tokens), seed),
        torch.autograd.grad(theirs, (queries, tokens), seed),
        strict=True,
    ):
        torch.testing.assert_close(mine, other, rtol=0, atol=1e-12)


def test_masked_tokens_do_not_change_the_output():
    block, queries, tokens, mask = block_and_inputs("pre")
    changed = torch.where(mask[..., None], tokens, 1e6)
    torch.testing.assert_close(run(block, queries, tokens, mask)[0], run(block, queries, changed, mask)[0])


def test_attention_weights_are_a_distribution_over_the_real_tokens():
    block, queries, tokens, mask = block_and_inputs("pre")
    _, weights = run(block, queries, tokens, mask)
    torch.testing.assert_close(weights.sum(-1), torch.ones(BATCH, QUERIES, dtype=torch.float64))
    assert (weights[~mask[:, None].expand_as(weights)] == 0).all()


def test_every_parameter_gets_a_gradient():
    block, queries, tokens, mask = block_and_inputs("pre")
    run(block, queries, tokens, mask)[0].square().sum().backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in block.parameters())


def test_heads_must_divide_the_width():
    with pytest.raises(ConfigError, match=r"model.dim=10 .* model.heads=3"):
        QueryAttention(dim=10, heads=3, dropout=0.0)


def test_norm_placement_has_two_names():
    with pytest.raises(ConfigError, match=r"model.norm='middle'"):
        CrossAttentionBlock(dim=8, heads=2, hidden=3, dropout=0.0, norm="middle")


def test_attention_has_two_forms():
    with pytest.raises(ConfigError, match=r"model.attention='flash'"):
        QueryAttention(dim=8, heads=2, dropout=0.0, form="flash")


def test_dropped_weights_act_on_values_as_in_the_textbook_form():
    block, queries, tokens, mask = block_and_inputs("pre", dropout=0.5)
    attention = block.attention.train()
    torch.manual_seed(1)
    ours, _ = run(attention, queries, tokens, mask)
    torch.manual_seed(1)

    def heads(projected):
        return projected.unflatten(-1, (HEADS, -1))

    query, key, value = (
        heads(attention.query(queries)),
        heads(attention.key(tokens)),
        heads(attention.value(tokens)),
    )
    scores = torch.einsum("bqhe,bthe->bqht", query, key) * (DIM // HEADS) ** -0.5
    weights = scores.masked_fill(~mask[:, None, None], float("-inf")).softmax(-1)
    # The same random numbers in the same order of axes.
    read = torch.einsum("bqht,bthe->bqhe", attention.dropout(weights), value)
    torch.testing.assert_close(ours, attention.output(read.flatten(-2)), rtol=0, atol=1e-12)
