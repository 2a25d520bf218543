using System.Diagnostics;

namespace Retrieval.Bench.Load;

/// <summary>What the generator itself took of the machine: were it much, the numbers would be its own.</summary>
/// <param name="Cores">Processor time over time: 1 is one core all the time.</param>
/// <param name="ShareOfMachine">The same over all cores this process may use.</param>
internal sealed record GeneratorLoad(double Cores, double ShareOfMachine)
{
    /// <summary>Begins to measure; the result says what has been taken since.</summary>
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
