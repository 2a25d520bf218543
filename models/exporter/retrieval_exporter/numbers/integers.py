"""Products with 8-bit weights for CPUs, and records stored in 8 bits.

A matrix is rounded column by column, an activation row by row and as it comes: what a row becomes depends on that
row alone, so a pair scores the same alone as in any batch. Sums are exact, in 32 bits. As in `arithmetic`, the
products are autograd functions: run, they compute what the integers would; exported, each is a handful of plain
ONNX operators around MatMulInteger.
"""

import torch
from torch import Tensor

LEVELS = 127
UNSIGNED_LEVELS = 255
# The second digit of a fine product counts in steps of half a level's 127th.
DIGIT = 2 * LEVELS
SMALLEST = 1e-30


def narrowed(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """[in, out] -> int8 [in, out] and the scale [out] of every column.

    Within a column the rounding errors are made to sum to nothing, by rounding those nearest to a half the other
    way: activations after a ReLU have a mean, and its error would be that sum times the mean.
    """
    scale = (matrix.abs().amax(dim=0) / LEVELS).clamp(min=SMALLEST)
    exact = matrix / scale
    rounded = exact.round()
    error = rounded - exact
    excess = error.sum(dim=0).round()
    ranks = error.mul(-excess.sign()).argsort(dim=0, stable=True).argsort(dim=0, stable=True)
    rounded -= torch.where(ranks < excess.abs(), excess.sign(), torch.zeros_like(exact))
    return rounded.clamp(-LEVELS, LEVELS).to(torch.int8), scale


def row_scale(x: Tensor, levels: int = LEVELS) -> Tensor:
    """[..., D] -> [..., 1], the step in which a row is counted."""
    return (x.abs().amax(dim=-1, keepdim=True) / levels).clamp(min=SMALLEST)


def unsigned_product(x: Tensor, matrix: Tensor, factor: Tensor) -> Tensor:
    """[..., in], no value negative, @ int8 [in, out], times `factor [..., 1]` -> [..., out] float32."""
    return _UnsignedProduct.apply(x, matrix, factor)


def signed_product(x: Tensor, matrix: Tensor) -> Tensor:
    """[..., in] @ int8 [in, out] -> [..., out] float32."""
    return _SignedProduct.apply(x, matrix)


def fine_product(x: Tensor, matrix: Tensor) -> Tensor:
    """[N, in] @ int8 [in, out] -> [N, out] float32, the activation in two digits of 8 bits: for products whose
    cost is reading their weights."""
    return _FineProduct.apply(x, matrix)


class _UnsignedProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, matrix, factor):
        scale = row_scale(x, UNSIGNED_LEVELS)
        return ((x / scale).round() @ matrix.float()) * (scale * factor)

    @staticmethod
    def symbolic(g, x, matrix, factor):
        rows, restore = _rows(g, x, matrix)
        step = _step(g, g.op("ReduceMax", rows, axes_i=[1], keepdims_i=1), UNSIGNED_LEVELS)
        counts = g.op("QuantizeLinear", rows, _flat(g, step), axis_i=0)
        sums = g.op("Cast", g.op("MatMulInteger", counts, matrix), to_i=1)
        # Multiplied flat: of a product of two columns ONNX Runtime would make two passes over the sums.
        factors = g.op("Mul", _flat(g, step), _flat(g, factor))
        return restore(g.op("Mul", sums, g.op("Reshape", factors, _constant(g, [-1, 1]))))


class _SignedProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, matrix):
        scale = row_scale(x)
        return ((x / scale).round() @ matrix.float()) * scale

    @staticmethod
    def symbolic(g, x, matrix):
        rows, restore = _rows(g, x, matrix)
        step = _step(g, g.op("ReduceMax", g.op("Abs", rows), axes_i=[1], keepdims_i=1), LEVELS)
        flat = _flat(g, step)
        counts = g.op("QuantizeLinear", rows, flat, _middles(g, flat), axis_i=0)
        sums = g.op("Cast", g.op("MatMulInteger", counts, matrix, _middle(g)), to_i=1)
        return restore(g.op("Mul", sums, step))


class _FineProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, matrix):
        scale = row_scale(x)
        high = (x / scale).round()
        low = ((x - high * scale) / (scale / DIGIT)).round()
        return ((high + low / DIGIT) @ matrix.float()) * scale

    @staticmethod
    def symbolic(g, x, matrix):
        step = _step(g, g.op("ReduceMax", g.op("Abs", x), axes_i=[1], keepdims_i=1), LEVELS)
        flat = _flat(g, step)
        middles = _middles(g, flat)
        high = g.op("QuantizeLinear", x, flat, middles, axis_i=0)
        rest = g.op("Sub", x, g.op("DequantizeLinear", high, flat, middles, axis_i=0))
        low = g.op("QuantizeLinear", rest, g.op("Div", flat, _constant(g, float(DIGIT))), middles, axis_i=0)
        # Both digits in one product: the weights are read once.
        sums = g.op("MatMulInteger", g.op("Concat", high, low, axis_i=0), matrix, _middle(g))
        of_high, of_low = g.op("Split", g.op("Cast", sums, to_i=1), axis_i=0, outputs=2)
        whole = g.op("Add", of_high, g.op("Div", of_low, _constant(g, float(DIGIT))))
        return g.op("Mul", whole, step)


def _constant(g, value):
    return g.op("Constant", value_t=torch.tensor(value))


def _middle(g):
    return g.op("Constant", value_t=torch.tensor(128, dtype=torch.uint8))


def _middles(g, like):
    return g.op("ConstantOfShape", g.op("Shape", like), value_t=torch.tensor([128], dtype=torch.uint8))


def _step(g, largest, levels):
    return g.op("Max", g.op("Div", largest, _constant(g, float(levels))), _constant(g, SMALLEST))


def _flat(g, step):
    return g.op("Reshape", step, _constant(g, [-1]))


def _rows(g, x, matrix):
    """[..., in] as [N, in], and what brings [N, out] back to the shape of x."""
    inputs, outputs = matrix.type().sizes()
    if x.type().dim() == 2:
        return x, lambda y: y
    leading = g.op("Shape", x, start_i=0, end_i=-1)
    shape = g.op("Concat", leading, _constant(g, [outputs]), axis_i=0)
    return g.op("Reshape", x, _constant(g, [-1, inputs])), lambda y: g.op("Reshape", y, shape)
