using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Banks;

/// <summary>
/// Device memory that the banks of successive generations share. Rows never change once filled; only the newest bank is extended,
/// with rows appended after its own. The memory is freed with the last of its banks.
/// </summary>
internal sealed class BankStorage
{
    // Small enough that a cancelled load ends soon and progress moves, large enough that the start of a copy costs nothing.
    private const long ChunkBytes = 64L << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (nint Address, long Bytes)> _columns = new(StringComparer.Ordinal);
    private readonly MemoryBudget _budget;

    // Rows of each bank that is alive or being filled; each begins with the rows of those before it.
    private readonly List<BankRows> _held = [];
    private BankRows _filled;
    private int _users = 1;

    private BankStorage(BankLayout layout, BankRows capacity, MemoryBudget budget)
    {
        (_budget, Capacity) = (budget, capacity);
        try
        {
            foreach (var column in layout.Columns)
            {
                var bytes = checked(capacity.Of(column) * column.RowBytes);
                _columns[column.Name] = (budget.Allocate(bytes), bytes);
            }
        }
        catch
        {
            Release();
            throw;
        }
    }

    public BankRows Capacity { get; }

    public long CapacityBytes => _columns.Values.Sum(column => column.Bytes);

    public ResidentRecords Resident => new(_budget.Memory.Info, name => _columns[name].Address);

    /// <summary>Allocates memory for all rows of a bank and fills it.</summary>
    /// <param name="layout">The bank.</param>
    /// <param name="budget">The memory to allocate from.</param>
    /// <param name="outgrown">Device storage that holds the bank's first rows, with its layout; the caller keeps it alive.</param>
    /// <param name="keepFree">Bytes that the spare room leaves free.</param>
    /// <param name="progress">Informed after every chunk.</param>
    /// <param name="cancellationToken">Stops the copying; the memory is released.</param>
    public static BankStorage Fill(
        BankLayout layout, MemoryBudget budget, (BankStorage Storage, BankLayout Layout)? outgrown, long keepFree, IProgress<BankProgress>? progress, CancellationToken cancellationToken)
    {
        var storage = new BankStorage(layout, layout.Fit(budget, outgrown?.Layout, keepFree), budget);
        try
        {
            var copy = new Copy(layout, layout.Bytes(layout.Rows), progress, cancellationToken);
            if (outgrown is var (old, former))
            {
                storage.Copied(copy, default, former.Rows, column => old._columns[column.Name].Address, budget.Memory.CopyWithin);
            }

            storage.Copied(copy, outgrown?.Layout.Rows ?? default, layout.Rows, column => column.Source, budget.Memory.CopyIn);
            budget.Memory.Flush();
            storage._held.Add(layout.Rows);
            storage._filled = layout.Rows;
            return storage;
        }
        catch
        {
            storage.Release();
            throw;
        }
    }

    /// <summary>Keeps the storage alive for one more bank; false if its last bank has already ended.</summary>
    public bool TryHold(MemoryBudget budget)
    {
        lock (_gate)
        {
            if (_users == 0 || !ReferenceEquals(budget, _budget))
            {
                return false;
            }

            _users++;
            return true;
        }
    }

    /// <summary>
    /// Copies the rows that <paramref name="layout"/> has in addition to <paramref name="former"/> into the spare room. False if there
    /// is not enough of it, or if another bank already extends the former one: its rows are in use.
    /// </summary>
    public bool TryAppend(BankLayout former, BankLayout layout, IProgress<BankProgress>? progress, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (layout.Rows != former.Rows)
            {
                if (_filled != former.Rows || !Capacity.Holds(layout.Rows))
                {
                    return false;
                }

                _filled = layout.Rows;
            }

            _held.Add(layout.Rows);
        }

        if (layout.Rows == former.Rows)
        {
            return true;
        }

        try
        {
            var copy = new Copy(layout, layout.Bytes(layout.Rows) - layout.Bytes(former.Rows), progress, cancellationToken);
            Copied(copy, former.Rows, layout.Rows, column => column.Source, _budget.Memory.CopyIn);
            _budget.Memory.Flush();
            return true;
        }
        catch
        {
            // No bank was created from these rows.
            Leave(layout.Rows);
            throw;
        }
    }

    /// <summary>
    /// Called when a bank ends. Rows that no other bank holds become spare room again. For example, an abandoned generation (its other
    /// bank did not fit) uses no memory.
    /// </summary>
    public void Leave(BankRows rows)
    {
        lock (_gate)
        {
            _held.Remove(rows);
            _filled = _held.Count == 0 ? default : _held.MaxBy(held => (held.Items, held.Words));
        }
    }

    /// <summary>Releases the hold of one bank.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (--_users > 0)
            {
                return;
            }
        }

        foreach (var (address, bytes) in _columns.Values)
        {
            _budget.Free(address, bytes);
        }
    }

    private void Copied(Copy copy, BankRows from, BankRows to, Func<BankColumn, nint> source, Action<nint, nint, long> move)
    {
        foreach (var column in copy.Layout.Columns)
        {
            var last = to.Of(column) * column.RowBytes;
            for (var at = from.Of(column) * column.RowBytes; at < last;)
            {
                copy.CancellationToken.ThrowIfCancellationRequested();
                var bytes = Math.Min(ChunkBytes, last - at);
                move(_columns[column.Name].Address + (nint)at, source(column) + (nint)at, bytes);
                at += bytes;
                copy.Done(bytes);
            }
        }
    }

    private sealed class Copy(BankLayout layout, long total, IProgress<BankProgress>? progress, CancellationToken cancellationToken)
    {
        private long _done;

        public BankLayout Layout => layout;

        public CancellationToken CancellationToken => cancellationToken;

        public void Done(long bytes) => progress?.Report(new BankProgress(layout.Side, _done += bytes, total));
    }
}
