using Microsoft.ML.OnnxRuntime;
using Retrieval.Domain.Bundles;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Records;

/// <summary>Concatenates several tables.</summary>
internal static class RecordConcatenation
{
    public static RecordTable Of(IReadOnlyList<RecordTable> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0)
        {
            throw new ArgumentException("there is no table to take records from", nameof(parts));
        }

        var first = parts[0];
        if (parts.FirstOrDefault(part => part.Side != first.Side || !part.Fields.SequenceEqual(first.Fields)) is { } other)
        {
            throw new ArgumentException($"records of the side {other.Side} with the fields {Names(other)} cannot follow those of the side {first.Side} with {Names(first)}", nameof(parts));
        }

        var values = new List<OrtValue>(first.Fields.Count);
        try
        {
            var lengths = first.Fields.Any(field => field.Ragged) ? Lengths(parts) : null;
            var count = parts.Sum(part => part.Count);
            foreach (var field in first.Fields)
            {
                var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, field.Type.ToRuntime(), field.ShapeOf(field.Ragged ? lengths!.Sum() : count));
                values.Add(value);
                Fill(value.GetTensorMutableRawData(), field, parts);
            }

            return RecordTable.Owning(first.Side, count, first.Fields, values, lengths);
        }
        catch
        {
            values.ForEach(value => value.Dispose());
            throw;
        }
    }

    private static long[] Lengths(IReadOnlyList<RecordTable> parts)
    {
        var lengths = new long[parts.Sum(part => part.Count)];
        var filled = 0;
        foreach (var part in parts)
        {
            part.Lengths.CopyTo(lengths.AsSpan(filled));
            filled += part.Lengths.Length;
        }

        return lengths;
    }

    private static void Fill(Span<byte> target, FieldSpec field, IReadOnlyList<RecordTable> parts)
    {
        foreach (var part in parts)
        {
            var source = part.Bytes(field);
            if (!field.Ragged)
            {
                source.CopyTo(target);
                target = target[source.Length..];
                continue;
            }

            for (var item = 0L; item < part.Count; item++)
            {
                // The items of a mapped table need not be contiguous.
                var (start, length) = part.Extent(item);
                var rows = source.Slice(checked((int)(start * field.RowBytes)), checked((int)(length * field.RowBytes)));
                rows.CopyTo(target);
                target = target[rows.Length..];
            }
        }
    }

    private static string Names(RecordTable table) => string.Join(", ", table.Fields.Select(field => field.Name));
}
