"""All systems on the scenes, side by side: what compare.sh measured, as one document, a table and a plot."""
