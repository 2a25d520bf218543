using System.CommandLine;
using Retrieval.Bench.Load;
using Retrieval.Search.Queries;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Bench.Queries;

/// <summary><c>retrieval bench query</c>.</summary>
internal static class QueryCommand
{
    public static CliCommand Create()
    {
        var limits = new SearchOptions();
        var bundle = new Option<string?>("--bundle") { Description = "Folder of the bundle: the exported model", HelpName = "DIR" };
        var index = new Option<string?>("--index") { Description = "Folder of the local index", HelpName = "DIR" };
        var load = new LoadCommandOptions();
        var queries = CommonOptions.OptionalWhole("--queries", "Queries of each kind, 50 unless given; with --server, of each level, which otherwise goes by time", 1, 1_000_000);
        var shortlist = CommonOptions.OptionalWhole("--shortlist", "Candidates to rerank; if not given, as many as the bundle, or the server, says", 1, limits.MaxShortlist);
        var top = CommonOptions.Whole("--top", "Hits to give", 1, limits.MaxTop, limits.DefaultTop);
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand(
            "query",
            "Time of whole queries. With --bundle and --index in this process, stage by stage, and what it costs beyond encoder and scorer, as a share of those two, asking with captions and images of the index. "
            + "With --server over HTTP against a server that runs, from socket to socket: in a closed loop, in an open loop, or overloaded.")
        {
            Options = { bundle, index },
            Examples =
            [
                "retrieval bench query --bundle models/scenes/bundle --index index --queries 100",
                "retrieval bench query --server http://127.0.0.1:8080 --concurrency 1,8,32",
                "retrieval bench query --server http://127.0.0.1:8080 --rate 20,40,0.7x --deadline-ms 100 --seconds 60",
                "retrieval bench query --server http://127.0.0.1:8080 --overload --json",
            ],
        };
        foreach (var option in load.All.Concat([queries, shortlist, top, threads, json]))
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result => load.Check(result, [bundle, index], [threads], queries));
        command.SetAction((parsed, cancellationToken) => load.Asked(parsed)
            ? MeasureServerAsync(load.Read(parsed, parsed.GetValue(queries), parsed.GetValue(top), parsed.GetValue(shortlist)), parsed.GetValue(json), cancellationToken)
            : MeasureHereAsync(
                new QueryOptions
                {
                    Bundle = parsed.GetValue(bundle)!,
                    Index = parsed.GetValue(index)!,
                    Queries = parsed.GetValue(queries) ?? 50,
                    Shortlist = parsed.GetValue(shortlist),
                    Top = parsed.GetValue(top),
                    Threads = parsed.GetValue(threads),
                },
                parsed.GetValue(json),
                cancellationToken));
        return command;
    }

    private static async Task<int> MeasureHereAsync(QueryOptions options, bool json, CancellationToken cancellationToken)
    {
        var bench = new QueryBench(options);
        var report = await ShareDisplay.RunAsync(progress => Task.Run(() => bench.RunAsync(progress, cancellationToken), cancellationToken)).ConfigureAwait(false);
        Printer.Write(report, json, console => Show(console, report));
        return ExitCodes.Ok;
    }

    // A promise that is not kept is a finding, not a failure of the measurement.
    private static async Task<int> MeasureServerAsync(LoadOptions options, bool json, CancellationToken cancellationToken)
    {
        var bench = new LoadBench(options);
        var report = await ShareDisplay.RunAsync(progress => Task.Run(() => bench.RunAsync(progress, cancellationToken), cancellationToken)).ConfigureAwait(false);
        Printer.Write(report, json, console => LoadView.Show(console, report));
        return ExitCodes.Ok;
    }

    private static void Show(IAnsiConsole console, QueryReport report)
    {
        console.WriteLine(report.Machine.Describe());
        console.WriteLine($"{report.Model}: {Units.Count(report.Images)} images, {Units.Count(report.Captions)} captions; {report.Options.Queries} queries of each kind");
        var table = Tables.Titled("queries, medians; overhead as a share of encoder + scorer, not of the whole query", ["", .. report.Kinds.Select(kind => $"#{kind.Direction}")]);
        void Row(string name, Func<QueryKindReport, string> value) => table.Add([name, .. report.Kinds.Select(value)]);
        Row("shortlist", kind => Units.Count(kind.Shortlist));
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
