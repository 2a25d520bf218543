using System.Security.Cryptography;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Storage.Local.Repair;

/// <summary>What was committed in a data folder, according to its list of seals.</summary>
internal sealed class SealedFolder
{
    private const int BlockBytes = 1 << 20;

    private readonly IReadOnlyList<Seal> _all;
    private readonly IReadOnlyList<Seal> _seals;
    private readonly IndexLayout _layout;

    private SealedFolder(int epoch, bool marked, bool hasData, DataOrigin origin, IndexLayout layout, IReadOnlyList<Seal> all)
    {
        Epoch = epoch;
        Marked = marked;
        HasData = hasData;
        Origin = origin;
        _layout = layout;
        _all = all;
        _seals = [.. SealLog.Following(all, new long[layout.Files.Count])];
    }

    /// <summary>Number of the folder.</summary>
    public int Epoch { get; }

    /// <summary>Whether it has the mark of a compaction that no manifest was seen to name.</summary>
    public bool Marked { get; }

    /// <summary>Schema and sources.</summary>
    public DataOrigin Origin { get; }

    /// <summary>Number of the commit that sealed last; 0 for an earlier version's folder, or one without seals.</summary>
    public int LastCommit => _seals.Count == 0 ? 0 : _seals[^1].Commit;

    /// <summary>Whether there is any record of a sealed range.</summary>
    public bool HasSeals => _all.Count > 0;

    /// <summary>Whether any of its files has bytes.</summary>
    public bool HasData { get; }

    public static SealedFolder Read(string index, int epoch, DataOrigin origin)
    {
        var folder = IndexManifest.FolderOf(index, epoch);
        return new SealedFolder(epoch, DataFolders.IsMarked(folder), DataFolders.FilesWithData(folder).Any(), origin, new IndexLayout(origin.Schema), SealLog.ReadAll(folder));
    }

    /// <summary>
    /// The states in which the rows of all files agree, newest first: everything sealed, and everything sealed without the last
    /// commit, of which a kill may have left only a part.
    /// </summary>
    /// <param name="fault">The reason, if there is no such state.</param>
    public IReadOnlyList<SealedState> States(out string? fault)
    {
        // A write cut short by a crash leaves part of a record, or zeros. A record that does not continue the list and is
        // neither of these was damaged, and it is unknown how much was committed after it.
        if (_all.Skip(_seals.Count).Any(seal => !IsBlank(seal)))
        {
            fault = $"{SealLog.FileName} is damaged in its record {_seals.Count}: what is sealed from there on cannot be told";
            return [];
        }

        var states = new List<SealedState>();
        for (var count = _seals.Count; count >= (HasSeals ? 1 : 0) && _seals.Count - count <= _layout.Files.Count && states.Count < 2; count--)
        {
            var endsCommit = count == _seals.Count || _seals[count].Commit == 0 || _seals[count].Commit != _seals[count - 1].Commit;
            if (endsCommit && StateOf(count) is { } state)
            {
                states.Add(state);
            }
        }

        fault = states.Count > 0 ? null : $"the ranges of {SealLog.FileName} do not add up to whole rows";
        return states;
    }

    /// <summary>Whether the bytes of the ranges that a state has in addition to an earlier one are as they were sealed.</summary>
    public bool IsAsSealed(string index, SealedState state, SealedState earlier, CancellationToken cancellation)
    {
        var block = new byte[BlockBytes];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var seal in _seals.Take((int)state.Seals.Count).Skip((int)earlier.Seals.Count))
        {
            using var file = AppendFile.OpenExisting(IndexManifest.FolderOf(index, Epoch), _layout.Files[seal.File], FileAccess.Read);
            for (var at = seal.From; at < seal.To;)
            {
                cancellation.ThrowIfCancellationRequested();
                var read = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(BlockBytes, seal.To - at)), at);
                if (read == 0)
                {
                    return false;
                }

                hash.AppendData(block, 0, read);
                at += read;
            }

            if (!hash.GetHashAndReset().AsSpan().SequenceEqual(seal.Sha256.Span))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsBlank(Seal seal) => seal is { File: 0, Commit: 0, From: 0, To: 0 } && !seal.Sha256.Span.ContainsAnyExcept((byte)0);

    private SealedState? StateOf(int count)
    {
        var bytes = new long[_layout.Files.Count];
        foreach (var seal in _seals.Take(count))
        {
            bytes[seal.File] = seal.To;
        }

        long RowsOf(IndexFile file) => bytes[file.Ordinal] / file.RowBytes;
        long Ragged(CollectionFiles files) => files.Fields.FirstOrDefault(field => field.Spec.Ragged).File is { } file ? RowsOf(file) : 0;
        var rows = new RowCounts(RowsOf(_layout.ContentHashes), Ragged(_layout.Images), RowsOf(_layout.CaptionImages), Ragged(_layout.Captions), RowsOf(_layout.Tombstones));
        if (_layout.Files.Any(file => rows.Of(file.Counter) is { } expected && bytes[file.Ordinal] != expected * file.RowBytes))
        {
            return null;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var record = new byte[Seal.Bytes];
        foreach (var seal in _seals.Take(count))
        {
            seal.Write(record);
            hash.AppendData(record);
        }

        var lengths = _layout.Files.Select(file => new FileLength(file.Path, bytes[file.Ordinal])).ToList();
        return new SealedState(count == 0 ? 0 : _seals[count - 1].Commit, _all.Count - count, rows, lengths, new SealState(count, Convert.ToHexStringLower(hash.GetHashAndReset())));
    }
}
