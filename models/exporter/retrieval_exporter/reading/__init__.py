"""Files in: checkpoints, pickles, vocabularies. Nothing here knows a model."""
