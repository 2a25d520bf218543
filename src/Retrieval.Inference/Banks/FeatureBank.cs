using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Banks;

/// <summary>
/// All records of one side of an index where the model's device reads them: the mapped files themselves, or a copy in
/// the device's memory. Banks of successive generations share that memory; a generation that only appends copies only
/// what came.
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

    /// <summary>What a scorer takes as its bank. Rows of it are queries like those of any table.</summary>
    public RecordTable Records { get; }

    /// <summary>Items.</summary>
    public long Rows => _layout.Rows.Items;

    /// <summary>Bytes of the rows, spare room not counted.</summary>
    public long Bytes { get; }

    /// <summary>Items there is room for without growing; of a mapped bank, those it has.</summary>
    public long Capacity => _storage?.Capacity.Items ?? Rows;

    /// <summary>Bytes of device memory taken, spare room and the rows of later generations included; zero for a mapped bank.</summary>
    public long ResidentBytes => _storage?.CapacityBytes ?? 0;

    /// <summary>Whether the records were copied into the device's memory.</summary>
    public bool IsResident => _storage is not null;

    /// <summary>Opens a bank where the model computes.</summary>
    /// <param name="model">The model; its device and options say where the bank lies.</param>
    /// <param name="side">Whose records.</param>
    /// <param name="records">The records as they are mapped. They must stay mapped and unchanged for as long as the bank lives.</param>
    /// <param name="former">
    /// The bank of the generation before, if <paramref name="records"/> begin with the same rows: what it holds is not
    /// copied from the files again. It goes on being usable, and is disposed of by its owner, before or after this one.
    /// </param>
    /// <param name="keepFree">Bytes that spare room leaves for a bank that is opened after this one.</param>
    /// <param name="progress">Told after every 64 MiB.</param>
    /// <param name="cancellationToken">Ends the copying; nothing is left behind.</param>
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

    /// <summary>As <see cref="Open(MatchingModel, RecordSide, MappedRecords, FeatureBank?, long, IProgress{BankProgress}?, CancellationToken)"/>; without a budget the bank stays mapped.</summary>
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
            // Shared, the hold is the new bank's.
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
