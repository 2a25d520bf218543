namespace Retrieval.Storage.Rows;

/// <summary>The tensors of the B items of a batch, as little-endian bytes; see <see cref="RowBytes"/> for views of arrays.</summary>
public sealed class FieldRows
{
    /// <summary>Tensors of no items.</summary>
    public static FieldRows Empty { get; } = new() { Embedding = default, Fields = new Dictionary<string, ReadOnlyMemory<byte>>() };

    /// <summary>Embeddings, float32 <c>[B, E]</c>. Must be finite.</summary>
    public required ReadOnlyMemory<byte> Embedding { get; init; }

    /// <summary>Every record field by name: a fixed one <c>[B, …]</c>, a ragged one packed, <c>[sum of Lengths, …]</c>.</summary>
    public required IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Fields { get; init; }

    /// <summary>Ragged rows of each item, <c>[B]</c>; left empty if no field is ragged.</summary>
    public ReadOnlyMemory<int> Lengths { get; init; }
}
