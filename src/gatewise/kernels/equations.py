"""The recurrent layers in plain PyTorch operators, one step at a time, as the papers write them.

The naive twin of the compiled kernels: their outputs and gradients are tested against it, a second derivative goes through it,
and it runs where no kernel does. Any floating-point dtype and device, differentiable to any order. Time is a Python loop: no
speed is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import layer_norm

from gatewise.cells import EQUATIONS
from gatewise.kernels.options import Options

__all__ = ["BLOCKS", "KEPT", "NORM_EPSILON", "STEPS", "blocks_of", "recurrent"]

NORM_EPSILON = 1e-5
"""Added to the variance by layer normalisation, as in `torch.nn.LayerNorm`."""


@dataclass(frozen=True)
class Direction:
    """Parameters of one direction: w_ih [G*H, I], w_hh [G*H, H], biases and gains [G*H], gamma_c and beta_c [H]; None where
    absent."""

    w_ih: Tensor
    w_hh: Tensor | None
    b_ih: Tensor | None
    b_hh: Tensor | None
    gamma_ih: Tensor | None = None
    gamma_hh: Tensor | None = None
    gamma_c: Tensor | None = None
    beta_c: Tensor | None = None

    def input_side(self, x: Tensor) -> Tensor:
        """W_ih x + b_ih; with layer normalisation LN(W_ih x) + b_ih (Ba et al. 2016, eq. 20)."""
        return affine(x, self.w_ih, self.gamma_ih, self.b_ih)

    def hidden_side(self, h: Tensor) -> Tensor:
        """W_hh h + b_hh; with layer normalisation LN(W_hh h) + b_hh."""
        assert self.w_hh is not None
        return affine(h, self.w_hh, self.gamma_hh, self.b_hh)

    def squash_cell(self, c: Tensor) -> Tensor:
        """tanh(c); with layer normalisation tanh(LN(c)) (Ba et al. 2016, eq. 22)."""
        if self.gamma_c is None:
            return c.tanh()
        return layer_norm(c, c.shape[-1:], self.gamma_c, self.beta_c, NORM_EPSILON).tanh()


def affine(x: Tensor, weight: Tensor, gamma: Tensor | None, bias: Tensor | None) -> Tensor:
    product = x @ weight.T
    if gamma is not None:
        product = layer_norm(product, product.shape[-1:], gamma, None, NORM_EPSILON)
    return product if bias is None else product + bias


# A step takes the input side [batch, G*H] of one step, the state, and the mask on h before the recurrent product, and returns the
# new h and c; c is None but for the LSTM.
Step = Callable[[Direction, Tensor, Tensor, Tensor | None, Tensor | None], tuple[Tensor, Tensor | None]]

# Gates and candidate of a step, each [batch, H], in the order of `gatewise.cells.CellTraits.blocks`.
Blocks = tuple[Tensor, ...]


def masked(h: Tensor, mask: Tensor | None) -> Tensor:
    return h if mask is None else h * mask


def gru_blocks(p: Direction, x: Tensor, h: Tensor, mask: Tensor | None) -> Blocks:
    """Reset gate, update gate and candidate, reset after the product: `torch.nn.GRU`, and cuDNN's and Keras' `reset_after`."""
    r_x, z_x, n_x = x.chunk(3, -1)
    r_h, z_h, n_h = p.hidden_side(masked(h, mask)).chunk(3, -1)
    r = (r_x + r_h).sigmoid()
    z = (z_x + z_h).sigmoid()
    n = (n_x + r * n_h).tanh()
    return r, z, n


def gru_reset_before_blocks(p: Direction, x: Tensor, h: Tensor, mask: Tensor | None) -> Blocks:
    """The same as first published (Cho et al. 2014, eq. 5, 6 and 8): the reset gate acts on the state before the product."""
    assert p.w_hh is not None
    r_x, z_x, n_x = x.chunk(3, -1)
    w_r, w_z, w_n = p.w_hh.chunk(3, 0)
    b_r, b_z, b_n = (None, None, None) if p.b_hh is None else p.b_hh.chunk(3, 0)
    h_in = masked(h, mask)
    r = (r_x + affine(h_in, w_r, None, b_r)).sigmoid()
    z = (z_x + affine(h_in, w_z, None, b_z)).sigmoid()
    n = (n_x + affine(r * h_in, w_n, None, b_n)).tanh()
    return r, z, n


def lstm_blocks(p: Direction, x: Tensor, h: Tensor, mask: Tensor | None) -> Blocks:
    """Input gate, forget gate (Gers et al. 2000), candidate and output gate."""
    i, f, g, o = (x + p.hidden_side(masked(h, mask))).chunk(4, -1)
    return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()


def rnn_tanh_blocks(p: Direction, x: Tensor, h: Tensor, mask: Tensor | None) -> Blocks:
    """The new state."""
    return ((x + p.hidden_side(masked(h, mask))).tanh(),)


def rnn_relu_blocks(p: Direction, x: Tensor, h: Tensor, mask: Tensor | None) -> Blocks:
    """The new state."""
    return ((x + p.hidden_side(masked(h, mask))).relu(),)


def min_gru_blocks(p: Direction, x: Tensor, h: Tensor, mask: Tensor | None) -> Blocks:
    """Update gate and candidate; neither sees the state."""
    z, candidate = x.chunk(2, -1)
    return z.sigmoid(), positive(candidate)


def min_lstm_blocks(p: Direction, x: Tensor, h: Tensor, mask: Tensor | None) -> Blocks:
    """Forget and input gate, scaled to sum to one, and candidate; none sees the state."""
    f, i, candidate = x.chunk(3, -1)
    f, i = f.sigmoid(), i.sigmoid()
    return f / (f + i), i / (f + i), positive(candidate)


def gru(p: Direction, x: Tensor, h: Tensor, c: Tensor | None, mask: Tensor | None) -> tuple[Tensor, None]:
    """Gated recurrent unit (Cho et al. 2014) with `gru_blocks`."""
    _, z, n = gru_blocks(p, x, h, mask)
    return (1 - z) * n + z * h, None


def gru_reset_before(p: Direction, x: Tensor, h: Tensor, c: Tensor | None, mask: Tensor | None) -> tuple[Tensor, None]:
    """Gated recurrent unit (Cho et al. 2014, eq. 5-8) with `gru_reset_before_blocks`."""
    _, z, n = gru_reset_before_blocks(p, x, h, mask)
    return (1 - z) * n + z * h, None


def lstm(p: Direction, x: Tensor, h: Tensor, c: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Long short-term memory (Hochreiter & Schmidhuber 1997) with the forget gate of Gers et al. (2000)."""
    assert c is not None
    i, f, g, o = lstm_blocks(p, x, h, mask)
    c = f * c + i * g
    return o * p.squash_cell(c), c


