using System.Buffers.Binary;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Local.Writing;

/// <summary>
/// The only writer of an index. Appends and deletions become visible together with
/// <see cref="CommitAsync(IReadOnlyCollection{SourceCheckpoint}?, CancellationToken)"/>. What is uncommitted when the writer is
/// disposed or killed is lost. Not safe for concurrent calls.
/// </summary>
public sealed class LocalIndexWriter : IDisposable
{
    private readonly WriterLock _lock;
    private readonly IndexLayout _layout;
    private readonly Dictionary<string, SourceCheckpoint> _checkpoint = new(StringComparer.Ordinal);
    private readonly SourceNumbers _sources;
    private readonly WriteGuard _guard;
    private IndexManifest _committed;
    private IndexStore _store;
    private LiveIds _ids;
    private bool _dirty;
    private bool _disposed;

    private LocalIndexWriter(string path, WriterLock heldLock, OpenedIndex opened)
    {
        Path = path;
        ManifestFaults = opened.Faults;
        _lock = heldLock;
        _guard = new WriteGuard(path, () => Generation);
        _layout = opened.Store.Layout;
        _committed = opened.Manifest;
        _store = opened.Store;
        _ids = opened.Ids;
        _sources = new SourceNumbers(opened.Manifest.Sources);
        foreach (var entry in _committed.Ledger)
        {
            _checkpoint[entry.SourceKey] = entry;
        }
    }

    /// <summary>The index's folder.</summary>
    public string Path { get; }

    /// <summary>Bundle and fields.</summary>
    public IndexSchema Schema => _committed.Schema;

    /// <summary>Generation of the last commit.</summary>
    public long Generation => _committed.Generation;

    /// <summary>What was wrong with the manifest's files when the index was opened. They are whole again.</summary>
    public IReadOnlyList<ManifestFault> ManifestFaults { get; }

    /// <summary>Progress of each source as of the last commit, by <see cref="SourceCheckpoint.SourceKey"/>.</summary>
    public IReadOnlyDictionary<string, SourceCheckpoint> Ledger => _checkpoint;

    /// <summary>Progress of a replica's copy at the last commit. Null for an index that is not a copy.</summary>
    public FollowPosition? Follow => _committed.Follow;

    /// <summary>Live images, uncommitted ones included.</summary>
    public long Count => _ids.Count;

    /// <summary>Slots of images in use, tombstoned and uncommitted ones included.</summary>
    public long Slots => _store.Rows.Images;

    /// <summary>Opens the index at its newest generation, or creates an empty one with generation 1.</summary>
    /// <param name="path">The index's folder; created if needed.</param>
    /// <param name="schema">What the index stores.</param>
    /// <exception cref="IndexLockedException">Another writer holds it.</exception>
    /// <exception cref="IndexMismatchException">The existing index was built with another bundle or has other fields.</exception>
    /// <exception cref="ManifestLostException">The newest generation cannot be determined. Nothing was changed.</exception>
    /// <exception cref="IndexCorruptException">A file is missing, too short or torn.</exception>
    /// <exception cref="InvalidInputException">The schema cannot be stored.</exception>
    /// <exception cref="IndexWriteException">The folder or its files cannot be written.</exception>
    public static LocalIndexWriter OpenOrCreate(string path, IndexSchema schema)
    {
        Directory.CreateDirectory(path);
        return Open(path, schema, served: null);
    }

    /// <summary>
    /// Opens an index that is already open for reading. A folder that lost the index, or holds only an older generation, is not
    /// written to.
    /// </summary>
    /// <param name="served">A generation of the index.</param>
    /// <exception cref="ManifestLostException">The index is no longer in its folder, or only an older generation of it is.</exception>
    /// <inheritdoc cref="OpenOrCreate"/>
    public static LocalIndexWriter OpenServed(LocalIndex served)
    {
        ArgumentNullException.ThrowIfNull(served);
        return Open(served.Path, served.Schema, served);
    }

    private static LocalIndexWriter Open(string path, IndexSchema schema, LocalIndex? served)
    {
        path = System.IO.Path.GetFullPath(path);
        var (heldLock, opened) = WriterOpening.Open(path, schema, served);
        return new LocalIndexWriter(path, heldLock, opened);
    }

