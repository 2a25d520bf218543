using Retrieval.Terminal.Output;
using Spectre.Console;
using ServerStages = Retrieval.Search.Telemetry.StageNames;

namespace Retrieval.Bench.Load;

/// <summary>Shows a load report to people.</summary>
internal static class LoadView
{
    /// <summary>From this share on, the measurement may be limited by the generator.</summary>
    private const double MuchOfMachine = 0.25;
    private const string None = "—";

    private static readonly string[] StageOrder =
        [ServerStages.Tokenize, ServerStages.Queue, ServerStages.Encode, ServerStages.Shortlist, ServerStages.Score, ServerStages.Assemble];

    public static void Show(IAnsiConsole console, LoadReport report)
    {
        var options = report.Options;
        console.WriteLine(report.Machine.Describe());
        console.WriteLine(
            $"{options.Server}: {report.Server.Model}, {report.Server.Precision} on {report.Server.Provider}; {Units.Count(report.Server.Images)} images, {Units.Count(report.Server.Captions)} captions, shortlists {report.Server.Shortlist}");
        console.WriteLine(
            $"asks for {(options.Kind == QueryKind.Both ? "images and captions" : options.Kind.ToString().ToLowerInvariant())} with {report.Queries.Captions} captions and {report.Queries.Images} images; shortlist {(options.Shortlist is { } size ? Units.Count(size) : "as the server says")}, top {options.Top}"
            + $"{(options.DeadlineMs is { } deadline ? $", deadline {deadline} ms" : "")}{(options.Disconnect > 0 ? $", {Percent(options.Disconnect)} leave within {options.DisconnectWithinMs} ms" : "")}");
        Levels(console, report);
        Stages(console, report);
        if (options.DeadlineMs is not null)
        {
            Deadlines(console, report);
        }

        if (report.Overload is { } overload)
        {
            Overload(console, overload);
        }

        if (report.Metrics is { } metrics)
        {
            Metrics(console, metrics);
        }

        Faults(console, report);
        Generator(console, report);
    }

    private static void Levels(IAnsiConsole console, LoadReport report)
    {
        var table = Tables.Titled(
            "queries, socket to socket; latencies of answers with 200, in ms, of an open loop from when they were due",
            "level", "#offered/s", "#answered/s", "#p50", "#p90", "#p99", "#max", "#200", "#degraded", "#429", "#504", "#other", "#failed", "#left", "#not sent");
        foreach (var (level, counts) in report.Levels.Select(level => (level, level.Counts)))
        {
            table.Add(
                level.Name,
                level.OfferedPerSecond is { } rate ? Units.Fixed(rate, 1) : None,
                Units.Fixed(counts.GoodPerSecond, 1),
                Ms(counts.AnsweredMs?.P50),
                Ms(counts.AnsweredMs?.P90),
                Ms(counts.AnsweredMs?.P99),
                Ms(counts.AnsweredMs?.Max),
                Units.Count(counts.Answered),
                Units.Count(counts.Degraded.Values.Sum()),
                Units.Count(counts.Shed),
                Units.Count(counts.Late),
                Units.Count(counts.Refused),
                Units.Count(counts.Failed),
                Units.Count(counts.Left),
                Units.Count(counts.NotSent));
        }

        console.Write(table);
    }

    private static void Stages(IAnsiConsole console, LoadReport report)
    {
        // In the order of a search by caption, which has all of them; unknown stages come last.
        var stages = report.Levels.SelectMany(level => level.Counts.StagesMs.Keys).Distinct()
            .OrderBy(stage => Array.IndexOf(StageOrder, stage) is >= 0 and var place ? place : StageOrder.Length).ToList();
        if (stages.Count == 0)
        {
            return;
        }

        var table = Tables.Titled("stages as the server times them: median (99th percentile), ms", ["level", .. stages.Select(stage => $"#{stage}")]);
        foreach (var level in report.Levels)
        {
            table.Add([level.Name, .. stages.Select(stage => level.Counts.StagesMs.TryGetValue(stage, out var ms) ? $"{Units.Fixed(ms.P50, 2)} ({Units.Fixed(ms.P99, 2)})" : None)]);
        }

        console.Write(table);
    }

