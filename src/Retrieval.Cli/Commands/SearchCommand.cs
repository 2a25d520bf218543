using System.CommandLine;
using System.CommandLine.Parsing;
using Retrieval.Cli.Input;
using Retrieval.Cli.Output;
using Retrieval.Inference;
using Retrieval.Search.Images;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval search</c>: one query, in this process.</summary>
internal static class SearchCommand
{
    private static readonly SearchOptions Limits = new();

    public static CliCommand Create()
    {
        var bundle = CommonOptions.Bundle();
        var index = CommonOptions.Index();
        var caption = new Option<string?>("--caption") { Description = "Find the images that fit this caption; - reads it from standard input", HelpName = "TEXT" };
        var image = new Option<string?>("--image") { Description = "Find the captions that fit this image of the index", HelpName = "ID" };
        var top = CommonOptions.Whole("--top", "Hits to give", 1, Limits.MaxTop, Limits.DefaultTop);
        var shortlist = CommonOptions.OptionalWhole("--shortlist", "Candidates to rerank; if not given, as many as the bundle says, or 200 if it says none", 1, Limits.MaxShortlist);
        var rankBy = new Option<RankBy>("--rank-by")
        {
            Description = "Order hits by both stages, as the bundle's ranking says (the default), or by the matching model's score alone",
            HelpName = "both|score",
            CustomParser = ParseRankBy,
        };
        var filter = new Option<IReadOnlyDictionary<string, IReadOnlyList<string>>?>("--filter")
        {
            Description = "Only images with this metadata; may be repeated, the same key as an alternative",
            HelpName = "KEY=VALUE",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = ParseFilter,
        };
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand("search", "Answer one query from a local index: images for a caption, or captions for an image.")
        {
            Options = { bundle, index, caption, image, top, shortlist, rankBy, filter, threads, json },
            Examples =
            [
                "retrieval search --bundle models/scenes/bundle --index index --caption \"a red cube left of a green ball\"",
                "retrieval search --bundle models/scenes/bundle --index index --image scene-000042 --top 5",
                "retrieval search --bundle models/scenes/bundle --index index --caption \"a cube\" --filter source=flickr30k --json",
            ],
        };
        var device = new DeviceOptions().AddTo(command);
        command.Validators.Add(result =>
        {
            if ((result.GetValue(caption) is null) == (result.GetValue(image) is null))
            {
                result.AddError("give either --caption TEXT or --image ID");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var text = CaptionInput.Read(parsed.GetValue(caption));
            SearchRequest request = text is not null
                ? new ImageSearchRequest { Caption = text }
                : new CaptionSearchRequest { ImageId = parsed.GetValue(image)! };
            request = request with { Top = parsed.GetValue(top), Shortlist = parsed.GetValue(shortlist), RankBy = parsed.GetValue(rankBy), Filter = parsed.GetValue(filter) };
            var options = new SnapshotOptions
            {
                Bundle = parsed.GetRequiredValue(bundle),
                Index = parsed.GetRequiredValue(index),
                Inference = device.Read(parsed, new InferenceOptions { Threads = parsed.GetValue(threads) }),
            };
            return await RunAsync(options, request, parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> RunAsync(SnapshotOptions snapshot, SearchRequest request, bool json, CancellationToken cancellationToken)
    {
        using var snapshots = new SnapshotSource(snapshot);
        snapshots.Load(cancellationToken);
        using var queues = new ComputeQueues();
        using var service = new SearchService(snapshots, Limits, SearchMetrics.None, TimeProvider.System, queues);
        using var answer = await service.SearchAsync(request, cancellationToken).ConfigureAwait(false);
        using var current = snapshots.Acquire();
        var device = DeviceView.Of(current.Model.Device);
        Printer.Write(AnswerView.Of(answer, device), json, console => SearchTable.Show(console, answer, device, current.Model.Manifest.Ranking is not null, new ImageReader(snapshots, Limits)));
        return ExitCodes.Ok;
    }

    private static RankBy ParseRankBy(ArgumentResult result)
    {
        // Enum.TryParse would also accept numbers.
        switch (result.Tokens[0].Value)
        {
            case "both": return RankBy.Both;
            case "score": return RankBy.Score;
            default:
                result.AddError($"--rank-by is '{result.Tokens[0].Value}'; expected both or score");
                return default;
        }
    }

    private static Dictionary<string, IReadOnlyList<string>>? ParseFilter(ArgumentResult result)
    {
        var conditions = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var token in result.Tokens)
        {
            var sign = token.Value.IndexOf('=', StringComparison.Ordinal);
            if (sign < 1)
            {
                result.AddError($"--filter is '{token.Value}'; expected KEY=VALUE");
                return null;
            }

            var key = token.Value[..sign];
            if (!conditions.TryGetValue(key, out var values))
            {
                conditions[key] = values = [];
            }

            values.Add(token.Value[(sign + 1)..]);
        }

        return conditions.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<string>)pair.Value, StringComparer.Ordinal);
    }

    private sealed record AnswerView(
        IReadOnlyList<SearchHit> Hits,
        QueryTokens? Query,
        int Shortlisted,
        int Reranked,
        string? Degraded,
        string Model,
        DeviceView Device,
        long IndexEpoch,
        IReadOnlyDictionary<string, double> StagesMs)
    {
        public static AnswerView Of(SearchAnswer answer, DeviceView device) => new(
            answer.Hits, answer.Query, answer.Shortlisted, answer.Reranked, answer.Degraded, answer.Model, device, answer.IndexEpoch,
            answer.Stages.ToDictionary(stage => stage.Stage, stage => stage.Duration.TotalMilliseconds));
    }
}
