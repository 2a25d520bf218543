using System.Globalization;

namespace Retrieval.Inference.Devices;

/// <summary>
/// The processors that this process may compute on. ONNX Runtime counts those of the machine, and so starts more threads than a
/// container may run at once; docs/devices.md has what that costs.
/// </summary>
internal static class UsableProcessors
{
    private const string AllowedLine = "Cpus_allowed_list:";

    /// <summary>
    /// Cores, at least 1: those of the processors in the affinity mask (a cgroup's cpuset, <c>taskset</c>), counted once where one core
    /// is several processors, and no more than a cgroup's quota of processor time, rounded up.
    /// </summary>
    public static int Cores { get; } = Math.Max(1, Math.Min(Environment.ProcessorCount, CountCores("/proc/self/status", "/sys/devices/system/cpu") ?? int.MaxValue));

    /// <summary>Threads for one computation.</summary>
    /// <param name="configured">As configured; 0 for all cores.</param>
    public static int Threads(int configured) => configured == 0 ? Cores : configured;

    /// <summary>Cores of the processors that a process may use, by Linux's files; null where they cannot be read.</summary>
    /// <param name="status">The process's status file.</param>
    /// <param name="processors">The folder with a folder for each processor.</param>
    internal static int? CountCores(string status, string processors)
    {
        try
        {
            var allowed = File.ReadLines(status).FirstOrDefault(line => line.StartsWith(AllowedLine, StringComparison.Ordinal));
            return allowed is null ? null : Numbers(allowed[AllowedLine.Length..]).Select(number => Siblings(processors, number)).Distinct(StringComparer.Ordinal).Count();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return null;
        }
    }

    // The same text for all processors of one core.
    private static string Siblings(string processors, int number) =>
        File.ReadAllText(Path.Combine(processors, $"cpu{number}", "topology", "thread_siblings_list")).Trim();

    // As in "0-3,8".
    private static IEnumerable<int> Numbers(string list) => list.Split(',', StringSplitOptions.TrimEntries).SelectMany(range =>
    {
        var ends = range.Split('-');
        var (first, last) = (Number(ends[0]), Number(ends[^1]));
        return Enumerable.Range(first, checked(last - first + 1));
    });

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
