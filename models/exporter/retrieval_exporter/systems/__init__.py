"""The matching systems, a folder each; `registry.py` lists them."""
