namespace Retrieval.Bench.Load;

/// <summary>What the server's metrics say about a run. The names are the server's; this program knows none of them.</summary>
/// <param name="Scrapes">How often they were read, including the start and the end.</param>
/// <param name="FailedScrapes">How often they could not be read.</param>
/// <param name="ActiveRequestsAfter">Requests the server was still handling after all had ended, after a wait; null if unknown.</param>
/// <param name="Series">Series that changed or are not 0, by name.</param>
internal sealed record MetricsReport(int Scrapes, int FailedScrapes, long? ActiveRequestsAfter, IReadOnlyList<SeriesChange> Series)
{
    private static readonly string[] Told =
        ["retrieval_", "aspnetcore_rate_limiting_", "kestrel_active_connections", "kestrel_rejected", "dotnet_process_cpu_time", "dotnet_process_memory_working_set"];

    /// <summary>The series for people: those of the service, of the limiter and of the process; gauges only if they changed.</summary>
    public IEnumerable<SeriesChange> ForPeople() => Series.Where(series =>
        Array.Exists(Told, prefix => series.Name.StartsWith(prefix, StringComparison.Ordinal)) && (series.First is not { } first || first != series.Peak || first != series.Last));

    /// <summary>Combines two scrapes and the peaks between them.</summary>
    public static IReadOnlyList<SeriesChange> Compare(PrometheusScrape before, PrometheusScrape after, IReadOnlyDictionary<string, double> peaks)
    {
        var changes = new List<SeriesChange>();
        foreach (var (series, last) in after.Values)
        {
            var growth = last - before.Values.GetValueOrDefault(series);
            switch (after.KindOf(series))
            {
                case "counter" when growth != 0:
                    changes.Add(new SeriesChange(series, "counter", growth, null, null, null, last));
                    break;
                case "histogram" when PrometheusScrape.Family(series) is var family && family.EndsWith("_count", StringComparison.Ordinal) && growth > 0:
                    var labels = series[family.Length..];
                    var sum = family[..^"count".Length] + "sum" + labels;
                    var total = after.Values.GetValueOrDefault(sum) - before.Values.GetValueOrDefault(sum);
                    changes.Add(new SeriesChange(family[..^"_count".Length] + labels, "histogram", growth, total / growth, null, null, null));
                    break;
                case "gauge" or "untyped" when last != 0 || peaks.GetValueOrDefault(series) != 0:
                    changes.Add(new SeriesChange(series, after.KindOf(series), null, null, last - growth, Math.Max(last, peaks.GetValueOrDefault(series, last)), last));
                    break;
                default:
                    break;
            }
        }

        return [.. changes.OrderBy(change => change.Name, StringComparer.Ordinal)];
    }
}