def rnn_tanh(p: Direction, x: Tensor, h: Tensor, c: Tensor | None, mask: Tensor | None) -> tuple[Tensor, None]:
    """Simple recurrent network (Elman 1990)."""
    return rnn_tanh_blocks(p, x, h, mask)[0], None


def rnn_relu(p: Direction, x: Tensor, h: Tensor, c: Tensor | None, mask: Tensor | None) -> tuple[Tensor, None]:
    """Simple recurrent network with rectified units (Le et al. 2015)."""
    return rnn_relu_blocks(p, x, h, mask)[0], None


def min_gru(p: Direction, x: Tensor, h: Tensor, c: Tensor | None, mask: Tensor | None) -> tuple[Tensor, None]:
    """minGRU (Feng et al. 2024, appendix B): the gate does not see the state."""
    z, candidate = min_gru_blocks(p, x, h, mask)
    return (1 - z) * h + z * candidate, None


def min_lstm(p: Direction, x: Tensor, h: Tensor, c: Tensor | None, mask: Tensor | None) -> tuple[Tensor, None]:
    """minLSTM (Feng et al. 2024, appendix B): forget and input gate are scaled to sum to one."""
    f, i, candidate = min_lstm_blocks(p, x, h, mask)
    return f * h + i * candidate, None


def positive(x: Tensor) -> Tensor:
    """g(x) = x + 0.5 where x >= 0, else sigmoid(x) (Feng et al. 2024, appendix B): continuous and above zero."""
    return torch.where(x >= 0, x + 0.5, x.sigmoid())


