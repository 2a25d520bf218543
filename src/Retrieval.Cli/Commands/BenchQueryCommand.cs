using Retrieval.Cli.Bench;
using Retrieval.Cli.Output;
using Retrieval.Search.Queries;
using Spectre.Console;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval bench query</c>.</summary>
internal static class BenchQueryCommand
{
    public static CliCommand Create()
    {
        var limits = new SearchOptions();
        var bundle = CommonOptions.Bundle();
        var index = CommonOptions.Index();
        var queries = CommonOptions.Whole("--queries", "Queries of each kind", 1, 1_000_000, 50);
        var shortlist = CommonOptions.Whole("--shortlist", "Candidates to rerank", 1, limits.MaxShortlist, limits.DefaultShortlist);
        var top = CommonOptions.Whole("--top", "Hits to give", 1, limits.MaxTop, limits.DefaultTop);
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand("query", "Time of whole queries in this process, stage by stage, and what it costs beyond encoder and scorer, as a share of those two. Asks with captions and images of the index.")
        {
            Options = { bundle, index, queries, shortlist, top, threads, json },
            Examples = ["retrieval bench query --bundle models/scenes/bundle --index index --queries 100"],
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var bench = new QueryBench(new QueryOptions
            {
                Bundle = parsed.GetRequiredValue(bundle),
                Index = parsed.GetRequiredValue(index),
                Queries = parsed.GetValue(queries),
                Shortlist = parsed.GetValue(shortlist),
                Top = parsed.GetValue(top),
                Threads = parsed.GetValue(threads),
            });
            var report = await ShareDisplay.RunAsync(progress => Task.Run(() => bench.RunAsync(progress, cancellationToken), cancellationToken)).ConfigureAwait(false);
            Terminal.Write(report, parsed.GetValue(json), console => Show(console, report));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Show(IAnsiConsole console, QueryReport report)
    {
        console.WriteLine(report.Machine.Describe());
        console.WriteLine($"{report.Model}: {Units.Count(report.Images)} images, {Units.Count(report.Captions)} captions; shortlist {report.Options.Shortlist}, {report.Options.Queries} queries of each kind");
        var table = Tables.Titled("queries, medians; overhead as a share of encoder + scorer, not of the whole query", ["", .. report.Kinds.Select(kind => $"#{kind.Direction}")]);
        void Row(string name, Func<QueryKindReport, string> value) => table.Add([name, .. report.Kinds.Select(value)]);
        Row("whole query, ms", kind => kind.TotalMs.Show(2));
        Row("99th percentile, ms", kind => Units.Fixed(kind.P99Ms, 2));
        Row("encoder + scorer alone, ms", kind => kind.DirectMs.Show(2));
        Row("overhead: the rest, ms", kind => Units.Fixed(kind.OverheadMs, 3));
        Row("overhead / (encoder + scorer)", kind => $"{Units.Fixed(100 * kind.OverheadShare, 1)} %");
        foreach (var stage in report.Kinds.SelectMany(kind => kind.StagesMs.Keys).Distinct())
        {
            Row($"  stage {stage}, ms", kind => kind.StagesMs.TryGetValue(stage, out var ms) ? Units.Fixed(ms, 3) : "—");
        }

        Row("other stages / (encode + score)", kind => $"{Units.Fixed(100 * kind.OtherStagesShare, 1)} %");
        Row("managed memory allocated", kind => Units.Bytes((long)kind.AllocatedBytes));
        console.Write(table);
    }
}
