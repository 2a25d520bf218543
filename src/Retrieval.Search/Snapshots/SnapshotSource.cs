using Retrieval.Domain.Errors;
using Retrieval.Inference.Banks;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Snapshots;

/// <summary>
/// The only reference to what is served. A request leases the current snapshot; a new generation of the index, or another
/// index with another model, replaces the reference without affecting running requests. A source may have further ones, each of
/// another index of the same bundle, which share its model.
/// </summary>
public sealed class SnapshotSource : IDisposable
{
    private readonly SnapshotOptions _options;
    private readonly SnapshotMaker _maker;
    private readonly SnapshotSource? _main;
    private readonly ModelRepository _models;
    private readonly WriteTurn _writing = new();
    private readonly FurtherSources _further = new();
    private ServedIndex? _served;
    private volatile SearchSnapshot? _current;
    private SnapshotStatus? _status;
    private bool _disposed;

    /// <param name="options">The bundle and the index.</param>
    /// <param name="bankProgress">Receives how far a bank has been copied into device memory, on the thread that loads.</param>
    public SnapshotSource(SnapshotOptions options, IProgress<BankProgress>? bankProgress = null)
    {
        (_options, _maker) = (options, new SnapshotMaker(bankProgress, null));
        _models = new ModelRepository(options);
    }

    private SnapshotSource(SnapshotSource main, string name, SnapshotOptions options, IProgress<BankProgress>? bankProgress)
    {
        (_options, _maker, _main, Name) = (options, new SnapshotMaker(bankProgress, name), main, name);
        _models = new ModelRepository(options, main._models, name);
    }

    /// <summary>Called once for each damaged item that a search finds and leaves out; called from several threads.</summary>
    public Action<DamagedItem>? ItemDamaged { get; set; }

    /// <summary>What requests call the index; null for the one that is served.</summary>
    public string? Name { get; }

    /// <summary>Ends when there is a model to open an index with: for a further index, when one is served.</summary>
    public Task ModelAsync => _main?._further.ModelAsync ?? Task.CompletedTask;

    /// <summary>What is served; null before <see cref="Load"/> or <see cref="Switch"/> has succeeded.</summary>
    public SnapshotStatus? Status => _current is { } current && IsOfServedModel(current) ? _status : null;

    /// <summary>Adds a further index, which is opened with the model that is served, and never written.</summary>
    /// <param name="name">What requests call it.</param>
    /// <param name="folder">Folder of the local index; with a catalog, of this replica's copies of it.</param>
    /// <param name="progress">Receives how far a bank has been copied into device memory.</param>
    /// <returns>Its source, which ends with this one.</returns>
    public SnapshotSource Add(string name, string folder, IProgress<BankProgress>? progress = null) =>
        _further.Add(name, new SnapshotSource(this, name, _options with { Index = folder }, progress) { ItemDamaged = ItemDamaged });

    /// <summary>The source of the index that a request names.</summary>
    /// <param name="name">Its name; null for the one that is served.</param>
    /// <exception cref="UnknownIndexException">No index of that name is held.</exception>
    public SnapshotSource Named(string? name)
    {
        var served = _current?.Name;
        return name is null || name == served ? this : _further.Find(name) ?? throw new UnknownIndexException(name, served, _further.Names);
    }

    /// <summary>Leases the current snapshot of the index that a request names.</summary>
    /// <inheritdoc cref="Named"/>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    public SearchSnapshot Acquire(string? name)
    {
        while (true)
        {
            var snapshot = Named(name).Acquire();
            if (name is null || snapshot.Name == name)
            {
                return snapshot;
            }

            // Another index was switched to since the name was looked up.
            snapshot.Dispose();
        }
    }

    /// <summary>Reads which bundles exist. Cheap: reads only their manifests.</summary>
    /// <exception cref="InvalidBundleException">One is missing or cannot be read.</exception>
    public BundleSet ReadBundles() => _models.ReadBundles();

    /// <summary>
    /// Loads and verifies the bundle and opens the index of the options. If there are several bundles, it loads the one that the
    /// index was made with. Slow: takes seconds for a large model.
    /// </summary>
    /// <exception cref="RetrievalException">The bundle differs from its manifest; or the index is missing, damaged or of another bundle.</exception>
    public void Load(CancellationToken cancellationToken = default) => Write(
        cancellation =>
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_models.HasOnlyOne)
            {
                // Both are checked even if one of them would be refused: the bundle is the more likely cause.
                _models.LoadOnly();
            }

