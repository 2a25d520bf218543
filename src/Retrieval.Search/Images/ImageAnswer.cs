using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Images;

/// <summary>One image as the index holds it, whose texts stay where they are stored until they are written. Dispose of it then.</summary>
public sealed class ImageAnswer : IDisposable
{
    private readonly SearchSnapshot _snapshot;
    private bool _disposed;

    /// <exception cref="Storage.Errors.IndexCorruptException">What is stored of it cannot be answered with.</exception>
    /// <exception cref="AnswerTooLongException">Its texts alone are longer than an answer may be.</exception>
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

    /// <summary>Where its texts lie. Not to be read after the answer was disposed of.</summary>
    public StoredTexts Texts { get; }

    /// <summary>Generation of the index.</summary>
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
