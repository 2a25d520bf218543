using Retrieval.Terminal.Output;

namespace Retrieval.Bench;

/// <summary>Several measurements of the same thing.</summary>
/// <param name="Median">The median.</param>
/// <param name="Min">The smallest.</param>
/// <param name="Max">The largest.</param>
internal sealed record Samples(double Median, double Min, double Max)
{
    public static Samples Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new Samples((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[0], sorted[^1]);
    }

    /// <summary>E.g. <c>1,020 (990 … 1,101)</c>.</summary>
    public string Show(int digits) => $"{Units.Fixed(Median, digits)} ({Units.Fixed(Min, digits)} … {Units.Fixed(Max, digits)})";
}
