using System.Reflection;
using System.Runtime.InteropServices;

namespace Retrieval.Bench;

/// <summary>The machine and versions of a measurement: a number means nothing without them.</summary>
/// <param name="Processor">Model of the processor.</param>
/// <param name="Cores">Processors this process may use.</param>
/// <param name="MemoryBytes">Memory this process may use.</param>
/// <param name="Os">The operating system.</param>
/// <param name="Runtime">The .NET runtime.</param>
/// <param name="Version">This program's version and commit.</param>
/// <param name="Date">Time of the measurement, in UTC.</param>
internal sealed record Machine(string Processor, int Cores, long MemoryBytes, string Os, string Runtime, string Version, DateTimeOffset Date)
{
    public static Machine Current() => new(
        ProcessorModel(),
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
        TimeProvider.System.GetUtcNow());

    /// <summary>One line for people to read.</summary>
    public string Describe() => $"{Processor}, {Cores} cores, {Runtime}, {Version}";

    private static string ProcessorModel()
    {
        const string file = "/proc/cpuinfo";
        var line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
