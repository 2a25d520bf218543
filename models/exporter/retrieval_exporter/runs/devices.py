"""Where a long run computes."""

import torch

from ..errors import ExportError

DEVICES = ("auto", "cpu", "cuda")


def device(name: str) -> torch.device:
    """`auto` is a GPU where there is one."""
    if name == "cuda" and not torch.cuda.is_available():
        raise ExportError(f"--device cuda: this PyTorch, {torch.__version__}, sees no CUDA device")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def use_threads(count: int) -> None:
    """Threads of a CPU; 0 leaves it to PyTorch."""
    if count < 0:
        raise ExportError("--threads must be at least 0")
    if count:
        torch.set_num_threads(count)
