"""From similarity vectors to a logit, as it is served. Shapes: P pairs, N nodes, S width of a similarity vector."""

import torch
from torch import Tensor, nn

from ...numbers.arithmetic import Arithmetic
from ...numbers.operations import EPSILON, l2, masked_softmax
from .pooling import scale_and_shift
from .published import FiltrationScorer, GraphReasoning, GraphScorer


class Step(nn.Module):
    """A step of reasoning in one map of S to 2 S instead of three of S to S.

    (X W_q + b_q)(X W_k + b_k)^T is (X A + u) X^T with A = W_q W_k^T and u = b_q W_k^T, but for what is the same along
    a row, which a softmax does not see. The step's own map commutes with the attention: (E X) W + b = E (X W + b).
    """

    def __init__(self, step: GraphReasoning, math: Arithmetic) -> None:
        super().__init__()
        self.math = math
        query, key, own = step.graph_query_w, step.graph_key_w, step.sim_graph_w
        of_key = key.weight.detach().double()
        matrix = torch.cat((query.weight.detach().double().t() @ of_key, own.weight.detach().double().t()), dim=1)
        bias = torch.cat((query.bias.detach().double() @ of_key, own.bias.detach().double()))
        self.register_buffer("matrix", matrix.half() if math.half else matrix.float())
        self.register_buffer("bias", bias.float())

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[P, N, S] -> [P, N, S]."""
        query, mapped = (self.math.wide(self.math.linear(x, self.matrix)) + self.bias).chunk(2, dim=-1)
        return torch.relu(self.edges(query, x, mask) @ mapped)

    def first(self, x: Tensor, mask: Tensor) -> Tensor:
        """The same of the first node alone, [P, S]: of the others, only what it sees."""
        half = self.matrix.shape[0]
        query = self.math.wide(self.math.linear(x[:, :1], self.matrix[:, :half])) + self.bias[:half]
        seen = self.edges(query, x, mask) @ x
        return torch.relu(self.math.wide(self.math.linear(seen, self.matrix[:, half:])) + self.bias[half:])[:, 0]

    def edges(self, query: Tensor, x: Tensor, mask: Tensor) -> Tensor:
        return masked_softmax(query @ x.transpose(1, 2), mask.unsqueeze(1))


class Reasoning(nn.Module):
    """SGR's. Only the first node's outcome is asked for, hence of the last step only that."""

    def __init__(self, scorer: GraphScorer, math: Arithmetic) -> None:
        super().__init__()
        self.steps = nn.ModuleList(Step(step, math) for step in scorer.SGR_module)
        self.last = Outcome(scorer.sim_eval_w)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[P, N, S] -> [P] logits. `mask [P, N]`: true where there is a node."""
        for step in self.steps[:-1]:
            x = step(x, mask)
        return self.last(self.steps[-1].first(x, mask))


class Filtration(nn.Module):
    """SAF's, its normalisation folded into the map before it."""

    def __init__(self, scorer: FiltrationScorer) -> None:
        super().__init__()
        module = scorer.SAF_module
        scale, shift = scale_and_shift(module.bn)
        self.register_buffer("matrix", (module.attn_sim_w.weight.detach().double().t() * scale).float())
        self.register_buffer("bias", (module.attn_sim_w.bias.detach().double() * scale + shift).float())
        self.last = Outcome(scorer.sim_eval_w)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[P, N, S] -> [P] logits. `mask [P, N]`: true where there is a node."""
        significance = torch.sigmoid(x @ self.matrix + self.bias).squeeze(-1).masked_fill(~mask, 0.0)
        weights = significance / (significance.sum(dim=-1, keepdim=True) + EPSILON)
        return self.last(l2((weights.unsqueeze(1) @ x)[:, 0]))


class Outcome(nn.Module):
    """[P, S] -> [P]: the last map."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.register_buffer("weight", linear.weight.detach()[0])
        self.register_buffer("bias", linear.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.weight).sum(dim=-1) + self.bias
