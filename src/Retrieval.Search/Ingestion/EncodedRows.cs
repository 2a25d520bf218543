using Retrieval.Inference.Encoding;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Ingestion;

/// <summary>Rows ready to be appended, backed by the encoders' own memory.</summary>
internal sealed class EncodedRows(string? sourceKey, IReadOnlyList<ImageEntry> entries, IReadOnlyList<long> rowNumbers, EncodedBatch images, EncodedBatch? captions) : IDisposable
{
    public ImageRows Rows { get; } = new()
    {
        SourceKey = sourceKey,
        Images = entries,
        ImageFields = FieldsOf(images),
        CaptionFields = captions is null ? FieldRows.Empty : FieldsOf(captions),
    };

    /// <summary>The source row number of each image.</summary>
    public IReadOnlyList<long> RowNumbers => rowNumbers;

    public int Captions => captions?.Count ?? 0;

    public void Dispose()
    {
        images.Dispose();
        captions?.Dispose();
    }

    private static FieldRows FieldsOf(EncodedBatch batch) => new()
    {
        Embedding = RowBytes.Of(batch.EmbeddingMemory),
        Fields = batch.Records.Fields.ToDictionary(field => field.Name, field => batch.Records.Memory(field), StringComparer.Ordinal),
        Lengths = LengthsOf(batch),
    };

    private static int[] LengthsOf(EncodedBatch batch)
    {
        var lengths = new int[batch.Records.Lengths.Length];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = (int)batch.Records.Lengths[i];
        }

        return lengths;
    }
}
