using System.Diagnostics;

namespace Retrieval.Bench.Load;

/// <summary>How much of the machine the generator itself used: if it is much, the numbers measure the generator.</summary>
/// <param name="Cores">Processor time divided by elapsed time: 1 is one core all the time.</param>
/// <param name="ShareOfMachine">The same, divided by the number of cores this process may use.</param>
internal sealed record GeneratorLoad(double Cores, double ShareOfMachine)
{
    /// <summary>Starts measuring; the returned function gives the use since then.</summary>
    public static Func<GeneratorLoad> Start()
    {
        using var process = Process.GetCurrentProcess();
        var (used, started) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
        return () =>
        {
            using var now = Process.GetCurrentProcess();
            var cores = (now.TotalProcessorTime - used) / Stopwatch.GetElapsedTime(started);
            return new GeneratorLoad(cores, cores / Environment.ProcessorCount);
        };
    }
}
