using System.Diagnostics;

namespace Retrieval.Bench.Load;

/// <summary>Time of one phase in seconds: negative during the warm-up, 0 where the measurement starts.</summary>
/// <param name="warmUp">Seconds from now to 0.</param>
internal sealed class PhaseClock(double warmUp)
{
    private readonly long _zero = Stopwatch.GetTimestamp() + (long)(warmUp * Stopwatch.Frequency);

    /// <summary>Now.</summary>
    public double Now => (double)(Stopwatch.GetTimestamp() - _zero) / Stopwatch.Frequency;
}
