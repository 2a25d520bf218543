"""Float32, float16 and int8 arithmetic under one set of names, for modules that are exported in any precision.

In float16, products of the feature width and element-wise work on features are float16; softmaxes, norms,
gates and scores are float32. The half-precision operations are autograd functions of their own because
tracing runs the module, and torch before 2.0 has no half-precision product on a CPU: run, they widen, compute
and round; exported, each is the plain ONNX operator on float16 tensors. Int8 is float32 but for the matrices
that a form gives to `integers`.
"""

import torch
from torch import Tensor, nn


class _HalfMatMul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, left, right):
        return (left.float() @ right.float()).half()

    @staticmethod
    def symbolic(g, left, right):
        return g.op("MatMul", left, right)


class _HalfRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.relu(x.float()).half()

    @staticmethod
    def symbolic(g, x):
        return g.op("Relu", x)


class Arithmetic:
    """`precision` is one of `settings.PRECISIONS`. Matrices are laid out [in, out], so that a linear map is `x @ matrix`."""

    def __init__(self, precision: str = "float32") -> None:
        self.half = precision == "float16"
        self.bytes = precision == "int8"

    def narrow(self, x: Tensor) -> Tensor:
        """To the type of wide products."""
        return x.half() if self.half and x.dtype == torch.float32 else x

    def wide(self, x: Tensor) -> Tensor:
        """To float32, for softmaxes, norms and gates."""
        return x.float() if x.dtype == torch.float16 else x

    def product(self, left: Tensor, right: Tensor) -> Tensor:
        """Batched `left @ right` in the record type."""
        if self.half:
            return _HalfMatMul.apply(self.narrow(left), self.narrow(right))
        return left @ right

    def linear(self, x: Tensor, matrix: Tensor, bias: Tensor | None = None) -> Tensor:
        """[..., in] -> [..., out]: one MatMul, which the runtime does over all rows at once.

        Between a product of two-dimensional rows and its bias a dimension is put in, which keeps ONNX Runtime
        from fusing them into a Gemm: on a CPU that was measured to be slower in float32, and in float16 it sums
        up in float16, at several times the error.
        """
        x = self.narrow(x)
        y = _HalfMatMul.apply(x, matrix) if self.half else x @ matrix
        if bias is None:
            return y
        return (y.unsqueeze(0) + bias).squeeze(0) if x.dim() == 2 else y + bias

    def relu(self, x: Tensor) -> Tensor:
        return _HalfRelu.apply(x) if x.dtype == torch.float16 else torch.relu(x)


class HalfProduct(nn.Module):
    """Stands in for `operations.Product`: float32 in and out, the product itself in float16."""

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return _HalfMatMul.apply(left.half(), right.half()).float()


class HalfLinear(nn.Module):
    """Stands in for `nn.Linear`: float32 in and out, weights and product in float16."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.register_buffer("matrix", linear.weight.detach().t().contiguous().half())
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        y = _HalfMatMul.apply(x.half(), self.matrix).float()
        return y if self.bias is None else y + self.bias


def halve_products(module: nn.Module, product_type: type[nn.Module]) -> nn.Module:
    """Replaces, in place, every `nn.Linear` and every `product_type` below `module` by its float16 stand-in."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, HalfLinear(child))
        elif isinstance(child, product_type):
            setattr(module, name, HalfProduct())
        else:
            halve_products(child, product_type)
    return module
