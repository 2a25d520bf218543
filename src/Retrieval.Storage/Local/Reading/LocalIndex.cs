using Microsoft.Win32.SafeHandles;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Local.Reading;

/// <summary>
/// One generation of an index, mapped and immutable: later commits of a writer do not appear here. Safe for any number of
/// threads. <see cref="Dispose"/> unmaps it, so it may be called only when no thread and no tensor uses it.
/// </summary>
public sealed class LocalIndex : IDisposable
{
    private readonly MappedFile[] _files;
    private readonly IndexRows _rows;
    private readonly Lazy<IdTable> _ids;
    private bool _disposed;

    private LocalIndex(string path, FoundManifest found, IndexLayout layout, MappedFile[] files, SafeFileHandle seals, LocalIndex? former)
    {
        Path = path;
        Manifest = found.Manifest;
        Checksum = found.Checksum;
        ManifestFaults = found.Faults;
        Layout = layout;
        _files = files;
        _rows = new IndexRows(DataFolder, layout, Manifest.Rows, files);
        SealsHandle = seals;
        if (former is not null && !Continues(former))
        {
            former = null;
        }

        var known = former?.Manifest.Rows ?? RowCounts.None;
        var (images, captions) = _rows.Tombstones(former, known.Tombstones);
        Images = new IndexBank(layout.Images, Map, images, RaggedExtents.Read(this, layout.Images, Manifest.Rows.ImageRaggedRows, former?.Images.Extents, known.ImageRaggedRows));
        Captions = new IndexBank(layout.Captions, Map, captions, RaggedExtents.Read(this, layout.Captions, Manifest.Rows.CaptionRaggedRows, former?.Captions.Extents, known.CaptionRaggedRows));
        var ids = former?._ids is { IsValueCreated: true, Value: var table } ? table : null;
        _ids = new Lazy<IdTable>(() => ids?.Extend(Images.Slots, Images.Deleted, IdBytes) ?? new IdTable(Images.Slots, Images.Deleted, IdBytes));
    }

    /// <summary>The index's folder.</summary>
    public string Path { get; }

    /// <summary>Number of this commit; each commit has a higher one.</summary>
    public long Generation => Manifest.Generation;

    /// <summary>Slots keep their meaning between generations of the same epoch; a compaction begins a new one.</summary>
    public int SlotEpoch => Manifest.SlotEpoch;

    /// <summary>
    /// SHA-256 of this generation's manifest. It distinguishes even what the generation's number does not: two indexes built one
    /// after the other in the same folder.
    /// </summary>
    public string Checksum { get; }

    /// <summary>Fingerprint of the bundle the index was built with.</summary>
    public string Fingerprint => Manifest.Schema.Fingerprint;

    /// <summary>Bundle and fields.</summary>
    public IndexSchema Schema => Manifest.Schema;

    /// <summary>
    /// What is wrong with the manifest file from which this generation was not read: it is missing, damaged or of another
    /// generation. Empty if nothing is. The next commit writes both files again.
    /// </summary>
    public IReadOnlyList<ManifestFault> ManifestFaults { get; }

    /// <summary>Images, their bank and embeddings.</summary>
    public IndexBank Images { get; }

    /// <summary>Captions, their bank and embeddings.</summary>
    public IndexBank Captions { get; }

    /// <summary>Progress of the ingestions that wrote the index, as of this generation.</summary>
    public IReadOnlyList<SourceCheckpoint> Ledger => Manifest.Ledger;

    /// <summary>For a replica's copy, the catalog's index it copies and its progress. Null for an index that is not a copy.</summary>
    public FollowPosition? Follow => Manifest.Follow;

    internal IndexManifest Manifest { get; }

    internal IndexLayout Layout { get; }

    /// <summary>The list of checksums, kept open so that a check is still possible after a compaction has removed the folder.</summary>
    internal SafeFileHandle SealsHandle { get; }

    /// <summary>Whether the data folder still exists. Without it, what is open stays readable but cannot be opened again.</summary>
    public bool IsInPlace => Directory.Exists(DataFolder);

    internal string DataFolder => Manifest.Folder(Path);

