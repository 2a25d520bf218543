using System.Collections.Concurrent;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Verification;

/// <summary>Compares every sealed range with its checksum, then checks references between rows.</summary>
internal sealed class IndexVerifier(LocalIndex index)
{
    private const int BlockBytes = 1 << 20;

    private readonly ConcurrentBag<IndexFault> _faults = [];
    private long _bytes;

    public IndexVerification Run(CancellationToken cancellation) => Run(null, cancellation);

    /// <param name="files">If given, checks only these files, by ordinal, and no references between rows.</param>
    /// <param name="cancellation">Ends the check.</param>
    public IndexVerification Run(IReadOnlySet<int>? files, CancellationToken cancellation)
    {
        IReadOnlyList<Seal> seals = [];
        try
        {
            seals = SealedRanges.Read(index);
            seals = files is null ? seals : [.. seals.Where(seal => files.Contains(seal.File))];
            Parallel.ForEach(seals, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, seal => Check(seal, cancellation));
        }
        catch (IndexCorruptException e)
        {
            _faults.Add(new IndexFault(e.File, 0, index.Manifest.Seals.Count * Seal.Bytes, 0, Math.Max(0, index.Manifest.Seals.Count - 1), e.Reason));
        }

        if (files is null && _faults.IsEmpty)
        {
            CheckStructure(cancellation);
        }

        return new IndexVerification(seals.Count, _bytes, [.. _faults.OrderBy(fault => fault.File, StringComparer.Ordinal).ThenBy(fault => fault.FromByte)]);
    }

    private void CheckStructure(CancellationToken cancellation)
    {
        try
        {
            new IndexStructureCheck(index, _faults.Add).Run(cancellation);
            index.RequireSound();
        }
        catch (IndexCorruptException e)
        {
            // The damage is so large that the check could not follow the data. Its earlier findings are in the list.
            _faults.Add(new IndexFault(e.File, 0, 0, 0, 0, e.Reason));
        }
    }

    private void Check(Seal seal, CancellationToken cancellation)
    {
        using var check = new RangeCheck(index, seal);
        var block = System.Buffers.ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            while (check.Step(block.AsSpan(0, BlockBytes)) is > 0 and var read)
            {
                cancellation.ThrowIfCancellationRequested();
                Interlocked.Add(ref _bytes, read);
            }

            if (check.End() is { } fault)
            {
                _faults.Add(fault);
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(block);
        }
    }
}
