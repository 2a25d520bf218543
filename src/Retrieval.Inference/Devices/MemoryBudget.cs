namespace Retrieval.Inference.Devices;

/// <summary>What banks have taken of a device's memory, and what they may still take.</summary>
/// <param name="memory">The memory.</param>
/// <param name="limit">Most bytes of all banks together; 0 for all that is free.</param>
internal sealed class MemoryBudget(DeviceMemory memory, long limit)
{
    private long _taken;

    public DeviceMemory Memory { get; } = memory;

    /// <summary>Bytes taken by banks that live.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Bytes that may be taken now.</summary>
    public long Available() => Available(Memory.Measure().Free);

    /// <summary>E.g. <c>the device has 24.0 GB free of 25.4 GB</c>, with the configured limit where there is one.</summary>
    public string Describe()
    {
        var (total, free) = Memory.Measure();
        var allowed = limit == 0 ? "" : $"; DeviceMemoryBytes allows banks {Gigabytes(limit)}, of which {Gigabytes(Taken)} are taken";
        var reserved = Memory.Reserve == 0 ? "" : $", {Gigabytes(Memory.Reserve)} of it kept for the runtime";
        return $"the device has {Gigabytes(free)} free of {Gigabytes(total)}{reserved}{allowed}";
    }

    /// <summary>Takes memory. The check against what is free was the caller's.</summary>
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

    /// <summary>Gives memory back.</summary>
    public void Free(nint address, long bytes)
    {
        Memory.Free(address);
        Interlocked.Add(ref _taken, -bytes);
    }

    /// <summary>Bytes for people.</summary>
    public static string Gigabytes(long bytes) => bytes >= 100_000_000
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB")
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB");

    private long Available(long free) => Math.Max(0, Math.Min(free - Memory.Reserve, limit == 0 ? long.MaxValue : limit - Taken));
}
