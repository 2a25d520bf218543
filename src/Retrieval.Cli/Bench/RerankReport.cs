namespace Retrieval.Cli.Bench;

/// <summary>What <see cref="RerankBench"/> found.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Options">With what.</param>
/// <param name="Bundles">The bundles and their encoders: the one measured, and the one it is compared with.</param>
/// <param name="Scorers">Each direction at each number of pairs a call.</param>
/// <param name="MatrixProductGflops">Rate of plain float32 matrix products in the same runtime: the ceiling.</param>
internal sealed record RerankReport(
    Machine Machine, RerankOptions Options, IReadOnlyList<EncoderReport> Bundles, IReadOnlyList<ScorerReport> Scorers, Samples MatrixProductGflops)
{
    /// <summary>For each direction, the best rate of the one over the best rate of the other, each at its own best number of pairs a call.</summary>
    public IReadOnlyDictionary<string, double>? BestRatio => Bundles.Count < 2
        ? null
        : Scorers.GroupBy(row => row.Direction).ToDictionary(
            rows => rows.Key, rows => rows.Max(row => row.PairsPerSecond.Median) / rows.Max(row => row.AgainstPairsPerSecond!.Median));

    /// <summary>Largest absolute difference of a score between the two bundles, over all pairs scored.</summary>
    public double? LargestDifference => Scorers.Max(row => row.LargestDifference);

    /// <summary>Pairs a second if the machine did nothing but the products of a pair; null if their number is not known.</summary>
    public double? CeilingPairsPerSecond => MatrixProductGflops.Median * 1000 / Options.MflopPerPair;

    /// <summary>The best rate as a share of the ceiling, for each direction.</summary>
    public IReadOnlyDictionary<string, double>? ShareOfCeiling => CeilingPairsPerSecond is not { } ceiling
        ? null
        : Scorers.GroupBy(row => row.Direction).ToDictionary(rows => rows.Key, rows => rows.Max(row => row.PairsPerSecond.Median) / ceiling);
}
