using System.Runtime.InteropServices;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Records;

namespace Retrieval.Bench.Rerank;

/// <summary>
/// The records of a few items, repeated, with separate memory for each copy, in the layout of an index's mapping: a bank of any size
/// that takes no time to encode and as long to read as a real one.
/// </summary>
internal sealed unsafe class RepeatedRecords : IDisposable
{
    // The rest of the host's memory is left to the system and the graphs.
    private const double MostOfMemory = 0.8;
    private readonly List<nint> _memory = [];

    /// <exception cref="InvalidInputException">The items do not fit into this machine's memory.</exception>
    /// <param name="few">Records from an encoder, at least one.</param>
    /// <param name="items">Number of items wanted.</param>
    public RepeatedRecords(RecordTable few, long items)
    {
        var lengths = few.Lengths;
        var rounds = items / few.Count;
        var rest = items % few.Count;
        var ragged = (rounds * Sum(lengths, lengths.Length)) + Sum(lengths, (int)rest);
        RequireRoom(few, items, ragged);
        try
        {
            var fields = few.Fields.Select(field =>
            {
                var rows = field.Ragged ? ragged : items;
                return (field, Repeat(few.Bytes(field), rows * field.RowBytes), rows);
            }).ToList();
            var isRagged = few.Fields.Any(field => field.Ragged);
            var (starts, counts) = isRagged ? Extents(lengths, items) : (0, 0);
            Mapped = new MappedRecords(items, fields, starts, counts);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The records; valid until this is disposed of.</summary>
    public MappedRecords Mapped { get; }

    public void Dispose()
    {
        _memory.ForEach(address => NativeMemory.Free((void*)address));
        _memory.Clear();
    }

    private static long Sum(ReadOnlySpan<long> lengths, int count)
    {
        long sum = 0;
        foreach (var length in lengths[..Math.Min(count, lengths.Length)])
        {
            sum += length;
        }

        return sum;
    }

    private static void RequireRoom(RecordTable few, long items, long ragged)
    {
        var bytes = few.Fields.Sum(field => (field.Ragged ? ragged : items) * field.RowBytes);
        var available = (long)(MostOfMemory * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        if (bytes > available)
        {
            throw new InvalidInputException(
                $"{items} records of {bytes / items} bytes are {bytes >> 20} MiB; this machine has room for {available >> 20} MiB of them, {available / (bytes / items)} records", field: "--images");
        }
    }

    private byte* Allocate(long bytes)
    {
        var address = NativeMemory.Alloc((nuint)Math.Max(1, bytes));
        _memory.Add((nint)address);
        return (byte*)address;
    }

    private nint Repeat(ReadOnlySpan<byte> rows, long bytes)
    {
        var target = Allocate(bytes);
        for (long done = 0; done < bytes; done += rows.Length)
        {
            var count = (int)Math.Min(rows.Length, bytes - done);
            rows[..count].CopyTo(new Span<byte>(target + done, count));
        }

        return (nint)target;
    }

    private (nint Starts, nint Lengths) Extents(ReadOnlySpan<long> lengths, long items)
    {
        var starts = (long*)Allocate(items * sizeof(long));
        var counts = (long*)Allocate(items * sizeof(long));
        long start = 0;
        for (long item = 0; item < items; item++)
        {
            starts[item] = start;
            counts[item] = lengths[(int)(item % lengths.Length)];
            start += counts[item];
        }

        return ((nint)starts, (nint)counts);
    }
}
