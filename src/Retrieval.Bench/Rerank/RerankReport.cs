namespace Retrieval.Bench.Rerank;

/// <summary>Results of <see cref="RerankBench"/>.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Options">The options.</param>
/// <param name="Bundles">The bundles and their encoders: the measured one, and those it is compared with.</param>
/// <param name="Scorers">Each direction with each batch size.</param>
/// <param name="MatrixProductGflops">Rate of plain float32 matrix products in the same runtime: the upper bound.</param>
internal sealed record RerankReport(
    Machine Machine, RerankOptions Options, IReadOnlyList<EncoderReport> Bundles, IReadOnlyList<ScorerReport> Scorers, Samples MatrixProductGflops)
{
    /// <summary>The best rate of the first bundle divided by that of each other bundle, each with its own best batch size.</summary>
    public IReadOnlyList<BestRatio> BestRatios =>
        [.. Scorers.GroupBy(row => row.Direction).SelectMany(rows => Enumerable.Range(1, Bundles.Count - 1)
            .Select(other => new BestRatio(rows.Key, Bundles[other].Bundle, Best(rows, 0) / Best(rows, other))))];

    /// <summary>Largest absolute difference of a score between the first bundle and any other, over all pairs scored.</summary>
    public double? LargestDifference => Scorers.Max(row => row.Rates.Max(rate => rate.LargestDifference));

    /// <summary>Pairs per second if the machine computed only the products of a pair; null if their number is not known.</summary>
    public double? CeilingPairsPerSecond => MatrixProductGflops.Median * 1000 / Options.MflopPerPair;

    /// <summary>The best rate of the first bundle as a share of that upper bound, for each direction.</summary>
    public IReadOnlyDictionary<string, double>? ShareOfCeiling => CeilingPairsPerSecond is not { } ceiling
        ? null
        : Scorers.GroupBy(row => row.Direction).ToDictionary(rows => rows.Key, rows => Best(rows, 0) / ceiling);

    private static double Best(IEnumerable<ScorerReport> rows, int bundle) => rows.Max(row => row.Rates[bundle].PairsPerSecond.Median);
}