    private static void Deadlines(IAnsiConsole console, LoadReport report)
    {
        var table = Tables.Titled("deadlines: time beyond them from when a request was sent, of answers with 200 and 504, ms", "level", "#p50", "#p99", "#max", "#degraded", "#504");
        foreach (var (level, counts) in report.Levels.Select(level => (level, level.Counts)))
        {
            double ended = Math.Max(1, counts.Answered + counts.Late);
            table.Add(
                level.Name, Ms(counts.OverrunMs?.P50), Ms(counts.OverrunMs?.P99), Ms(counts.OverrunMs?.Max),
                Percent(counts.Degraded.Values.Sum() / ended), Percent(counts.Late / ended));
        }

        console.Write(table);
    }

    private static void Overload(IAnsiConsole console, OverloadReport overload) => console.Write(Tables.Facts(
        "overload",
        ("capacity: the closed loop at its best, answers/s", Units.Fixed(overload.Capacity, 1)),
        ("goodput / capacity", Percent(overload.GoodputShare)),
        ("99th percentile before, ms", Ms(overload.CalmP99Ms)),
        ("99th percentile of the accepted, ms", Ms(overload.OverloadP99Ms)),
        ("the one over the other", overload.P99Ratio is { } ratio ? Units.Fixed(ratio, 2) : None),
        ("shed with 429", Percent(overload.ShedShare)),
        ("every 429 had Retry-After", overload.EveryShedHadRetryAfter switch { true => "yes", false => "no", null => "there was none" }),
        ("other statuses", Counts(overload.OtherStatuses)),
        ("without an answer", Counts(overload.Failures)),
        ("not sent: no room in the generator", Units.Count(overload.NotSent)),
        ("recovered by the end of second", overload.RecoveredAfterSeconds?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "not within the run")));

    private static void Metrics(IAnsiConsole console, MetricsReport metrics)
    {
        var table = Tables.Titled("the server's /metrics over the whole run", "series", "#growth", "#mean", "#peak seen", "#at the end");
        foreach (var series in metrics.ForPeople())
        {
            table.Add(series.Name.Replace("{aspnetcore_rate_limiting_", "{", StringComparison.Ordinal).Replace(",aspnetcore_rate_limiting_", ",", StringComparison.Ordinal), Number(series.Growth), Number(series.Mean), Number(series.Peak), Number(series.Last));
        }

        console.Write(table);
        if (metrics.ActiveRequestsAfter is { } active)
        {
            console.WriteLine($"requests the server still worked on when all had ended: {active}");
        }
    }

    private static void Faults(IAnsiConsole console, LoadReport report)
    {
        foreach (var level in report.Levels.Where(level => level.Counts.Faults.Count > 0))
        {
            console.WriteLine($"{level.Name}: without an answer: {Counts(level.Counts.Faults)}");
        }
    }

    private static void Generator(IAnsiConsole console, LoadReport report)
    {
        var most = report.Levels.MaxBy(level => level.Generator.Cores)!;
        console.WriteLine(
            $"the generator took up to {Units.Fixed(most.Generator.Cores, 2)} cores, {Percent(most.Generator.ShareOfMachine)} of this machine ({most.Name})"
            + (most.Generator.ShareOfMachine > MuchOfMachine ? "; that much may be what limits the server, if it runs here too" : ""));
        if (report.Levels.Where(level => level.Loop == "open").MaxBy(level => level.Counts.SentLateMs?.P99 ?? 0) is { Counts.SentLateMs: { } late } level)
        {
            console.WriteLine($"it sent {Ms(late.P50)} ms late, {Ms(late.P99)} ms at the 99th percentile ({level.Name}): part of the latencies; at most {report.PeakInFlight} of {report.Options.InFlight} in flight");
        }
    }

    private static string Ms(double? milliseconds) => milliseconds is { } ms ? Units.Fixed(ms, ms < 100 ? 2 : 0) : None;

    private static string Percent(double share) => $"{Units.Fixed(100 * share, 1)} %";

    private static string Number(double? number) => number is { } value ? Units.Fixed(value, value == Math.Round(value) ? 0 : 4) : "";

    private static string Counts(IReadOnlyDictionary<string, long> counts) =>
        counts.Count == 0 ? "none" : string.Join(", ", counts.Select(pair => $"{Units.Count(pair.Value)} × {pair.Key}"));
}
