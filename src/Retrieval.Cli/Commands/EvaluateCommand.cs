using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Retrieval.Cli.Output;
using Retrieval.Inference;
using Retrieval.Search.Evaluation;
using Retrieval.Terminal.Commands;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval evaluate</c>: the papers' measures, for a score matrix or for a bundle on a corpus.</summary>
internal static class EvaluateCommand
{
    /// <summary>Every candidate of a query, or every query.</summary>
    public const string All = "all";

    private const int UsualCaptionsPerImage = 5;

    public static CliCommand Create()
    {
        var scores = new Option<string?>("--scores") { Description = "A score matrix, .npy [images, captions]", HelpName = "FILE" };
        var folds = CommonOptions.OptionalWhole("--folds", "Means over this many parts of equally many consecutive images, each ranked by itself with its own captions (5 for the 1K protocol of MS-COCO)", 1, 100_000);
        var bundle = new Option<string[]>("--bundle") { Description = "Folder of a bundle, to be evaluated on a source, a local index or an index of a catalog; with a source several times, to compare bundles", HelpName = "DIR" };
        var corpus = new EvaluationCorpusOptions();
        corpus.CaptionsPerImage.Description = $"Captions of each image, side by side; with --scores {UsualCaptionsPerImage} unless given, with --source told from the files";
        var shortlists = new Option<Shortlists?>("--shortlist")
        {
            Description = $"With --bundle: sizes of the shortlist, and '{All}' to score the queries with every candidate as well; {string.Join(',', EvaluationOptions.UsualShortlists)} and the bundle's own if not given",
            HelpName = "N,N,…,all",
            CustomParser = ParseShortlists,
        };
        var queries = new Option<QueryCount?>("--queries")
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"With --bundle: only N queries of each direction and fold, evenly spaced; each ranks the whole fold. '{All}' for every query; if not given, as many as have {EvaluationOptions.UsualPairs:N0} pairs to score"),
            HelpName = $"N|{All}",
            CustomParser = ParseQueries,
        };
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var markdown = new Option<bool>("--markdown") { Description = "The tables as Markdown" };
        var command = new CliCommand(
            "evaluate",
            "R@1, R@5, R@10, median and mean rank in both directions: of a score matrix, or of a bundle on a corpus, stage by stage. With 'all' among the shortlists also what each loses; with --postgres how much of it is pgvector's.")
        {
            Options = { scores, corpus.CaptionsPerImage, folds, bundle, shortlists, queries, threads, json, markdown },
            Examples =
            [
                "retrieval evaluate --scores scores.npy --captions-per-image 5 --json",
                "retrieval evaluate --bundle models/scenes/bundle --source models/scenes/corpus --split test --queries 100 --shortlist 20,50,200,all",
                "retrieval evaluate --bundle models/scenes/bundle --index index",
                "retrieval evaluate --bundle coco-scan --bundle coco-camp --source coco --split testall --folds 5 --shortlist all --queries all --markdown --work /data/tmp",
                "retrieval evaluate --bundle models/scenes/bundle --postgres postgresql://serve@db/retrieval --index copy --queries 500",
            ],
        };
        foreach (var option in corpus.Own.Reverse())
        {
            command.Options.Insert(command.Options.IndexOf(bundle) + 1, option);
        }

        var device = new DeviceOptions().AddTo(command);
        command.Validators.Add(result =>
        {
            if (Fault(result) is { } fault)
            {
                result.AddError(fault);
            }
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var format = parsed.GetValue(json) ? ResultFormat.Json : parsed.GetValue(markdown) ? ResultFormat.Markdown : ResultFormat.Tables;
            if (parsed.GetValue(scores) is { } matrix)
            {
                return Task.FromResult(MatrixEvaluation.Run(matrix, parsed.GetValue(corpus.CaptionsPerImage) ?? UsualCaptionsPerImage, parsed.GetValue(folds) ?? 1, format));
            }

            var chosen = parsed.GetValue(shortlists);
            var options = new EvaluationOptions { Shortlists = chosen?.Sizes, Full = chosen?.Full == true, Queries = parsed.GetValue(queries)?.Number, MostPairs = parsed.GetValue(queries) is null ? EvaluationOptions.UsualPairs : null, Folds = parsed.GetValue(folds) ?? 1 };
            var inference = device.Read(parsed, new InferenceOptions { Threads = parsed.GetValue(threads) });
            return new BundleEvaluation(corpus, parsed, options, inference, cancellationToken).RunAsync(parsed.GetValue(bundle)!, format);
        });
        return command;

        string? Fault(CommandResult result)
        {
            var bundles = result.GetValue(bundle)?.Length ?? 0;
            return result.GetValue(json) && result.GetValue(markdown) ? $"{json.Name} and {markdown.Name} exclude each other"
                : (result.GetValue(scores) is null) == (bundles == 0) ? "name what to evaluate: --scores FILE, or --bundle DIR with a corpus"
                : bundles > 0 ? corpus.Fault(result, bundles, folds)
                : corpus.Own.Append(shortlists).Append(queries).FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } other ? $"{other.Name} goes with --bundle"
                : null;
        }
    }

    private static QueryCount? ParseQueries(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text == All)
        {
            return new QueryCount(null);
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1)
        {
            return new QueryCount(number);
        }

        result.AddError($"--queries is '{text}'; expected a whole number from 1, or '{All}'");
        return null;
    }

    private static Shortlists? ParseShortlists(ArgumentResult result)
    {
        var parts = result.Tokens[0].Value.Split(',');
        var sizes = new List<int>();
        foreach (var part in parts.Where(part => part != All))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size < 1)
            {
                result.AddError($"--shortlist is '{part}'; expected whole numbers from 1 and '{All}', separated by commas");
                return null;
            }

            sizes.Add(size);
        }

        return new Shortlists(sizes, parts.Contains(All));
    }

    // Null for all.
    private sealed record QueryCount(int? Number);

    private sealed record Shortlists(IReadOnlyList<int> Sizes, bool Full);
}
