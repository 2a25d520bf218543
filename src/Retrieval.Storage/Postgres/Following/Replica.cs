using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>The copy of one index, open for writing.</summary>
internal sealed class Replica : IDisposable
{
    private readonly LocalIndexWriter _writer;

    private Replica(CatalogIndex index, string folder, LocalIndexWriter writer, FollowPosition position)
    {
        Index = index;
        Folder = folder;
        _writer = writer;
        Position = position;
    }

    /// <summary>The index, as it was when the copy was opened.</summary>
    public CatalogIndex Index { get; }

    /// <summary>Name of the copy's folder.</summary>
    public string Folder { get; }

    public string Path => _writer.Path;

    /// <summary>Position of the copy as of the last commit.</summary>
    public FollowPosition Position { get; private set; }

    /// <summary>Generation of the last commit.</summary>
    public long Generation => _writer.Generation;

    /// <summary>Images here, tombstoned ones included.</summary>
    public long Rows => _writer.Slots;

    /// <summary>Whether there are uncommitted rows.</summary>
    public bool Dirty { get; private set; }

    /// <summary>Images put and deleted since the copy was opened.</summary>
    public long Applied { get; private set; }

    public FollowedIndex Followed => new(Path, Index.IndexId, Index.Name, Index.Schema.Fingerprint, Position.Epoch);

    /// <summary>Opens the copy, or starts one that contains nothing earlier than <paramref name="index"/>'s epoch.</summary>
    public static Replica Open(CatalogIndex index, string folder, string path)
    {
        var writer = LocalIndexWriter.OpenOrCreate(path, index.Schema);
        var position = writer.Follow is { } follow && follow.IsOf(index.CatalogId, index.IndexId) ? follow : FollowPositions.Begin(index);
        return new Replica(index, folder, writer, position);
    }

    public void Apply(Chunk chunk)
    {
        Dirty |= chunk.Rows > 0;
        if (chunk.ToRows() is { } rows)
        {
            _writer.Append(rows, mirrored: true);
        }

        foreach (var id in chunk.Deleted)
        {
            _writer.Delete(id);
        }

        Applied += chunk.Rows;
    }

    public async Task CommitAsync(FollowPosition position, CancellationToken cancellationToken)
    {
        await _writer.CommitAsync(position, cancellationToken).ConfigureAwait(false);
        Position = position;
        Dirty = false;
    }

    /// <summary>Whether more than this share of its images is tombstoned, and it has at least this many images.</summary>
    public bool WantsCompaction(double share, long from) => _writer.Slots >= from && _writer.Slots - _writer.Count > share * _writer.Slots;

    /// <inheritdoc cref="LocalIndexWriter.CompactAsync"/>
    public Task CompactAsync(CancellationToken cancellationToken) => _writer.CompactAsync(cancellationToken);

    public void Dispose() => _writer.Dispose();
}
