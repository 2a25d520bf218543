using System.Runtime.InteropServices;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Numbers;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Encoding;

/// <summary>An encoder's result for a batch: one coarse embedding and one record per item.</summary>
public sealed class EncodedBatch : IDisposable
{
    private readonly float[] _embeddings;
    private readonly int _width;

    internal EncodedBatch(float[] embeddings, int width, RecordTable records)
    {
        _embeddings = embeddings;
        _width = width;
        Records = records;
    }

    /// <summary>Number of items.</summary>
    public int Count => (int)Records.Count;

    /// <summary>All embeddings, <c>[Count, E]</c> row-major.</summary>
    public ReadOnlySpan<float> Embeddings => _embeddings;

    /// <summary><see cref="Embeddings"/> as memory.</summary>
    public ReadOnlyMemory<float> EmbeddingMemory => _embeddings;

    /// <summary>The records; owned by this batch.</summary>
    public RecordTable Records { get; }

    /// <summary>The embedding of one item, <c>[E]</c>.</summary>
    public ReadOnlyMemory<float> Embedding(int item) => _embeddings.AsMemory(item * _width, _width);

    /// <summary>
    /// Which items have a NaN or an infinity in their embedding or record: their features were finite, but too large for the model's
    /// precision. Such an item must not be stored in an index.
    /// </summary>
    public IReadOnlyList<int> NonFinite()
    {
        var found = new List<int>();
        var lengths = Records.Lengths;
        long ragged = 0;
        for (var item = 0; item < Count; item++)
        {
            var length = lengths.IsEmpty ? 0 : lengths[item];
            var finite = Finite.All(_embeddings.AsSpan(item * _width, _width));
            foreach (var field in Records.Fields)
            {
                var (first, rows) = field.Ragged ? (ragged, length) : (item, 1);
                finite = finite && IsFinite(field, Records.Bytes(field).Slice((int)(first * field.RowBytes), (int)(rows * field.RowBytes)));
            }

            if (!finite)
            {
                found.Add(item);
            }

            ragged += length;
        }

        return found;
    }

    /// <inheritdoc/>
    public void Dispose() => Records.Dispose();

    private static bool IsFinite(FieldSpec field, ReadOnlySpan<byte> bytes) => field.Type switch
    {
        ElementType.Float32 => Finite.All(MemoryMarshal.Cast<byte, float>(bytes)),
        ElementType.Float16 => Finite.All(MemoryMarshal.Cast<byte, Half>(bytes)),
        _ => true,
    };
}