STEPS: dict[str, Step] = {
    "gru": gru,
    "gru_reset_before": gru_reset_before,
    "lstm": lstm,
    "rnn_tanh": rnn_tanh,
    "rnn_relu": rnn_relu,
    "min_gru": min_gru,
    "min_lstm": min_lstm,
}
"""By the names of `gatewise.cells.EQUATIONS`; with reset_after off by that name with `_reset_before` behind it."""

BLOCKS: dict[str, Callable[[Direction, Tensor, Tensor, Tensor | None], Blocks]] = {
    "gru": gru_blocks,
    "gru_reset_before": gru_reset_before_blocks,
    "lstm": lstm_blocks,
    "rnn_tanh": rnn_tanh_blocks,
    "rnn_relu": rnn_relu_blocks,
    "min_gru": min_gru_blocks,
    "min_lstm": min_lstm_blocks,
}
"""What the steps are made of, by the same names."""

KEPT: dict[str, Callable[[Blocks], Tensor]] = {
    "gru": lambda blocks: blocks[1],
    "lstm": lambda blocks: blocks[1],
    "min_gru": lambda blocks: 1 - blocks[0],
    "min_lstm": lambda blocks: blocks[0],
}
"""The share of the state that stays at a step, by the names of `gatewise.cells.EQUATIONS`, of the cells whose gates keep it."""


