using System.CommandLine;
using System.CommandLine.Parsing;
using Retrieval.Inference;
using Retrieval.Search.Evaluation;
using Retrieval.Terminal.Commands;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval evaluate</c>: the papers' measures, for a score matrix or for a bundle on a corpus.</summary>
internal static class EvaluateCommand
{
    private const string All = "all";
    private const int UsualCaptionsPerImage = 5;

    public static CliCommand Create()
    {
        var scores = new Option<string?>("--scores") { Description = "A score matrix, .npy [images, captions]", HelpName = "FILE" };
        var folds = CommonOptions.OptionalWhole("--folds", "With --scores: average over this many parts of equal size (5 for MS-COCO 1K)", 1, 100_000);
        var bundle = new Option<string?>("--bundle") { Description = "Folder of a bundle, to be evaluated on a split, a local index or an index of a catalog", HelpName = "DIR" };
        var corpus = new EvaluationCorpusOptions();
        corpus.CaptionsPerImage.Description = $"Captions of each image, side by side; with --scores {UsualCaptionsPerImage} unless given, with --source told from the files";
        var shortlists = new Option<Shortlists?>("--shortlist")
        {
            Description = $"With --bundle: sizes of the shortlist, and '{All}' to score the queries with every candidate as well; {string.Join(',', EvaluationOptions.UsualShortlists)} and the bundle's own if not given",
            HelpName = "N,N,…,all",
            CustomParser = ParseShortlists,
        };
        var queries = CommonOptions.OptionalWhole("--queries", "With --bundle: only N queries of each direction, evenly spaced; each ranks the whole corpus", 1, int.MaxValue);
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand(
            "evaluate",
            "R@1, R@5, R@10, median and mean rank in both directions: of a score matrix, or of a bundle on a corpus, stage by stage. With 'all' among the shortlists also what each loses; with --postgres how much of it is pgvector's.")
        {
            Options = { scores, corpus.CaptionsPerImage, folds, bundle, shortlists, queries, threads, json },
            Examples =
            [
                "retrieval evaluate --scores scores.npy --captions-per-image 5 --json",
                "retrieval evaluate --bundle models/scenes/bundle --source models/scenes/corpus --split test --queries 100 --shortlist 20,50,200,all",
                "retrieval evaluate --bundle models/scenes/bundle --index index",
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
            if ((result.GetValue(scores) is null) == (result.GetValue(bundle) is null))
            {
                result.AddError("name what to evaluate: --scores FILE, or --bundle DIR with a corpus");
            }
            else if (result.GetValue(scores) is not null)
            {
                if (corpus.Own.Append(shortlists).Append(queries).FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } other)
                {
                    result.AddError($"{other.Name} goes with --bundle");
                }
            }
            else if (result.GetResult(folds) is { Implicit: false })
            {
                result.AddError($"{folds.Name} goes with --scores");
            }
            else if (corpus.Fault(result) is { } fault)
            {
                result.AddError(fault);
            }
        });
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(scores) is { } matrix
            ? Task.FromResult(MatrixEvaluation.Run(matrix, parsed.GetValue(corpus.CaptionsPerImage) ?? UsualCaptionsPerImage, parsed.GetValue(folds) ?? 1, parsed.GetValue(json)))
            : BundleEvaluation.RunAsync(
                corpus,
                parsed,
                parsed.GetValue(bundle)!,
                new EvaluationOptions { Shortlists = parsed.GetValue(shortlists)?.Sizes, Full = parsed.GetValue(shortlists)?.Full == true, Queries = parsed.GetValue(queries) },
                device.Read(parsed, new InferenceOptions { Threads = parsed.GetValue(threads) }),
                parsed.GetValue(json),
                cancellationToken));
        return command;
    }

    private static Shortlists? ParseShortlists(ArgumentResult result)
    {
        var parts = result.Tokens[0].Value.Split(',');
        var sizes = parts.Where(part => part != All).Select(part => CommonOptions.Parse(result, part, 1, int.MaxValue)).ToList();
        return sizes.Contains(null) ? null : new Shortlists([.. sizes.OfType<int>()], parts.Contains(All));
    }

    private sealed record Shortlists(IReadOnlyList<int> Sizes, bool Full);
}