            cancellation.ThrowIfCancellationRequested();
            var (model, index) = OpenLocal();
            ReplaceBy(model, () => index, null, cancellation);
            return true;
        },
        cancellationToken);

    /// <summary>
    /// Serves another index, or the newest generation of the current one. If the index belongs to another bundle, that bundle is
    /// loaded first, while the current index is still served.
    /// </summary>
    /// <exception cref="RetrievalException">The bundle or the index cannot be loaded; the current one is still served.</exception>
    public void Switch(ServedIndex served, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(served);
        Write(
            cancellation =>
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (_served == served && _current is { Index: var index } && index.Checksum == LocalIndex.ReadChecksum(served.Folder))
                {
                    return false;
                }

                var model = _models.Find(served.Fingerprint) ?? throw new InvalidBundleException(_options.Bundle, $"index {served.Name} was made with the bundle {served.Fingerprint}, which is none of those configured");
                ReplaceBy(model, () => Opened(model), served, cancellation);
                return true;

                LocalIndex Opened(SharedModel of)
                {
                    // A model may have been loaded meanwhile, which takes seconds.
                    cancellation.ThrowIfCancellationRequested();
                    return LocalIndex.Open(served.Folder, IndexBinding.SchemaOf(of.Model), _current?.Index);
                }
            },
            cancellationToken);
    }

    /// <summary>
    /// Switches to a newer generation of the index, or to another index that was built in the same folder. Also checks whether
    /// both files of its manifest are intact, and reports that in <see cref="Status"/>.
    /// </summary>
    /// <returns>Whether there was a newer one.</returns>
    /// <exception cref="RetrievalException">The newest generation cannot be determined or read; the current one stays served.</exception>
    public bool TryRefresh(CancellationToken cancellationToken = default) => Write(
        cancellation =>
        {
            if (_disposed || _models.Current is not { } current || _current is not { Index: var served })
            {
                return false;
            }

            var newest = LocalIndex.ReadNewest(served.Path)
                ?? throw new IndexCorruptException(served.Path, "manifest.json", $"generation {served.Generation} is served, and nothing of it is left in its folder");

            // Compares checksums, since a rebuilt index may have the same generation number as the one that is served.
            if (newest.Checksum == served.Checksum)
            {
                var fault = SnapshotStatus.Describe(newest.Faults);
                if (_status!.ManifestFault != fault)
                {
                    _status = _status with { ManifestFault = fault };
                }

                return served.IsInPlace
                    ? false
                    : throw new IndexCorruptException(served.Path, "data", $"the folder with the data of generation {served.Generation}, which is served, is gone");
            }

            var (model, index) = _served is null ? OpenLocal() : (current, LocalIndex.Open(served.Path, IndexBinding.SchemaOf(current.Model), served));
            if (index.Generation < served.Generation && served.Continues(index))
            {
                var found = index.Generation;
                index.Dispose();
                throw new IndexCorruptException(
                    served.Path, "manifest.json", $"it was set back to generation {found}: an older manifest replaced the newest; generation {served.Generation} is still served");
            }

            ReplaceBy(model, () => index, _served, cancellation);
            return true;
        },
        cancellationToken);

    /// <summary>Whether the current snapshot is the given one, or a later generation of the same slots.</summary>
    public bool StillServes(SearchSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return _current is { Index: var served } && served.Path == snapshot.Index.Path && served.SlotEpoch == snapshot.Index.SlotEpoch;
    }

    /// <summary>What is missing from the files of the served index; null while they are intact, or if nothing is served.</summary>
    public IndexCorruptException? FindDamage()
    {
        if (_current is null)
        {
            return null;
        }

        using var snapshot = Acquire();
        return snapshot.Index.FindDamage();
    }

    /// <summary>
    /// Reopens the served index if a file of it was truncated or could not be read, and is intact again: verified by its
    /// checksums, not only by its length.
    /// </summary>
    /// <returns>Whether it was reopened.</returns>
    /// <exception cref="RetrievalException">It is not intact.</exception>
    public bool TryReopen(CancellationToken cancellationToken = default) => Write(
        cancellation =>
        {
            if (_disposed || _models.Current is not { } model || _current is not { Index: var served } || served.FindDamage() is null)
            {
                return false;
            }

            Replace(model, LocalIndex.Open(served.Path, IndexBinding.SchemaOf(model.Model)), _served, cancellation);
            return true;
        },
        cancellationToken);

    /// <summary>Leases the current snapshot. Dispose of it to release the lease.</summary>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="FurtherIndexException">This is a further index, and it is not loaded.</exception>
    public SearchSnapshot Acquire()
    {
        while (_current is { } snapshot && IsOfServedModel(snapshot))
        {
            if (snapshot.TryLease())
            {
                return snapshot;
            }
        }

        throw Name is null ? new NotReadyException() : new FurtherIndexException(Name);
    }

    /// <summary>Leases the model of the current snapshot. May wait while a model is being loaded.</summary>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    public ModelLease AcquireModel() => _writing.Run(
        () => _models.Current is { } model && _current is not null ? new ModelLease(model, _served) : throw new NotReadyException());

    /// <summary>Stops serving. Existing leases stay valid; the model is disposed of with the last of them.</summary>
    public void Dispose() => _writing.Run(() =>
    {
        if (!_disposed)
        {
            _disposed = true;
            _further.Dispose();
            Clear();
        }

        return _disposed;
    });

    /// <summary>
    /// Ends what a further index serves, because its model is no longer the one that is served. It may be opened again. Does not
    /// wait for a load that runs, which is cancelled.
    /// </summary>
    internal void Withdraw() => _writing.Withdraw(ClearWithdrawn);

    // Meanwhile it may have been opened with the model that is served now.
    private void ClearWithdrawn()
    {
        if (_current is { } current && !IsOfServedModel(current))
        {
            Clear();
        }
    }

    private bool IsOfServedModel(SearchSnapshot snapshot) => _main is null || _main._models.Current?.Model == snapshot.Model;

    private void Clear()
    {
        var last = _current;
        (_current, _served, _status) = (null, null, null);
        last?.Dispose();
        _models.Serve(null)?.Release();
    }

    private bool Write(Func<CancellationToken, bool> change, CancellationToken cancellationToken) => _writing.Run(
        cancellation =>
        {
            ClearWithdrawn();
            return change(cancellation);
        },
        () => new FurtherIndexException(Name!, "was withdrawn while it was being opened: another bundle is served now"),
        cancellationToken);

    private (SharedModel Model, LocalIndex Index) OpenLocal()
    {
        if (_models.HasOnlyOne)
        {
            var only = _models.LoadOnly();
            return (only, LocalIndex.Open(_options.Index, IndexBinding.SchemaOf(only.Model), _current?.Index));
        }

        var index = LocalIndex.Open(_options.Index, former: _current?.Index);
        try
        {
            var fingerprint = index.Fingerprint;
            return (_models.Find(fingerprint) ?? throw new IndexMismatchException(_options.Index, "bundle fingerprint", string.Join(" or ", ReadBundles().Schemas.Keys), fingerprint), index);
        }
        catch
        {
            index.Dispose();
            throw;
        }
    }

    // A model that was loaded or shared for this is released if it fails.
    private void ReplaceBy(SharedModel model, Func<LocalIndex> open, ServedIndex? served, CancellationToken cancellationToken)
    {
        try
        {
            Replace(model, open(), served, cancellationToken);
        }
        catch when (model != _models.Current)
        {
            model.Release();
            throw;
        }
    }

    private void Replace(SharedModel model, LocalIndex index, ServedIndex? served, CancellationToken cancellationToken)
    {
        var old = _current;
        var snapshot = _maker.Make(model, index, served, old, ItemDamaged, cancellationToken);
        _current = snapshot;
        var oldModel = _models.Serve(model);
        _served = served;
        _status = SnapshotStatus.Of(snapshot);
        old?.Dispose();
        _further.ModelIsThere();
        if (oldModel != model && oldModel is not null)
        {
            _further.Withdraw();
            oldModel.Release();
        }
    }
}
