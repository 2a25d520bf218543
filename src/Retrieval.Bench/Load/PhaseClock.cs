using System.Diagnostics;

namespace Retrieval.Bench.Load;

/// <summary>Seconds of one phase: negative while it warms up, 0 where it is measured from.</summary>
/// <param name="warmUp">Seconds from now to 0.</param>
internal sealed class PhaseClock(double warmUp)
{
    private readonly long _zero = Stopwatch.GetTimestamp() + (long)(warmUp * Stopwatch.Frequency);

    /// <summary>Now.</summary>
    public double Now => (double)(Stopwatch.GetTimestamp() - _zero) / Stopwatch.Frequency;
}