def recurrent(
    options: Options,
    input: Tensor,
    weights: Sequence[Tensor | None],
    h_0: Tensor | None = None,
    c_0: Tensor | None = None,
    lengths: Tensor | None = None,
    batch_sizes: Tensor | None = None,
    recurrent_mask: Tensor | None = None,
    update_h: Tensor | None = None,
    update_c: Tensor | None = None,
    norm: Sequence[Sequence[Tensor | None]] | None = None,
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """Run one layer, in one or two directions.

    input: [steps, batch, I], or [batch, steps, I] with `batch_first`; or with batch_sizes (int64 [steps], on the CPU) packed
    data [positions, I] in the order of `torch.nn.utils.rnn.PackedSequence`. weights: per direction w_ih [G*H, I], w_hh [G*H,
    H], b_ih and b_hh [G*H], None where absent; gates in the order r, z, n (GRU), i, f, g, o (LSTM), z, h (minGRU), f, i, h
    (minLSTM). h_0, c_0: [directions, batch, H], zeros if None. lengths: int64 [batch], 0 to steps; the second direction starts
    at a row's last real step. recurrent_mask: [directions, batch, H], factor on h before the recurrent product only
    (variational dropout, Gal & Ghahramani 2016). update_h, update_c: shaped as the output, share u of the new state that is
    taken, h_t = h_{t-1} + u (h - h_{t-1}) (zoneout, Krueger et al. 2017); the LSTM's output is computed from the cell before
    its own zoneout. norm: layer normalisation, per direction gamma_ih and gamma_hh [G*H], gamma_c and beta_c [H] (LSTM, else
    None).

    Returns output [..., directions * H] laid out as the input and zero beyond a row's length; h_n [directions, batch, H], the
    state after the last real step; c_n (LSTM) or None; the cell states laid out as the output if `options.cells`, or None.
    """
    active = None
    if batch_sizes is not None:
        rows = torch.arange(int(batch_sizes[0]), device=input.device)
        active = rows < batch_sizes.to(input.device)[:, None]
        input, update_h, update_c = (None if x is None else unpack(x, active) for x in (input, update_h, update_c))  # type: ignore[assignment]
    elif options.batch_first:
        input, update_h, update_c = (None if x is None else x.transpose(0, 1) for x in (input, update_h, update_c))  # type: ignore[assignment]
    if lengths is not None:
        active = torch.arange(input.shape[0], device=input.device)[:, None] < lengths.to(input.device)
    if active is not None:
        input = input.where(active[..., None], 0.0)

    parameters = directions_of(weights, norm)
    directions = len(parameters)
    traits = EQUATIONS[options.cell]
    hidden_size = parameters[0].w_ih.shape[0] // traits.gates
    zeros = input.new_zeros(directions, input.shape[1], hidden_size)
    h_0 = zeros if h_0 is None else h_0
    c_0 = zeros if c_0 is None and traits.cell_state else c_0
    results = []
    for number in range(directions):
        part = slice(number * hidden_size, (number + 1) * hidden_size)
        results.append(
            one_direction(
                options,
                parameters[number],
                input,
                h_0[number],
                None if c_0 is None else c_0[number],
                active,
                None if recurrent_mask is None else recurrent_mask[number],
                None if update_h is None else update_h[..., part],
                None if update_c is None else update_c[..., part],
                reverse=number == 1,
            )
        )
    outputs, h_n, cells, c_n = zip(*results, strict=True)

    def lay_out(states: tuple[Tensor, ...]) -> Tensor:
        joined = torch.cat(states, -1)
        if batch_sizes is not None:
            return joined[active]
        return joined.transpose(0, 1) if options.batch_first else joined

    return (
        lay_out(outputs),
        torch.stack(h_n),
        torch.stack(c_n) if traits.cell_state else None,
        lay_out(cells) if traits.cell_state and options.cells else None,
    )


def blocks_of(
    options: Options,
    input: Tensor,
    before: Sequence[Tensor],
    weights: Sequence[Tensor | None],
    norm: Sequence[Sequence[Tensor | None]] | None = None,
) -> list[Blocks]:
    """Gates and candidate of every step, per direction, each [..., H], where the states are known.

    input: [..., I]. before: per direction the state h before each step, [..., H]. weights, norm: as in `recurrent`.
    """
    blocks = BLOCKS[equations_of(options)]
    return [blocks(p, p.input_side(input), h, None) for p, h in zip(directions_of(weights, norm), before, strict=True)]


def directions_of(weights: Sequence[Tensor | None], norm: Sequence[Sequence[Tensor | None]] | None) -> list[Direction]:
    return [
        Direction(*weights[4 * number : 4 * number + 4], *(norm[number] if norm is not None else ()))  # type: ignore[arg-type]
        for number in range(len(weights) // 4)
    ]


def equations_of(options: Options) -> str:
    return options.cell if options.reset_after else f"{options.cell}_reset_before"


def one_direction(
    options: Options,
    parameters: Direction,
    input: Tensor,
    h: Tensor,
    c: Tensor | None,
    active: Tensor | None,
    mask: Tensor | None,
    update_h: Tensor | None,
    update_c: Tensor | None,
    *,
    reverse: bool,
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """The recurrence over time: input [steps, batch, I], states [batch, H], active [steps, batch] -> outputs, h_n, cells, c_n."""
    step = STEPS[equations_of(options)]
    projected = parameters.input_side(input)
    steps = input.shape[0]
    outputs: list[Tensor] = [h] * steps
    cells: list[Tensor] = [h] * steps
    for t in range(steps - 1, -1, -1) if reverse else range(steps):
        new_h, new_c = step(parameters, projected[t], h, c, mask)
        new_h = taken(h, new_h, options.update_h if update_h is None else update_h[t])
        if c is not None and new_c is not None:
            new_c = taken(c, new_c, options.update_c if update_c is None else update_c[t])
            cells[t], c = real_steps_only(new_c, c, active, t)
        outputs[t], h = real_steps_only(new_h, h, active, t)
    return torch.stack(outputs), h, None if c is None else torch.stack(cells), c


def taken(old: Tensor, new: Tensor, share: Tensor | float) -> Tensor:
    if isinstance(share, float) and share == 1.0:
        return new
    return old + share * (new - old)


def real_steps_only(new: Tensor, old: Tensor, active: Tensor | None, t: int) -> tuple[Tensor, Tensor]:
    """What stands in the output at step t, and the state carried on: zero and the old state for rows that have ended."""
    if active is None:
        return new, new
    real = active[t, :, None]
    return new.where(real, 0.0), new.where(real, old)


def unpack(data: Tensor, active: Tensor) -> Tensor:
    """Packed rows [positions, size] are the real positions in time-major order: put them back into [steps, batch, size]."""
    return data.new_zeros(*active.shape, data.shape[-1]).index_put((active,), data)
