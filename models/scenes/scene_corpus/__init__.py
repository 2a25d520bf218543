"""A seeded corpus of rendered scenes: images, region features, captions, hard negatives."""
