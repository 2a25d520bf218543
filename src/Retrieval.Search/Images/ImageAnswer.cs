using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Images;

/// <summary>One stored image. Its texts stay in the index's files until they are written; dispose of the answer after that.</summary>
public sealed class ImageAnswer : IDisposable
{
    private readonly SearchSnapshot _snapshot;
    private bool _disposed;

    /// <exception cref="Storage.Errors.IndexCorruptException">The stored data is damaged and cannot be returned.</exception>
    /// <exception cref="AnswerTooLongException">The texts alone exceed the longest permitted answer.</exception>
    internal ImageAnswer(SearchSnapshot snapshot, string id, long slot, long mostBytes)
    {
        Texts = new StoredTexts(snapshot.Index);
        TextBytes = Texts.RequireWhole(slot);
        if (TextBytes > mostBytes)
        {
            throw AnswerTooLongException.OfImage(TextBytes, mostBytes);
        }

        (_snapshot, Id, Slot) = (snapshot, id, slot);
    }

    /// <summary>The id it was ingested with.</summary>
    public string Id { get; }

    /// <summary>Its row in the index.</summary>
    public long Slot { get; }

    /// <summary>Bytes of its texts.</summary>
    public long TextBytes { get; }

    /// <summary>Where its texts are stored. Must not be read after the answer is disposed of.</summary>
    public StoredTexts Texts { get; }

    /// <summary>Generation of the local index, or the catalog's epoch of it.</summary>
    public long IndexEpoch => _snapshot.Epoch;

    /// <inheritdoc cref="SearchAnswer.RequireWhole"/>
    public void RequireWhole() => StoredWhole.Require(_snapshot, _disposed);

    /// <summary>Ends the lease.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _snapshot.Dispose();
        }
    }
}