    /// <summary>The live image with this id, uncommitted ones included; null if there is none.</summary>
    public StoredImage? Find(string id)
    {
        Require();
        if (!_ids.TryGet(id, out var slot))
        {
            return null;
        }

        var hash = new byte[_layout.ContentHashes.RowBytes];
        var source = new byte[_layout.Sources.RowBytes];
        byte[] metadata = [];
        _guard.Run(() =>
        {
            _store[_layout.ContentHashes].Read(slot * hash.Length, hash);
            _store[_layout.Sources].Read(slot * source.Length, source);
            metadata = _store.ReadBlob(_layout.Metadata, slot);
        });
        return new StoredImage(slot, hash, SourceOf(slot, BinaryPrimitives.ReadInt32LittleEndian(source)), metadata);
    }

    /// <summary>Appends images with their captions. An image whose id already exists replaces the earlier one.</summary>
    /// <param name="rows">The images.</param>
    /// <param name="mirrored">Whether the images are copied from a catalog. In that case the catalog's writers, of this version
    /// or another, were the entry point. What the catalog accepted is copied as it is, since a replica that left it out, or
    /// stopped at it, would be worse than a long text.</param>
    /// <exception cref="InvalidInputException">The batch does not fit the schema, or a text exceeds the format's bounds. Nothing
    /// of it is stored.</exception>
    /// <exception cref="IndexWriteException">Writing failed; the index stays at its last commit.</exception>
    public AppendResult Append(ImageRows rows, bool mirrored = false)
    {
        Require();
        if (mirrored)
        {
            BatchCheck.RequireStructure(rows, _layout);
        }
        else
        {
            BatchCheck.Require(rows, _layout);
        }

        var first = Slots;
        RequireRoom(first, rows.Images.Count, "images");
        RequireRoom(_store.Rows.Captions, rows.Images.Sum(image => (long)image.Captions.Count), "captions");
        _dirty |= rows.Images.Count > 0;
        _guard.Run(() => new RowAppender(_store).Append(rows, _sources.Of(rows.SourceKey)));
        var replaced = 0;
        for (var row = 0; row < rows.Images.Count; row++)
        {
            replaced += Tombstone(rows.Images[row].Id) ? 1 : 0;
            _ids.Set(rows.Images[row].Id, first + row);
        }

        return new AppendResult(first, rows.Images.Count - replaced, replaced);
    }

    /// <summary>Tombstones an image and its captions. False if there is no such image.</summary>
    /// <exception cref="IndexWriteException">Writing failed; the index stays at its last commit.</exception>
    public bool Delete(string id)
    {
        Require();
        if (!Tombstone(id))
        {
            return false;
        }

        _ids.Remove(id);
        _dirty = true;
        return true;
    }

    /// <summary>
    /// Makes everything since the last commit visible and durable, together with the progress of ingestion. Does nothing if
    /// nothing is new.
    /// </summary>
    /// <param name="progress">Checkpoints to set; those of other sources stay.</param>
    /// <param name="cancellation">Observed before the commit begins.</param>
    /// <returns>The generation.</returns>
    /// <exception cref="IndexWriteException">Writing failed; the index stays at its last commit.</exception>
    public async Task<long> CommitAsync(IReadOnlyCollection<SourceCheckpoint>? progress = null, CancellationToken cancellation = default)
    {
        Require();
        var changed = progress?.Where(entry => !_checkpoint.TryGetValue(entry.SourceKey, out var old) || old != entry).ToList() ?? [];
        if (_dirty || changed.Count > 0)
        {
            await Task.Run(() => _guard.Run(() => Commit(changed, Follow)), cancellation).ConfigureAwait(false);
        }

        return Generation;
    }

    /// <summary>The failure of a write beside the index's own files, in this product's terms. The writer itself is not stopped by it.</summary>
    public IndexWriteException Failed(Exception cause) => _guard.Failed(cause);

