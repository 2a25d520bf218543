"""Operations and their precisions, and how records are stored."""
