"""How far the explainer of a model is to be believed, measured: what happens to a score when what is said to count for it
is hidden."""
