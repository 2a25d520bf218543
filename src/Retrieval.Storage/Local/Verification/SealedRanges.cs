using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Verification;

/// <summary>The sealed ranges of one generation, to be checked one at a time. Together they cover every committed byte.</summary>
public sealed class SealedRanges
{
    private readonly string _path;
    private readonly int _epoch;
    private readonly IReadOnlyList<Seal> _seals;

    private SealedRanges(LocalIndex index, IReadOnlyList<Seal> seals)
    {
        (_path, _epoch, _seals) = (index.Path, index.SlotEpoch, seals);
        Checksum = index.Checksum;

        // Files that point into other files come first, and are small. The records are most of the bytes and come last.
        InOrder = [.. Enumerable.Range(0, seals.Count).OrderBy(range => index.Map(index.Layout.Files[seals[range].File]).Bytes).ThenBy(range => range)];
    }

    /// <summary><see cref="LocalIndex.Checksum"/> of the generation.</summary>
    public string Checksum { get; }

    /// <summary>Numbers of the ranges, from 0, in the best order for checking: those of small files first.</summary>
    public IReadOnlyList<int> InOrder { get; }

    /// <summary>Bytes that reading the list of ranges took.</summary>
    public long ListBytes => _seals.Count * (long)Seal.Bytes;

    /// <summary>Reads the list of ranges.</summary>
    /// <exception cref="IndexCorruptException">The list itself is damaged, or does not cover the index.</exception>
    public static SealedRanges Of(LocalIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        return new SealedRanges(index, Read(index));
    }

    /// <summary>
    /// Whether these ranges begin with all ranges of another generation, so that a range's number means the same in both.
    /// </summary>
    public bool Continues(SealedRanges former)
    {
        ArgumentNullException.ThrowIfNull(former);
        if (former._path != _path || former._epoch != _epoch || former._seals.Count > _seals.Count)
        {
            return false;
        }

        for (var range = 0; range < former._seals.Count; range++)
        {
            var (one, other) = (_seals[range], former._seals[range]);
            if (one.File != other.File || one.From != other.From || one.To != other.To || !one.Sha256.Span.SequenceEqual(other.Sha256.Span))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Compares one range with its checksum.</summary>
    /// <param name="index">The index, of this generation or one that continues it.</param>
    /// <param name="range">The range's number.</param>
    /// <param name="pace">Called after each block with its number of bytes. The next block is read when the returned task has
    /// ended.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <returns>What is wrong with it; null if nothing is.</returns>
    public async Task<IndexFault?> CheckAsync(LocalIndex index, int range, Func<int, Task> pace, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(pace);
        const int block = 256 << 10;
        using var check = new RangeCheck(index, _seals[range]);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(block);
        try
        {
            while (check.Step(buffer.AsSpan(0, block)) is > 0 and var read)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await pace(read).ConfigureAwait(false);
            }

            return check.End();
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The list, known to cover every committed byte once.</summary>
    internal static IReadOnlyList<Seal> Read(LocalIndex index)
    {
        var seals = SealLog.Read(index.DataFolder, index.SealsHandle, index.Manifest.Seals);
        var ends = new long[index.Layout.Files.Count];
        foreach (var seal in seals)
        {
            if ((uint)seal.File >= ends.Length || seal.From != ends[seal.File] || seal.To <= seal.From)
            {
                throw new IndexCorruptException(index.DataFolder, SealLog.FileName, $"a range of file {seal.File} from {seal.From} to {seal.To} does not follow the range before it");
            }

            ends[seal.File] = seal.To;
        }

        foreach (var file in index.Layout.Files.Where(file => ends[file.Ordinal] != index.Manifest.BytesOf(file)))
        {
            throw new IndexCorruptException(index.DataFolder, SealLog.FileName, $"{file.Path} is sealed up to byte {ends[file.Ordinal]}, the manifest says {index.Manifest.BytesOf(file)}");
        }

        return seals;
    }
}
