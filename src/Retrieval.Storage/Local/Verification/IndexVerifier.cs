using System.Collections.Concurrent;
using System.Security.Cryptography;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Verification;

/// <summary>Compares every sealed range with its checksum, then checks what rows say of other rows.</summary>
internal sealed class IndexVerifier(LocalIndex index)
{
    private const int BlockBytes = 1 << 20;

    private readonly ConcurrentBag<IndexFault> _faults = [];
    private long _bytes;

    public IndexVerification Run(CancellationToken cancellation) => Run(null, cancellation);

    /// <param name="files">If given, only these files, by their ordinals, and nothing of what rows say of other rows.</param>
    /// <param name="cancellation">Ends the check.</param>
    public IndexVerification Run(IReadOnlySet<int>? files, CancellationToken cancellation)
    {
        IReadOnlyList<Seal> seals = [];
        try
        {
            seals = SealLog.Read(index.DataFolder, index.SealsHandle, index.Manifest.Seals);
            RequireCover(seals);
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
            new StructureCheck(index, _faults.Add).Run(cancellation);
            index.RequireSound();
        }
        catch (IndexCorruptException e)
        {
            // So far off that the check could not follow it; what it had found before is in the list.
            _faults.Add(new IndexFault(e.File, 0, 0, 0, 0, e.Reason));
        }
    }

    private void RequireCover(IReadOnlyList<Seal> seals)
    {
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
    }

    private void Check(Seal seal, CancellationToken cancellation)
    {
        var file = index.Layout.Files[seal.File];
        try
        {
            var found = Hash(file, seal, cancellation);
            if (!found.AsSpan().SequenceEqual(seal.Sha256.Span))
            {
                Report(file, seal, $"SHA-256 is {Convert.ToHexStringLower(found)}, sealed as {Convert.ToHexStringLower(seal.Sha256.Span)}");
            }
        }
        catch (IOException e)
        {
            Report(file, seal, $"cannot be read: {e.Message}");
        }
    }

    // Through reads and not through the map: a bad sector is then an error that can be reported, and not the end of
    // the process.
    private byte[] Hash(IndexFile file, Seal seal, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = System.Buffers.ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            for (var at = seal.From; at < seal.To;)
            {
                cancellation.ThrowIfCancellationRequested();
                var read = RandomAccess.Read(index.Map(file).Handle, block.AsSpan(0, (int)Math.Min(BlockBytes, seal.To - at)), at);
                if (read == 0)
                {
                    throw new EndOfStreamException($"the file ends at byte {at}");
                }

                hash.AppendData(block, 0, read);
                at += read;
                Interlocked.Add(ref _bytes, read);
            }

            return hash.GetHashAndReset();
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(block);
        }
    }

    private void Report(IndexFile file, Seal seal, string reason) =>
        _faults.Add(new IndexFault(file.Path, seal.From, seal.To, seal.From / file.RowBytes, (seal.To - 1) / file.RowBytes, reason));
}
