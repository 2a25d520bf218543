"""What is wrong with a file of NumPy arrays, in words of ours: NumPy's speak of its own arguments."""


def fault(error: Exception) -> str:
    """Of what `numpy.load` raised. NumPy takes whatever has no magic number of its own for a pickle."""
    return "it is no file of NumPy arrays, or holds Python objects" if "pickle" in str(error) else str(error)
