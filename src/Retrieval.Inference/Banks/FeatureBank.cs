using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Banks;

/// <summary>
/// All records of one side of an index, readable by the model's device: the mapped files themselves, or a copy in device memory.
/// Banks of successive generations share that memory; a generation that only appends copies only the new rows.
/// </summary>
public sealed class FeatureBank : IDisposable
{
    private readonly BankStorage? _storage;
    private readonly BankLayout _layout;
    private int _disposed;

    private FeatureBank(BankLayout layout, MappedRecords records, BankStorage? storage)
    {
        (_layout, _storage) = (layout, storage);
        Bytes = layout.Bytes(layout.Rows);
        Records = RecordTable.Over(layout.Side, records, storage?.Resident);
    }

    /// <summary>The table that a scorer takes as its bank. Its rows can be queries like those of any table.</summary>
    public RecordTable Records { get; }

    /// <summary>Number of items.</summary>
    public long Rows => _layout.Rows.Items;

    /// <summary>Bytes of the rows, without spare room.</summary>
    public long Bytes { get; }

    /// <summary>Items that fit without growing; for a mapped bank, the number of items.</summary>
    public long Capacity => _storage?.Capacity.Items ?? Rows;

    /// <summary>Bytes of device memory in use, including spare room and the rows of later generations; zero for a mapped bank.</summary>
    public long ResidentBytes => _storage?.CapacityBytes ?? 0;

    /// <summary>Whether the records were copied into the device's memory.</summary>
    public bool IsResident => _storage is not null;

    /// <summary>Opens a bank where the model computes.</summary>
    /// <param name="model">The model; its device and options determine where the bank is stored.</param>
    /// <param name="side">Whether it holds images or captions.</param>
    /// <param name="records">The mapped records. They must stay mapped and unchanged for the lifetime of the bank.</param>
    /// <param name="former">
    /// The bank of the previous generation, if <paramref name="records"/> begin with the same rows: the rows it holds are not copied
    /// from the files again. It remains usable, and its owner disposes of it, before or after this one.
    /// </param>
    /// <param name="keepFree">Bytes that the spare room leaves free for a bank that is opened after this one.</param>
    /// <param name="progress">Informed after every 64 MiB.</param>
    /// <param name="cancellationToken">Stops the copying; no resources are left allocated.</param>
    /// <exception cref="BankTooLargeException">It does not fit; nothing has been copied.</exception>
    /// <exception cref="DeviceException">The device failed.</exception>
    public static FeatureBank Open(
        MatchingModel model,
        RecordSide side,
        MappedRecords records,
        FeatureBank? former = null,
        long keepFree = 0,
        IProgress<BankProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Open(model.BankBudget, side, records, former, keepFree, progress, cancellationToken);
    }

    /// <summary>Bytes that a bank of these records needs, without spare room.</summary>
    public static long BytesOf(RecordSide side, MappedRecords records)
    {
        ArgumentNullException.ThrowIfNull(records);
        var layout = new BankLayout(side, records);
        return layout.Bytes(layout.Rows);
    }

    /// <summary>
    /// Same as <see cref="Open(MatchingModel, RecordSide, MappedRecords, FeatureBank?, long, IProgress{BankProgress}?, CancellationToken)"/>; without a budget the bank stays mapped.
    /// </summary>
    internal static FeatureBank Open(
        MemoryBudget? budget,
        RecordSide side,
        MappedRecords records,
        FeatureBank? former = null,
        long keepFree = 0,
        IProgress<BankProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        var layout = new BankLayout(side, records);
        if (budget is null)
        {
            return new FeatureBank(layout, records, null);
        }

        if (former?._storage is not { } held || !layout.Continues(former._layout) || !held.TryHold(budget))
        {
            return Made(layout, records, BankStorage.Fill(layout, budget, null, keepFree, progress, cancellationToken));
        }

        var shared = false;
        try
        {
            shared = held.TryAppend(former._layout, layout, progress, cancellationToken);
            return Made(layout, records, shared ? held : BankStorage.Fill(layout, budget, (held, former._layout), keepFree, progress, cancellationToken));
        }
        finally
        {
            // If the storage is shared, the new bank has taken over the hold.
            if (!shared)
            {
                held.Release();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Records.Dispose();
            _storage?.Leave(_layout.Rows);
            _storage?.Release();
        }
    }

    private static FeatureBank Made(BankLayout layout, MappedRecords records, BankStorage storage)
    {
        try
        {
            return new FeatureBank(layout, records, storage);
        }
        catch
        {
            storage.Leave(layout.Rows);
            storage.Release();
            throw;
        }
    }
}
