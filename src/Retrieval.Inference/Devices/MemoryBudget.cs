namespace Retrieval.Inference.Devices;

/// <summary>How much of a device's memory banks use, and how much more they may use.</summary>
/// <param name="memory">The memory.</param>
/// <param name="limit">Most bytes of all banks together; 0 for all free memory.</param>
internal sealed class MemoryBudget(DeviceMemory memory, long limit)
{
    private long _taken;

    public DeviceMemory Memory { get; } = memory;

    /// <summary>Bytes in use by existing banks.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Bytes available now.</summary>
    public long Available() => Available(Memory.Measure().Free);

    /// <summary>E.g. <c>the device has 24.0 GB free of 25.4 GB</c>, with the configured limit if there is one.</summary>
    public string Describe()
    {
        var (total, free) = Memory.Measure();
        var allowed = limit == 0 ? "" : $"; DeviceMemoryBytes allows banks {Gigabytes(limit)}, of which {Gigabytes(Taken)} are taken";
        var reserved = Memory.Reserve == 0 ? "" : $", {Gigabytes(Memory.Reserve)} of it kept for the runtime";
        return $"the device has {Gigabytes(free)} free of {Gigabytes(total)}{reserved}{allowed}";
    }

    /// <summary>Allocates memory. The caller has already checked that it is available.</summary>
    public nint Allocate(long bytes)
    {
        Interlocked.Add(ref _taken, bytes);
        try
        {
            return Memory.Allocate(bytes);
        }
        catch
        {
            Interlocked.Add(ref _taken, -bytes);
            throw;
        }
    }

    /// <summary>Frees memory.</summary>
    public void Free(nint address, long bytes)
    {
        Memory.Free(address);
        Interlocked.Add(ref _taken, -bytes);
    }

    /// <summary>Formats a number of bytes for people.</summary>
    public static string Gigabytes(long bytes) => bytes >= 100_000_000
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB")
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB");

    private long Available(long free) => Math.Max(0, Math.Min(free - Memory.Reserve, limit == 0 ? long.MaxValue : limit - Taken));
}
