using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Snapshots;

/// <summary>
/// The one reference to what is being served. A request leases the current snapshot; a new index generation replaces
/// the reference and disturbs nobody.
/// </summary>
public sealed class SnapshotSource(SnapshotOptions options) : IDisposable
{
    private readonly Lock _writing = new();
    private MatchingModel? _model;
    private volatile SearchSnapshot? _current;
    private bool _disposed;

    // Who needs the model: this source, and every snapshot with a lease out.
    private int _holders = 1;

    /// <summary>What is being served; null before <see cref="Load"/> has succeeded.</summary>
    public SnapshotStatus? Status { get; private set; }

    /// <summary>Loads and verifies the bundle and opens the index. Long: seconds for a large model.</summary>
    /// <exception cref="RetrievalException">The bundle is not what it says, or the index is missing, damaged or of another bundle.</exception>
    public void Load(CancellationToken cancellationToken = default)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _model ??= MatchingModel.Load(options.Bundle, options.Inference);
            cancellationToken.ThrowIfCancellationRequested();
            Replace(_model, LocalIndex.Open(options.Index, IndexBinding.SchemaOf(_model)));
        }
    }

    /// <summary>
    /// Takes up a newer generation of the index, or another index that was built in the same place. If the newest
    /// manifest is torn, what is before it is taken up only if it is newer than what is served.
    /// </summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="RetrievalException">The newer generation cannot be read; what was served before goes on being served.</exception>
    public bool TryRefresh()
    {
        lock (_writing)
        {
            // A checksum, since a rebuilt index may be of the very generation that is served.
            if (_disposed || _model is null || _current is not { Index: var served } || LocalIndex.ReadChecksum(options.Index) is not { } newest || newest == served.Checksum)
            {
                return false;
            }

            var index = LocalIndex.Open(options.Index, IndexBinding.SchemaOf(_model));
            if (index.OpenedPrevious && index.Generation <= served.Generation)
            {
                var found = index.Generation;
                index.Dispose();
                throw new IndexCorruptException(
                    options.Index, "manifest.json", $"it is torn, and the generation before it, {found}, is not newer than generation {served.Generation}, which goes on being served");
            }

            Replace(_model, index);
            return true;
        }
    }

    /// <summary>Leases the current snapshot. Dispose of it to give the lease back.</summary>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    public SearchSnapshot Acquire()
    {
        while (_current is { } snapshot)
        {
            if (snapshot.TryLease())
            {
                return snapshot;
            }
        }

        throw new NotReadyException();
    }

    /// <summary>Ends serving. Leases that are out stay valid; the model goes with the last of them.</summary>
    public void Dispose()
    {
        lock (_writing)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            var last = _current;
            _current = null;
            last?.Dispose();
            Release();
        }
    }

    // Without the lock: a request that ends must not wait for a snapshot that is being opened.
    private void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _model?.Dispose();
        }
    }

    private void Replace(MatchingModel model, LocalIndex index)
    {
        var old = _current;
        Interlocked.Increment(ref _holders);
        _current = new SearchSnapshot(model, index, Release);
        Status = new SnapshotStatus(
            model.Label, model.Fingerprint, model.Manifest, model.Provider, index.Images.Count, index.Captions.Count, index.Generation, index.OpenedPrevious, model.Parity);
        old?.Dispose();
    }
}