    /// <summary>Makes everything since the last commit visible and durable, together with the position of a copy.</summary>
    /// <inheritdoc cref="CommitAsync(IReadOnlyCollection{SourceCheckpoint}?, CancellationToken)"/>
    public async Task<long> CommitAsync(FollowPosition position, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(position);
        Require();
        if (_dirty || position != Follow)
        {
            await Task.Run(() => _guard.Run(() => Commit([], position)), cancellation).ConfigureAwait(false);
        }

        return Generation;
    }

    /// <summary>
    /// Writes a new data folder without the tombstoned rows and switches to it. Readers keep what they have open. Slots change,
    /// and so does <see cref="LocalIndex.SlotEpoch"/>. Needs the space of the live rows a second time.
    /// </summary>
    /// <returns>The generation.</returns>
    /// <exception cref="InvalidOperationException">There are uncommitted changes.</exception>
    /// <exception cref="IndexWriteException">Writing failed. The index stays as it was; if only the copy failed, so does this
    /// writer.</exception>
    public async Task<long> CompactAsync(CancellationToken cancellation = default)
    {
        Require();
        if (_dirty)
        {
            throw new InvalidOperationException("commit before compacting");
        }

        var (manifest, store) = await Task.Run(() => RewriteBeside(cancellation), cancellation).ConfigureAwait(false);
        _guard.Run(() =>
        {
            using (var old = _store)
            {
                _store = store;
            }

            Publish(manifest);
            using var index = LocalIndex.Open(Path, new FoundManifest(manifest));
            _ids = LiveIds.Of(index);
        });
        return Generation;
    }

    /// <summary>Discards uncommitted changes and lets other writers in.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _store.Dispose();
            _lock.Dispose();
        }
    }

    // Written next to the index in use, so it may fail or be cancelled, and this writer continues.
    private (IndexManifest Manifest, IndexStore Store) RewriteBeside(CancellationToken cancellation)
    {
        try
        {
            return IndexOpening.Rewrite(Path, _layout, _committed, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw _guard.Failed(e);
        }
    }

    private string? SourceOf(long slot, int number) => number >= 0 && number <= _sources.Count
        ? _sources.KeyOf(number)
        : throw new IndexCorruptException(_committed.Folder(Path), _layout.Sources.Path, $"image {slot} is said to be of source {number} of {_sources.Count}");

    private bool Tombstone(string id)
    {
        if (!_ids.TryGet(id, out var slot))
        {
            return false;
        }

        _guard.Run(() => _store[_layout.Tombstones].Append(slot));
        return true;
    }

    private void Commit(List<SourceCheckpoint> changed, FollowPosition? follow)
    {
        _store.Seal(Generation + 1);
        var ledger = new Dictionary<string, SourceCheckpoint>(_checkpoint, StringComparer.Ordinal);
        changed.ForEach(entry => ledger[entry.SourceKey] = entry);
        var manifest = _committed with
        {
            Generation = Generation + 1,
            Rows = _store.Rows,
            Files = _store.Lengths,
            Seals = _store.Seals,
            Sources = _sources.Keys,
            Ledger = [.. ledger.Values.OrderBy(entry => entry.SourceKey, StringComparer.Ordinal)],
            Follow = follow,
            Superseded = DataFolders.Remaining(Path, _committed.Superseded),
        };
        if (manifest.Sources.Count != _committed.Sources.Count)
        {
            DataOrigin.Of(manifest).Write(manifest.Folder(Path));
        }

        Publish(manifest);
        changed.ForEach(entry => _checkpoint[entry.SourceKey] = entry);
        _dirty = false;
    }

    private void Publish(IndexManifest manifest)
    {
        ManifestFile.Replace(Path, manifest);
        _committed = manifest;
        if (manifest.Superseded is not null)
        {
            DataFolders.DeleteUnused(Path, manifest);
        }
    }

    private static void RequireRoom(long used, long more, string items)
    {
        // ONNX graphs gather by int64, but .NET counts the elements of an array with an int.
        if (used + more > int.MaxValue)
        {
            throw new InvalidInputException($"an index holds at most {int.MaxValue} {items}, tombstoned ones included; compact it or split the corpus");
        }
    }

    private void Require()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _guard.Require();
    }
}
