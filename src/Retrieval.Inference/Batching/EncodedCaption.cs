using Retrieval.Inference.Encoding;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Batching;

/// <summary>A caption as encoded, in a batch with others or alone. Dispose of it when it is no longer used as a query.</summary>
public sealed class EncodedCaption : IDisposable
{
    private readonly Shared _batch;
    private int _disposed;

    private EncodedCaption(Shared batch, int item, bool finite)
    {
        _batch = batch;
        Embedding = batch.Encoded.Embedding(item);
        Record = batch.Encoded.Count == 1 ? batch.Encoded.Records : batch.Encoded.Records.Row(item);
        IsFinite = finite;
    }

    /// <summary>Its coarse embedding, <c>[E]</c>. Managed memory: valid also after this is disposed of.</summary>
    public ReadOnlyMemory<float> Embedding { get; }

    /// <summary>Its record, a table of one.</summary>
    public RecordTable Record { get; }

    /// <summary>Whether all values are finite; otherwise it cannot be a query.</summary>
    public bool IsFinite { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (Record != _batch.Encoded.Records)
        {
            Record.Dispose();
        }

        _batch.Release();
    }

    /// <summary>One for each caption of a batch; the batch is disposed of with the last of them.</summary>
    internal static EncodedCaption[] Of(EncodedBatch encoded)
    {
        var batch = new Shared(encoded);
        var broken = encoded.NonFinite();
        return [.. Enumerable.Range(0, encoded.Count).Select(item => new EncodedCaption(batch, item, !broken.Contains(item)))];
    }

    private sealed class Shared(EncodedBatch encoded)
    {
        private int _users = encoded.Count;

        public EncodedBatch Encoded => encoded;

        public void Release()
        {
            if (Interlocked.Decrement(ref _users) == 0)
            {
                encoded.Dispose();
            }
        }
    }
}
