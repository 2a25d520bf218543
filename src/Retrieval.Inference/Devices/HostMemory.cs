using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Retrieval.Inference.Devices;

/// <summary>The process's own memory, outside the garbage-collected heap.</summary>
internal sealed unsafe class HostMemory : DeviceMemory
{
    private const nuint Alignment = 64;
    private const string MemoryFacts = "/proc/meminfo";
    private const string Available = "MemAvailable:";

    public override OrtMemoryInfo Info => OrtMemoryInfo.DefaultInstance;

    public override long Reserve => 0;

    public override (long Total, long Free) Measure()
    {
        // The limit of the container or machine for the process; then, for the machine, what other processes have left.
        var total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var free = Math.Max(0, total - Environment.WorkingSet);
        return (total, MachineAvailable() is { } available ? Math.Min(free, available) : free);
    }

    // Spare capacity uses no memory until it is written: the operating system assigns pages when they are first touched.
    public override nint Allocate(long bytes)
    {
        try
        {
            return (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(1, bytes), Alignment);
        }
        catch (OutOfMemoryException exception)
        {
            throw new DeviceException($"the process cannot get {bytes} bytes of memory", exception);
        }
    }

    public override void Free(nint address) => NativeMemory.AlignedFree((void*)address);

    public override void CopyIn(nint target, nint source, long bytes) => Buffer.MemoryCopy((void*)source, (void*)target, bytes, bytes);

    public override void CopyWithin(nint target, nint source, long bytes) => CopyIn(target, source, bytes);

    public override void Flush()
    {
    }

    private static long? MachineAvailable()
    {
        try
        {
            var line = File.ReadLines(MemoryFacts).FirstOrDefault(line => line.StartsWith(Available, StringComparison.Ordinal));
            var kilobytes = line?[Available.Length..].Replace("kB", "", StringComparison.Ordinal);
            return long.TryParse(kilobytes, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var found) ? found * 1024 : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
