using System.CommandLine;
using System.CommandLine.Parsing;
using Retrieval.Cli.Commands.Postgres;
using Retrieval.Cli.Input;
using Retrieval.Cli.Output;
using Retrieval.Domain.Images;
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
        index.Required = false;
        index.Description = "Folder of the index, which is asked also where the environment names a catalog; with --postgres, folder for a copy of the catalog's index, as a server keeps one (a temporary one if not given)";
        var postgres = new PostgresOptions();
        var name = CatalogIndexOption.Create();
        var caption = new Option<string?>("--caption") { Description = "Find the images that fit this caption; - reads it from standard input", HelpName = "TEXT" };
        var image = new Option<string?>("--image") { Description = "Find the captions that fit this image of the index", HelpName = "ID" };
        var features = new Option<string?>("--features") { Description = "Find the captions that fit the image with these region features, .npy [regions, features], floating point", HelpName = "FILE" };
        var like = new Option<string?>("--like") { Description = "Find images like this one: an image of the index, or a file of features, whose name ends in .npy; by the first stage alone", HelpName = "ID|FILE" };
        var top = CommonOptions.Whole("--top", "Hits to give", 1, Limits.MaxTop, Limits.DefaultTop);
        var offset = CommonOptions.OptionalWhole("--offset", "Hits to leave out before the first that is given, for the next page", 0, Limits.MaxTop - 1);
        var shortlist = CommonOptions.OptionalWhole("--shortlist", "Candidates to rerank; if not given, as many as the bundle says, or 200 if it says none", 1, Limits.MaxShortlist);
        var rankBy = new Option<RankBy>("--rank-by")
        {
            Description = "Order hits by both stages, as the bundle's ranking says (the default), or by the matching model's score alone",
            HelpName = "both|score",
            CustomParser = ParseRankBy,
        };
        var filter = new Option<IReadOnlyDictionary<string, MetadataCondition>?>("--filter")
        {
            Description = "Only images with this metadata; may be repeated, the same key as an alternative. A number is compared by >, >=, < and <=, of which two make a range",
            HelpName = "KEY=VALUE|KEY>=NUMBER",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = ParseFilter,
        };
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand("search", "Answer one query from a local index or a catalog: images for a caption or like an image, or captions for an image.")
        {
            Options = { bundle, index, name, caption, image, features, like, top, offset, shortlist, rankBy, filter, threads, json },
            Examples =
            [
                "retrieval search --bundle models/scenes/bundle --index index --caption \"a red cube left of a green ball\"",
                "retrieval search --bundle models/scenes/bundle --index index --image scene-000042 --top 5",
                "retrieval search --bundle models/scenes/bundle --index index --caption \"a cube\" --filter source=flickr30k --filter \"year>=2010\" --json",
                "retrieval search --bundle models/scenes/bundle --index index --like scene-000042",
                "retrieval search --bundle models/scenes/bundle --postgres postgresql://serve@db/retrieval --features dog.npy",
            ],
        };
        var device = new DeviceOptions().AddTo(command);
        postgres.AddTo(command);
        command.Validators.Add(result =>
        {
            if (new[] { caption, image, features, like }.Count(option => result.GetValue(option) is not null) != 1)
            {
                result.AddError("give one of --caption TEXT, --image ID, --features FILE and --like ID|FILE");
            }

            if (!postgres.Given(result, index) && result.GetValue(index) is null)
            {
                result.AddError("name one: --index DIR, or --postgres CONNECTION");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var text = CaptionInput.Read(parsed.GetValue(caption));
            SearchRequest request = text is not null ? new ImageSearchRequest { Caption = text }
                : parsed.GetValue(like) is { } liked ? (liked.EndsWith(".npy", StringComparison.OrdinalIgnoreCase) ? new ImageSearchRequest { Features = FeaturesFile.ReadWhole(liked) } : new ImageSearchRequest { ImageId = liked })
                : parsed.GetValue(features) is { } file ? new CaptionSearchRequest { Features = FeaturesFile.ReadWhole(file) }
                : new CaptionSearchRequest { ImageId = parsed.GetValue(image)! };
            request = request with { Offset = parsed.GetValue(offset), Top = parsed.GetValue(top), Shortlist = parsed.GetValue(shortlist), RankBy = parsed.GetResult(rankBy) is null ? null : parsed.GetValue(rankBy), Filter = parsed.GetValue(filter) };
            var options = new SnapshotOptions
            {
                Bundle = parsed.GetRequiredValue(bundle),
                Index = parsed.GetValue(index) ?? "",
                Inference = device.Read(parsed, new InferenceOptions { Threads = parsed.GetValue(threads) }),
            };
            if (postgres.Given(parsed, index))
            {
                return await CatalogSearch.RunAsync(
                    postgres.Open(parsed), parsed.GetValue(name), options, parsed.GetValue(index), snapshots => RunAsync(snapshots, request, parsed.GetValue(json), cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            using var snapshots = new SnapshotSource(options);
            snapshots.Load(cancellationToken);
            return await RunAsync(snapshots, request, parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> RunAsync(SnapshotSource snapshots, SearchRequest request, bool json, CancellationToken cancellationToken)
    {
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

    private static IReadOnlyDictionary<string, MetadataCondition>? ParseFilter(ArgumentResult result)
    {
        var filter = FilterInput.Parse(result.Tokens.Select(token => token.Value), out var reason);
        if (reason is not null)
        {
            result.AddError($"--filter is {reason}");
        }

        return filter;
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
