using Retrieval.Storage.Errors;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>The copies of a replica: the served one, and the one being made to replace it.</summary>
internal sealed class Replicas : IDisposable
{
    private readonly CacheFolder _cache;
    private Replica? _served;
    private Replica? _next;
    private string? _givenUp;
    private bool _cleaned;

    /// <summary>Finds what was served last, if the replica can still serve it.</summary>
    public Replicas(CacheFolder cache, IReadOnlyDictionary<string, IndexSchema> accepted)
    {
        _cache = cache;
        if (cache.ReadServing() is { } record && accepted.TryGetValue(record.Fingerprint, out var schema) && Describe(record, schema) is { } found)
        {
            (Serving, Current, Generation) = (record, found.Index, found.Generation);
        }
    }

    /// <summary>The record of what is served; null if nothing is.</summary>
    public ServingRecord? Serving { get; private set; }

    /// <summary>The served copy as of its last commit.</summary>
    public FollowedIndex? Current { get; private set; }

    /// <summary>Generation of that commit.</summary>
    public long Generation { get; private set; }

    /// <summary>
    /// The served copy, opened for writing if it is of this index; null if it is of another index or lost. A lost copy is not
    /// served any more.
    /// </summary>
    public Replica? OpenServed(CatalogIndex index)
    {
        // A database that was restored to an earlier state may have given another index this number.
        if (Serving is null || Serving.Folder == _givenUp || Serving.Catalog != index.CatalogId || Serving.Index != index.IndexId || Serving.Fingerprint != index.Schema.Fingerprint)
        {
            return null;
        }

        _served ??= TryOpen(index, Serving.Folder);
        if (_served is not { Position.Complete: true })
        {
            Drop(ref _served);
            (Serving, Current) = (null, null);
        }

        return _served;
    }

    /// <summary>
    /// Gives up the served copy. It is still served until another copy, made from the beginning, replaces it. But it is neither
    /// followed nor used as a source any more.
    /// </summary>
    /// <returns>Whether it was the served copy and had not been given up before.</returns>
    public bool TryGiveUp(string path)
    {
        if (Serving is null || Current?.Path != path || Serving.Folder == _givenUp)
        {
            return false;
        }

        _givenUp = Serving.Folder;
        Drop(ref _served);
        return true;
    }

    /// <summary>The copy that is to replace the served one: an unfinished one that can resume, or a new one.</summary>
    /// <exception cref="ServerBehindException">The index was read from a standby that is behind an unfinished copy.</exception>
    public Replica OpenNext(CatalogIndex index)
    {
        if (_next is not null && (_next.Index.CatalogId != index.CatalogId || _next.Index.IndexId != index.IndexId || !CanGoOn(_next, index)))
        {
            Drop(ref _next);
        }

        foreach (var folder in _next is null ? _cache.CopiesOf(index.CatalogId, index.IndexId).Where(folder => folder != Serving?.Folder) : [])
        {
            _next = TryOpen(index, folder);
            if (_next is not null && CanGoOn(_next, index))
            {
                break;
            }

            Drop(ref _next);
            DataFolders.TryDelete(_cache.FolderOf(folder));
        }

        _next ??= Open(index, _cache.NewCopy(index.CatalogId, index.IndexId));
        Clean(_next.Folder);
        return _next;
    }

    /// <summary>Gives up the copy that was to replace the served one.</summary>
    public void DropNext()
    {
        if (_next is { } next)
        {
            Drop(ref _next);
            DataFolders.TryDelete(_cache.FolderOf(next.Folder));
        }
    }

    /// <summary>
    /// Serves the copy that was made. The former one stays until the next switch or start, because readers may still be using it.
    /// </summary>
    public void Switch()
    {
        var next = _next!;
        var record = new ServingRecord(next.Index.CatalogId, next.Index.IndexId, next.Index.Name, next.Index.Schema.Fingerprint, next.Folder);
        _cache.WriteServing(record);
        var former = Serving?.Folder;
        Drop(ref _served);
        (_served, _next, Serving) = (next, null, record);
        Note(next);
        _cache.RemoveBut([record.Folder, former]);
    }

    /// <summary>Records the served copy's last commit.</summary>
    public void Note(Replica served) => (Current, Generation) = (served.Followed, served.Generation);

    /// <summary>Removes what earlier runs left; called at the first step.</summary>
    public void Clean(string? next = null)
    {
        if (!_cleaned)
        {
            _cache.RemoveBut([Serving?.Folder, next]);
            _cleaned = true;
        }
    }

    /// <summary>After a fault: closes copies that have uncommitted rows or cannot be written.</summary>
    public void CloseUnsure(bool all)
    {
        if (all || _served?.Dirty == true)
        {
            Drop(ref _served);
        }

        if (all || _next?.Dirty == true)
        {
            Drop(ref _next);
        }
    }

    public void Dispose()
    {
        CloseUnsure(all: true);
        _cache.Dispose();
    }

    private static bool CanGoOn(Replica copy, CatalogIndex index)
    {
        try
        {
            copy.Position.RequireBefore(index);
            return true;
        }
        catch (ReplicaOutdatedException)
        {
            return false;
        }
    }

    private static void Drop(ref Replica? replica)
    {
        replica?.Dispose();
        replica = null;
    }

    private Replica Open(CatalogIndex index, string folder) => Replica.Open(index, folder, _cache.FolderOf(folder));

    private Replica? TryOpen(CatalogIndex index, string folder)
    {
        try
        {
            return Open(index, folder);
        }
        catch (Exception e) when (e is IndexCorruptException or IndexMismatchException)
        {
            // It is only a copy and is fetched again.
            return null;
        }
    }

    private (FollowedIndex Index, long Generation)? Describe(ServingRecord record, IndexSchema schema)
    {
        var path = _cache.FolderOf(record.Folder);
        try
        {
            if (ManifestFile.Read(path)?.Manifest is not { } manifest || manifest.Follow is not { Complete: true } position || !position.IsOf(record.Catalog, record.Index))
            {
                return null;
            }

            schema.Match(path, manifest.Schema);
            return (new FollowedIndex(path, record.Index, record.Name, record.Fingerprint, position.Epoch), manifest.Generation);
        }
        catch (Exception e) when (e is IndexCorruptException or IndexMismatchException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
