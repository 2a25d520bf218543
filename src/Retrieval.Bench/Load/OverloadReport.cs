namespace Retrieval.Bench.Load;

/// <summary>How a server handled more load than its capacity.</summary>
/// <param name="Capacity">The closed loop's highest number of answers per second: the peak.</param>
/// <param name="GoodputShare">Answers per second under overload, divided by the peak.</param>
/// <param name="CalmP99Ms">99th percentile of the answers at 70 % of the peak, before the overload.</param>
/// <param name="OverloadP99Ms">The same for the requests accepted under overload.</param>
/// <param name="P99Ratio">The latter divided by the former.</param>
/// <param name="ShedShare">Share of 429 among all requests sent under overload.</param>
/// <param name="EveryShedHadRetryAfter">Whether every 429 said when to retry; null if there were none.</param>
/// <param name="OtherStatuses">Answers of the whole run that were neither 200 nor 429, by status.</param>
/// <param name="Failures">Requests of the whole run without an answer, by kind.</param>
/// <param name="NotSent">Requests under overload that the generator could not send for lack of permits.</param>
/// <param name="RecoveredAfterSeconds">End of the first second after the overload with answers, without a 429 or another failure, and with a 99th percentile within 1.5 × that before; null if there was none.</param>
internal sealed record OverloadReport(
    double Capacity,
    double GoodputShare,
    double? CalmP99Ms,
    double? OverloadP99Ms,
    double? P99Ratio,
    double ShedShare,
    bool? EveryShedHadRetryAfter,
    IReadOnlyDictionary<string, long> OtherStatuses,
    IReadOnlyDictionary<string, long> Failures,
    long NotSent,
    int? RecoveredAfterSeconds)
{
    /// <summary>Load before and after, as a share of the peak.</summary>
    public const double CalmLoad = 0.7;

    /// <summary>Load in between, as a multiple of the peak.</summary>
    public const double OverLoad = 10;

    private const double RecoveredWithin = 1.5;

    public static OverloadReport Of(double capacity, PhaseCounts calm, PhaseCounts over, PhaseCounts after, IReadOnlyList<SecondOfPhase> secondsAfter)
    {
        PhaseCounts[] all = [calm, over, after];
        var shed = all.Sum(phase => phase.Shed);
        var calmP99 = calm.AnsweredMs?.P99;
        var recovered = secondsAfter.FirstOrDefault(second => second is { Shed: 0, Other: 0, P99Ms: { } p99 } && p99 <= RecoveredWithin * calmP99);
        return new OverloadReport(
            capacity,
            over.GoodPerSecond / capacity,
            calmP99,
            over.AnsweredMs?.P99,
            over.AnsweredMs?.P99 / calmP99,
            over.Requests == 0 ? 0 : (double)over.Shed / over.Requests,
            shed == 0 ? null : shed == all.Sum(phase => phase.ShedWithRetryAfter),
            Sum(all.Select(phase => phase.Statuses.Where(status => status.Key is not ("200" or "429")))),
            Sum(all.Select(phase => phase.Faults)),
            over.NotSent,
            recovered is null ? null : recovered.Second + 1);
    }

    private static SortedDictionary<string, long> Sum(IEnumerable<IEnumerable<KeyValuePair<string, long>>> counts) =>
        new(counts.SelectMany(each => each).GroupBy(pair => pair.Key, pair => pair.Value).ToDictionary(group => group.Key, group => group.Sum()), StringComparer.Ordinal);
}
