"""Files in: checkpoints, pickles, vocabularies, splits with captions. Nothing here knows a model."""
