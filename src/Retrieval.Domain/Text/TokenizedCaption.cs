namespace Retrieval.Domain.Text;

/// <summary>A caption as input for a text encoder, with details of how it was read.</summary>
public sealed class TokenizedCaption
{
    /// <summary>Ids of the start token, the words and the end token; 3 … the model's maximum.</summary>
    public required long[] TokenIds { get; init; }

    /// <summary>The words of <see cref="TokenIds"/>, in order, without the start and the end token.</summary>
    public required string[] Tokens { get; init; }

    /// <summary>The words of <see cref="Tokens"/> that the model does not know, each once, in order of appearance.</summary>
    public required string[] UnknownTokens { get; init; }

    /// <summary>The number of <see cref="Tokens"/> that the model knows. With 0 there is no basis for a ranking.</summary>
    public required int KnownTokenCount { get; init; }

    /// <summary>Whether words at the end were left out because the caption is longer than the model accepts.</summary>
    public required bool Truncated { get; init; }
}
