using System.CommandLine;
using System.CommandLine.Parsing;
using Retrieval.Cli.Input;
using Retrieval.Features.Arrays;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;
using Retrieval.Search.Ingestion;
using Retrieval.Terminal.Commands;

namespace Retrieval.Cli.Commands;

/// <summary>The options that name where images come from: a precomputed split, a detector's TSV file, or a folder of arrays.</summary>
internal sealed class SourceOptions
{
    private const int MostCaptionsPerImage = 10_000;

    public Option<string?> Folder { get; } = new("--source") { Description = "Folder of a precomputed split", HelpName = "DIR" };

    public Option<string?> Split { get; } = new("--split") { Description = "Name of the split: its files begin with it, e.g. test_ims.npy. With --tsv or --arrays: the split of a caption file that has splits", HelpName = "NAME" };

    public Option<string?> Tsv { get; } = new("--tsv") { Description = "A detector's TSV file instead of a split (bottom-up attention, LXMERT, or with a header line); may be .gz", HelpName = "FILE" };

    public Option<string?> Arrays { get; } = new("--arrays") { Description = "Folder of .npz or .npy files instead of a split, one an image", HelpName = "DIR" };

    public Option<string?> Captions { get; } = new("--captions") { Description = "Captions for the TSV file or the arrays: JSON by image id, id⇥caption lines, Flickr's .token, COCO's captions_*.json or Karpathy's dataset_*.json; may be .gz", HelpName = "FILE" };

    public Option<string?> Columns { get; } = new("--columns") { Description = "Columns of the TSV file in order, where they are not recognised: id, width, height, num_boxes, boxes, features, and - for one that is not read", HelpName = "NAME,NAME" };

    public Option<int?> CaptionsPerImage { get; } = CommonOptions.OptionalWhole(
        "--captions-per-image", "Captions of each image in a split, side by side in its caption file; told from the files unless given", 1, MostCaptionsPerImage);

    /// <summary>Requires exactly one of the two kinds.</summary>
    public void Require(Command command) => command.Validators.Add(result =>
    {
        if (Fault(result) is { } fault)
        {
            result.AddError(fault);
        }
    });

    /// <summary>An error message unless the options name one source.</summary>
    public string? Fault(CommandResult result)
    {
        var (folder, split, tsv, arrays) = (result.GetValue(Folder), result.GetValue(Split), result.GetValue(Tsv), result.GetValue(Arrays));
        var named = tsv is not null ? "--tsv" : arrays is not null ? "--arrays" : null;
        var kinds = new[] { folder, tsv, arrays }.Count(kind => kind is not null);
        return kinds > 1 || (kinds == 0 && split is null) ? "name one source: --source DIR --split NAME, --tsv FILE, or --arrays DIR"
            : named is null && (folder is null || split is null) ? "--source and --split go together"
            : split is not null && named is not null && result.GetValue(Captions) is null ? $"--split with {named} is the split of a caption file: name it with --captions"
            : tsv is null && result.GetValue(Columns) is not null ? "--columns goes with --tsv"
            : named is null && result.GetValue(Captions) is not null ? "--captions goes with --tsv or --arrays; a split's captions are found in its folder"
            : named is not null && result.GetValue(CaptionsPerImage) is not null ? "--captions-per-image goes with --source; other captions name their image"
            : null;
    }

    /// <summary>Names the source in an index's checkpoints: a source has the same key wherever the command is started.</summary>
    public string KeyOf(ParseResult parsed) => (parsed.GetValue(Tsv) ?? parsed.GetValue(Arrays)) is { } path
        ? SourceKeys.OfFile(Path.TrimEndingDirectorySeparator(path))
        : SourceKeys.OfSplit(parsed.GetValue(Folder)!, parsed.GetValue(Split)!);

    public IFeatureSource Open(ParseResult parsed, FeatureExpectation expected)
    {
        if (parsed.GetValue(Tsv) is { } tsv)
        {
            return DetectorTsvSource.Open(tsv, parsed.GetValue(Captions), expected, parsed.GetValue(Columns), parsed.GetValue(Split));
        }

        if (parsed.GetValue(Arrays) is { } arrays)
        {
            return ArrayFolderSource.Open(arrays, parsed.GetValue(Captions), expected, parsed.GetValue(Split));
        }

        var captionsPerImage = parsed.GetValue(CaptionsPerImage);
        var split = PrecomputedSplitSource.Open(parsed.GetValue(Folder)!, parsed.GetValue(Split)!, expected with { CaptionsPerImage = captionsPerImage });
        return captionsPerImage is null ? split : new RegroupedSource(split, captionsPerImage.Value);
    }
}
