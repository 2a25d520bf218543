using System.CommandLine;
using Retrieval.Features.Sources;

namespace Retrieval.Cli.Commands;

/// <summary>The options that name where images come from: a precomputed split, or a detector's TSV file.</summary>
internal sealed class SourceOptions
{
    public Option<string?> Folder { get; } = new("--source") { Description = "Folder of a precomputed split", HelpName = "DIR" };

    public Option<string?> Split { get; } = new("--split") { Description = "Name of the split: its files begin with it, e.g. test_ims.npy", HelpName = "NAME" };

    public Option<string?> Tsv { get; } = new("--tsv") { Description = "A bottom-up-attention TSV file instead of a split", HelpName = "FILE" };

    public Option<string?> Captions { get; } = new("--captions") { Description = "Captions for the TSV file: JSON by image id, or id⇥caption lines", HelpName = "FILE" };

    /// <summary>Makes exactly one of the two kinds obligatory.</summary>
    public void Require(Command command) => command.Validators.Add(result =>
    {
        var (split, tsv) = (result.GetValue(Folder) ?? result.GetValue(Split), result.GetValue(Tsv));
        if ((split is null) == (tsv is null))
        {
            result.AddError("name one source: --source DIR --split NAME, or --tsv FILE");
        }
        else if (split is not null && (result.GetValue(Folder) is null || result.GetValue(Split) is null))
        {
            result.AddError("--source and --split go together");
        }
        else if (tsv is null && result.GetValue(Captions) is not null)
        {
            result.AddError("--captions goes with --tsv; a split has its captions beside it");
        }
    });

    /// <summary>Names the source in an index's ledger: the same source has the same key, wherever the command is started.</summary>
    public string KeyOf(ParseResult parsed) => parsed.GetValue(Tsv) is { } tsv
        ? Path.GetFullPath(tsv)
        : $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(parsed.GetValue(Folder)!))}#{parsed.GetValue(Split)}";

    public IFeatureSource Open(ParseResult parsed, FeatureExpectation expected) => parsed.GetValue(Tsv) is { } tsv
        ? BottomUpTsvSource.Open(tsv, parsed.GetValue(Captions), expected)
        : PrecomputedSplitSource.Open(parsed.GetValue(Folder)!, parsed.GetValue(Split)!, expected);
}
