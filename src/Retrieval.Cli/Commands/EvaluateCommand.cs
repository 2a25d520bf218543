using System.CommandLine;
using System.CommandLine.Parsing;
using Retrieval.Inference;
using Retrieval.Terminal.Commands;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval evaluate</c>: the papers' measures, for a score matrix or for a bundle on a split.</summary>
internal static class EvaluateCommand
{
    private const string All = "all";
    private const int UsualCaptionsPerImage = 5;

    public static CliCommand Create()
    {
        var scores = new Option<string?>("--scores") { Description = "A score matrix, .npy [images, captions]", HelpName = "FILE" };
        var folds = CommonOptions.Whole("--folds", "With --scores: average over this many parts of equal size (5 for MS-COCO 1K)", 1, 100_000, 1);
        var bundle = new Option<string?>("--bundle") { Description = "Folder of a bundle, to be evaluated on a split", HelpName = "DIR" };
        var source = new SourceOptions();
        source.CaptionsPerImage.Description = $"Captions of each image, side by side; with --scores {UsualCaptionsPerImage} unless given, with --bundle told from the files";
        var shortlists = new Option<Shortlists>("--shortlist")
        {
            Description = "With --bundle: sizes of the shortlist, and 'all' to score every pair as well",
            HelpName = "N,N,…,all",
            DefaultValueFactory = _ => new Shortlists([50, 100, 200], true),
            CustomParser = ParseShortlists,
        };
        var limit = CommonOptions.OptionalWhole("--limit", "With --bundle: only the first N images", 1, int.MaxValue);
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand("evaluate", "R@1, R@5, R@10, median and mean rank in both directions: of a score matrix, or of a bundle on a split, stage by stage.")
        {
            Options = { scores, source.CaptionsPerImage, folds, bundle, source.Folder, source.Split, shortlists, limit, threads, json },
            Examples =
            [
                "retrieval evaluate --scores scores.npy --captions-per-image 5 --json",
                "retrieval evaluate --bundle models/scenes/bundle --source models/scenes/corpus --split test --shortlist 50,200,all",
            ],
        };
        var device = new DeviceOptions().AddTo(command);
        command.Validators.Add(result =>
        {
            if ((result.GetValue(scores) is null) == (result.GetValue(bundle) is null))
            {
                result.AddError("name what to evaluate: --scores FILE, or --bundle DIR --source DIR --split NAME");
            }
            else if (result.GetValue(bundle) is not null && (result.GetValue(source.Folder) is null || result.GetValue(source.Split) is null))
            {
                result.AddError("--bundle needs --source DIR and --split NAME");
            }
        });
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(scores) is { } matrix
            ? Task.FromResult(MatrixEvaluation.Run(matrix, parsed.GetValue(source.CaptionsPerImage) ?? UsualCaptionsPerImage, parsed.GetValue(folds), parsed.GetValue(json)))
            : BundleEvaluation.RunAsync(
                new BundleEvaluation.Request(
                    parsed.GetValue(bundle)!,
                    expected => source.Open(parsed, expected),
                    parsed.GetValue(shortlists)!.Sizes,
                    parsed.GetValue(shortlists)!.Full,
                    parsed.GetValue(limit),
                    device.Read(parsed, new InferenceOptions { Threads = parsed.GetValue(threads) })),
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

    private sealed record Shortlists(IReadOnlyList<int> Sizes, bool Full)
    {
        /// <summary>In the format of the command line: the help shows the default.</summary>
        public override string ToString() => string.Join(',', Full ? Sizes.Select(size => $"{size}").Append(All) : Sizes.Select(size => $"{size}"));
    }
}