    /// <summary>Opens the newest generation.</summary>
    /// <param name="path">The index's folder.</param>
    /// <param name="expected">If given, the index must have this schema.</param>
    /// <param name="former">If given, and an earlier generation of the same slots, only what is new is checked, and its table of
    /// ids is extended instead of rebuilt. May be disposed of as soon as this returns.</param>
    /// <exception cref="IndexMissingException">No index was ever committed there.</exception>
    /// <exception cref="ManifestLostException">The newest generation cannot be determined.</exception>
    /// <exception cref="IndexCorruptException">A file is missing, too short or torn, or an item refers to rows that are not its
    /// own.</exception>
    /// <exception cref="IndexMismatchException">The index does not have the requested schema, or has an unknown format.</exception>
    public static LocalIndex Open(string path, IndexSchema? expected = null, LocalIndex? former = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var found = ManifestFile.Read(path) ?? throw new IndexMissingException(path);
            expected?.Match(path, found.Manifest.Schema);
            try
            {
                NewestManifest.RequireReadable(path, found);
                return Open(path, found, former);
            }
            catch (IndexCorruptException) when (attempt < 3 && TryReadGeneration(path) > found.Manifest.Generation)
            {
                // Two compactions happened since the manifest was read, and its data folder is gone.
            }
        }
    }

    /// <summary>Generation of the last commit, read from the manifest only; null if no manifest can be read.</summary>
    public static long? TryReadGeneration(string path)
    {
        try
        {
            return ManifestFile.Read(path)?.Manifest.Generation;
        }
        catch (Exception e) when (e is Domain.Errors.RetrievalException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Name of a file or folder of a local index that lies in this folder, null if there is none. Reads nothing.</summary>
    public static string? TraceIn(string path) => Directory.Exists(path) ? ManifestFile.TraceIn(System.IO.Path.GetFullPath(path)) : null;

    /// <summary>
    /// <see cref="Checksum"/> of the newest generation, read from the manifest only; null if no index was ever committed there.
    /// </summary>
    /// <inheritdoc cref="ReadNewest"/>
    public static string? ReadChecksum(string path) => ReadNewest(path)?.Checksum;

    /// <summary>
    /// <see cref="Checksum"/> and <see cref="ManifestFaults"/> of the generation that
    /// <see cref="Open(string, IndexSchema?, LocalIndex?)"/> would open, read from the manifest only; null if no index was ever
    /// committed there.
    /// </summary>
    /// <exception cref="ManifestLostException">The newest generation cannot be determined.</exception>
    /// <exception cref="IndexMismatchException">The index has an unknown format.</exception>
    public static (string Checksum, IReadOnlyList<ManifestFault> Faults)? ReadNewest(string path) =>
        ManifestFile.Read(path) is { } found ? (found.Checksum, found.Faults) : null;

    /// <summary>Builds the table of ids, a fraction of a microsecond per image. Otherwise the first lookup waits for it.</summary>
    public void PrepareLookups()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _ = _ids.Value;
    }

    /// <summary>Finds a live image. The first call builds the table of ids unless <see cref="PrepareLookups"/> has done so.</summary>
    public bool TryGetImageSlot(string id, out long slot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _ids.Value.TryGet(id, out slot);
    }

    /// <summary>The id of the image in <paramref name="slot"/>, live or tombstoned.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    /// <exception cref="IndexCorruptException">Its end is damaged, or it is not text.</exception>
    public string GetImageId(long slot)
    {
        RequireSlot(slot, Images);
        return _rows.Text(Layout.Ids, slot);
    }

    /// <summary>The attributes of the image in <paramref name="slot"/>, live or tombstoned.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    /// <exception cref="IndexCorruptException">Its stored data is damaged: an end decreases or lies outside its file, or a text
    /// is not text.</exception>
    public IndexedImage GetImage(long slot)
    {
        RequireSlot(slot, Images);
        var (firstCaption, captions) = CaptionsOf(slot);
        return new IndexedImage(
            slot,
            _rows.Text(Layout.Ids, slot),
            Map(Layout.ContentHashes).Row(slot).ToArray(),
            Blob(Layout.Metadata, slot).ToArray(),
            _rows.Boxes(slot),
            firstCaption,
            captions);
    }

    /// <summary>The attributes of the caption in <paramref name="slot"/>, live or tombstoned.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    /// <exception cref="IndexCorruptException">Its stored data is damaged: an end decreases or lies outside its file, or a text
    /// is not text.</exception>
    public IndexedCaption GetCaption(long slot)
    {
        RequireSlot(slot, Captions);
        var (image, position) = new StoredTexts(this).Locate(slot);
        return new IndexedCaption(slot, image, position, _rows.Text(Layout.Texts, slot));
    }

    /// <summary>
    /// What is missing from the mapped files; null while all of them are whole. A file that was truncated, or could not be read,
    /// reads as zeros where something is missing, and counts as damaged for as long as this index is open. Takes a few
    /// microseconds.
    /// </summary>
    public IndexCorruptException? FindDamage()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (var file in _files)
        {
            if (file.IsDamaged(look: true))
            {
                return new IndexCorruptException(
                    DataFolder, file.Spec.Path, $"it was cut short, or could not be read, while it was in use: it has {RandomAccess.GetLength(file.Handle)} bytes, the manifest says {file.Bytes}");
            }
        }

        return null;
    }

    /// <summary>
    /// Call this after computing something from the index's memory and before passing it on: what was read may have been missing.
    /// </summary>
    /// <exception cref="IndexCorruptException">A file was truncated or could not be read.</exception>
    public void RequireSound()
    {
        if (FindDamage() is { } damage)
        {
            throw damage;
        }
    }

    /// <summary>
    /// SHA-256, lower-case hex, over all live images in the order of their ids: content hash, metadata, boxes, record and
    /// embedding bytes, and the same of their captions. Two indexes with the same content have the same hash, in whatever order
    /// and however often rows were appended, replaced and compacted.
    /// </summary>
    public string ContentHash(CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var hash = new ContentHasher(this).Run(cancellation);
        RequireSound();
        return hash;
    }

    /// <summary>Unmaps the files.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Array.ForEach(_files, file => file.Dispose());
            SealsHandle.Dispose();
        }
    }

    /// <summary>Whether this generation begins with the same rows as another, slot by slot, and only appends to them.</summary>
    public bool Continues(LocalIndex former)
    {
        ArgumentNullException.ThrowIfNull(former);
        return former.Path == Path && former.SlotEpoch == SlotEpoch && former.Generation <= Generation && former.Manifest.Rows.IsWithin(Manifest.Rows)
        && SealLog.Begins(SealsHandle, former.Manifest.Seals);
    }

    /// <summary>Ordinals of the damaged files.</summary>
    internal IEnumerable<int> DamagedFiles() => _files.Where(file => file.IsDamaged(look: true)).Select(file => file.Spec.Ordinal);

    internal void RequireOpen() => ObjectDisposedException.ThrowIf(_disposed, this);

    internal static LocalIndex Open(string path, FoundManifest found, LocalIndex? former = null)
    {
        var layout = new IndexLayout(found.Manifest.Schema);
        found.Manifest.Validate(path, layout);
        var files = new List<MappedFile>();
        SafeFileHandle? seals = null;
        try
        {
            seals = SealLog.OpenExisting(found.Manifest.Folder(path), FileAccess.Read);
            foreach (var file in layout.Files)
            {
                files.Add(MappedFile.Open(found.Manifest.Folder(path), file, found.Manifest.BytesOf(file)));
            }

            return new LocalIndex(path, found, layout, [.. files], seals, former);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            seals?.Dispose();
            throw;
        }
    }

    internal MappedFile Map(IndexFile file) => _rows.Map(file);

    internal ReadOnlySpan<byte> IdBytes(long slot) => Blob(Layout.Ids, slot);

    internal ReadOnlySpan<byte> Blob(BlobFiles blob, long slot) => _rows.Blob(blob, slot);

    internal (long First, int Count) CaptionsOf(long image) => _rows.CaptionsOf(image);

    private void RequireSlot(long slot, IndexBank collection)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)slot, (ulong)collection.Slots, nameof(slot));
    }
}
