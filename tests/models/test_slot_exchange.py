import torch
from torch.nn import functional as F

from avqa_lit.models.slot_exchange import SlotExchange


def test_it_equals_fused_attention_between_norms():
    torch.manual_seed(0)
    exchange = SlotExchange(dim=12, heads=3).double()
    slots = torch.randn(2, 5, 12, dtype=torch.float64)
    query, key, value = (
        one.unflatten(-1, (3, 2)).transpose(1, 2)
        for one in exchange.project(exchange.attention_norm(slots)).chunk(3, dim=-1)
    )
    attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
    seen = slots + exchange.output(attended)
    torch.testing.assert_close(exchange(slots), seen + exchange.feed_forward(seen))


def test_slots_have_no_order():
    torch.manual_seed(0)
    exchange = SlotExchange(dim=12, heads=3).double()
    slots, order = torch.randn(2, 5, 12, dtype=torch.float64), torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(exchange(slots[:, order]), exchange(slots)[:, order])
