using System.Globalization;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Banks;

/// <summary>One contiguous tensor of a bank.</summary>
/// <param name="Name">The field, or offset or length.</param>
/// <param name="RowBytes">Bytes of one row.</param>
/// <param name="Ragged">Whether its rows are words or regions instead of items.</param>
/// <param name="Source">Address of its mapped rows.</param>
internal readonly record struct BankColumn(string Name, long RowBytes, bool Ragged, nint Source);

/// <summary>Numbers of rows: items, and the words, or regions, that ragged fields hold for them.</summary>
internal readonly record struct BankRows(long Items, long Words)
{
    public long Of(in BankColumn column) => column.Ragged ? Words : Items;

    public bool Holds(BankRows other) => other.Items <= Items && other.Words <= Words;
}

/// <summary>The columns of a bank and the arithmetic of its size. A bank may exceed the range of an int.</summary>
internal sealed class BankLayout
{
    private const long LeastSpare = 256;
    private const long UsualSpare = 4096;
    private const int SpareShare = 8;

    public BankLayout(RecordSide side, MappedRecords records)
    {
        Side = side;
        var columns = records.Fields.Select(field => new BankColumn(field.Field.Name, field.Field.RowBytes, field.Field.Ragged, field.Address)).ToList();
        if (columns.Exists(column => column.Ragged))
        {
            columns.Add(new BankColumn(RecordTable.Offset, sizeof(long), false, records.Offsets));
            columns.Add(new BankColumn(RecordTable.Length, sizeof(long), false, records.Lengths));
        }

        Columns = columns;
        Rows = new BankRows(records.Count, records.Fields.Where(field => field.Field.Ragged).Select(field => field.Rows).DefaultIfEmpty(0).Max());
    }

    public RecordSide Side { get; }

    public IReadOnlyList<BankColumn> Columns { get; }

    public BankRows Rows { get; }

    /// <summary>Size in bytes of the given numbers of rows.</summary>
    public long Bytes(BankRows rows) => Columns.Sum(column => checked(rows.Of(column) * column.RowBytes));

    /// <summary>Whether another bank has the same columns, so that its rows can be kept.</summary>
    public bool Continues(BankLayout former) =>
        Side == former.Side && Rows.Holds(former.Rows)
        && Columns.Select(column => column with { Source = 0 }).SequenceEqual(former.Columns.Select(column => column with { Source = 0 }));

    /// <summary>
    /// Rows to allocate: the existing ones plus an eighth of them or a few thousand, whichever is more, so that most generations
    /// only append; fewer if there is not enough memory.
    /// </summary>
    /// <exception cref="BankTooLargeException">There is not enough memory for the existing rows.</exception>
    public BankRows Fit(MemoryBudget budget, BankLayout? grown, long keepFree)
    {
        var available = budget.Available();
        var needed = Bytes(Rows);
        if (needed > available)
        {
            throw new BankTooLargeException(Refusal(budget, needed, grown), needed, available);
        }

        var spare = new BankRows(Spare(Rows.Items), Spare(Rows.Words));
        var left = Math.Max(0, available - needed - keepFree);
        var share = Math.Min(1.0, left / Math.Max(1.0, Bytes(spare)));
        var room = new BankRows(Rows.Items + (long)(spare.Items * share), Rows.Words + (long)(spare.Words * share));

        // The computed share is rounded; the limit is exact.
        return Bytes(room) <= needed + left ? room : Rows;
    }

    /// <summary>E.g. <c>123,000 rows × 223,520 bytes</c>.</summary>
    public string Arithmetic()
    {
        var items = Count(Rows.Items, "rows", Columns.Where(column => !column.Ragged));
        return Columns.Any(column => column.Ragged) ? $"{items} and {Count(Rows.Words, Side == RecordSide.Image ? "regions" : "words", Columns.Where(column => column.Ragged))}" : items;

        static string Count(long rows, string what, IEnumerable<BankColumn> columns) =>
            string.Create(CultureInfo.InvariantCulture, $"{rows:N0} {what} × {columns.Sum(column => column.RowBytes):N0} bytes");
    }

    private static long Spare(long rows) => Math.Max(rows / SpareShare, Math.Clamp(rows, LeastSpare, UsualSpare));

    private string Refusal(MemoryBudget budget, long needed, BankLayout? grown)
    {
        var bank = Side == RecordSide.Image ? "the bank of images" : "the bank of captions";
        var both = grown is null ? "" : $", in addition to the {MemoryBudget.Gigabytes(grown.Bytes(grown.Rows))} that serve until it is filled (a restarted server needs room for the new one only)";
        return $"{bank} needs {MemoryBudget.Gigabytes(needed)}: {Arithmetic()}{both}; {budget.Describe()}. Use a bundle of the compact profile, of float16 or of int8 records, or a device with more memory";
    }
}
