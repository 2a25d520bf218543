using System.CommandLine;
using System.CommandLine.Parsing;
using Retrieval.Cli.Input;
using Retrieval.Features.Arrays;
using Retrieval.Features.Hdf5;
using Retrieval.Features.MetadataFiles;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;
using Retrieval.Search.Ingestion;
using Retrieval.Terminal.Commands;

namespace Retrieval.Cli.Commands;

/// <summary>The options that name where images come from: a precomputed split, a detector's TSV file, a folder of arrays, or an HDF5 file.</summary>
internal sealed class SourceOptions
{
    /// <summary>How a source is named, for messages.</summary>
    public const string Forms = "--source DIR --split NAME, --tsv FILE, --arrays DIR, or --hdf5 FILE";

    private const int MostCaptionsPerImage = 10_000;

    public Option<string?> Folder { get; } = new("--source") { Description = "Folder of a precomputed split", HelpName = "DIR" };

    public Option<string?> Split { get; } = new("--split") { Description = "Name of the split: its files begin with it, e.g. test_ims.npy. With another source: the split of a caption file that has splits", HelpName = "NAME" };

    public Option<string?> Tsv { get; } = new("--tsv") { Description = "A detector's TSV file instead of a split (bottom-up attention, LXMERT, or with a header line); may be .gz", HelpName = "FILE" };

    public Option<string?> Arrays { get; } = new("--arrays") { Description = "Folder of .npz or .npy files instead of a split, one an image", HelpName = "DIR" };

    public Option<string?> Hdf5 { get; } = new("--hdf5") { Description = "An HDF5 file instead of a split, with features and, where it has them, boxes and ids", HelpName = "FILE" };

    public Option<string?> Datasets { get; } = new("--datasets") { Description = "Datasets of the HDF5 file, where they are not recognised: features=NAME,boxes=NAME,ids=NAME, also num_boxes, pos_boxes, image_w and image_h", HelpName = "WORD=NAME,…" };

    public Option<string?> Captions { get; } = new("--captions") { Description = "Captions for a source that is no split: JSON by image id, id⇥caption lines, Flickr's .token, COCO's captions_*.json or Karpathy's dataset_*.json; may be .gz", HelpName = "FILE" };

    public Option<string?> Metadata { get; } = new("--metadata") { Description = "Metadata by id, for any source: lines of {\"id\": \"a.jpg\", \"metadata\": {\"year\": 2024}}; may be .gz", HelpName = "FILE" };

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
        var (folder, split) = (result.GetValue(Folder), result.GetValue(Split));
        Option<string?>[] named = [.. new[] { Tsv, Arrays, Hdf5 }.Where(option => result.GetValue(option) is not null)];
        var kinds = named.Length + (folder is null ? 0 : 1);
        var other = named.FirstOrDefault()?.Name;
        return kinds > 1 || (kinds == 0 && split is null) ? $"name one source: {Forms}"
            : other is null && (folder is null || split is null) ? "--source and --split go together"
            : split is not null && other is not null && result.GetValue(Captions) is null ? $"--split with {other} is the split of a caption file: name it with --captions"
            : result.GetValue(Tsv) is null && result.GetValue(Columns) is not null ? "--columns goes with --tsv"
            : result.GetValue(Hdf5) is null && result.GetValue(Datasets) is not null ? "--datasets goes with --hdf5"
            : other is null && result.GetValue(Captions) is not null ? "--captions goes with --tsv, --arrays or --hdf5; a split's captions are found in its folder"
            : other is not null && result.GetValue(CaptionsPerImage) is not null ? "--captions-per-image goes with --source; other captions name their image"
            : null;
    }

    /// <summary>Those of a source alone, in the order of the help.</summary>
    public IReadOnlyList<Option> Own => [Folder, Split, Tsv, Columns, Arrays, Hdf5, Datasets, Captions];

    /// <summary>Those that say where a source lies.</summary>
    public IReadOnlyList<Option<string?>> Places => [Folder, Tsv, Arrays, Hdf5];

    /// <summary>Names the source in an index's checkpoints: a source has the same key wherever the command is started.</summary>
    public string KeyOf(ParseResult parsed) => (parsed.GetValue(Tsv) ?? parsed.GetValue(Arrays) ?? parsed.GetValue(Hdf5)) is { } path
        ? SourceKeys.OfFile(Path.TrimEndingDirectorySeparator(path))
        : SourceKeys.OfSplit(parsed.GetValue(Folder)!, parsed.GetValue(Split)!);

    public IFeatureSource Open(ParseResult parsed, FeatureExpectation expected) => MetadataSource.Over(() => OpenBare(parsed, expected), parsed.GetValue(Metadata));

    private IFeatureSource OpenBare(ParseResult parsed, FeatureExpectation expected)
    {
        if (parsed.GetValue(Tsv) is { } tsv)
        {
            return DetectorTsvSource.Open(tsv, parsed.GetValue(Captions), expected, parsed.GetValue(Columns), parsed.GetValue(Split));
        }

        if (parsed.GetValue(Arrays) is { } arrays)
        {
            return ArrayFolderSource.Open(arrays, parsed.GetValue(Captions), expected, parsed.GetValue(Split));
        }

        if (parsed.GetValue(Hdf5) is { } hdf5)
        {
            return Hdf5Source.Open(hdf5, parsed.GetValue(Captions), expected, parsed.GetValue(Datasets), parsed.GetValue(Split));
        }

        var captionsPerImage = parsed.GetValue(CaptionsPerImage);
        var split = PrecomputedSplitSource.Open(parsed.GetValue(Folder)!, parsed.GetValue(Split)!, expected with { CaptionsPerImage = captionsPerImage });
        return captionsPerImage is null ? split : new RegroupedSource(split, captionsPerImage.Value);
    }
}
