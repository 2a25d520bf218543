using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Npy;

namespace Retrieval.Features.Sources;

/// <summary>The open files of a precomputed split, checked against each other.</summary>
internal sealed class SplitFiles : IDisposable
{
    /// <summary>The suffixes of a split's files; no other file is opened.</summary>
    public static readonly string[] Kinds = [RegionsKind, CaptionsKind, IdsKind, BoxesKind, MetadataKind];

    private const string RegionsKind = "_ims.npy";
    private const string CaptionsKind = "_caps.txt";
    private const string IdsKind = "_ids.txt";
    private const string BoxesKind = "_boxes.npy";
    private const string MetadataKind = "_metadata.jsonl";

    private SplitFiles(NpyFile regions) => Regions = regions;

    public NpyFile Regions { get; }

    public NpyFile? Boxes { get; private set; }

    public LineFile? Captions { get; private set; }

    public LineFile? Ids { get; private set; }

    public LineFile? Metadata { get; private set; }

    public SplitLayout Layout { get; private set; } = new(0, 1, 0);

    /// <summary>Lines of the id file for each image.</summary>
    public int IdsPerImage { get; private set; } = 1;

    public string Stamp { get; private set; } = "";

    public static SplitFiles Open(string folder, string split, FeatureExpectation expected)
    {
        string PathOf(string kind) => Path.Combine(folder, split + kind);

        // A broken link counts as existing: it is refused, not ignored.
        string? Existing(string kind) => Path.Exists(PathOf(kind)) || new FileInfo(PathOf(kind)).LinkTarget is not null ? PathOf(kind) : null;

        if (Existing(RegionsKind) is not { } regionsPath)
        {
            throw new InvalidInputException(Directory.Exists(folder) ? $"no such file, expected the features of the split{Others()}" : "no such file, for the folder is not there", split + RegionsKind);
        }

        string Others()
        {
            string[] found = [.. Directory.EnumerateFiles(folder, "*" + RegionsKind).Select(path => Path.GetFileName(path)[..^RegionsKind.Length]).Order(StringComparer.Ordinal).Take(5)];
            return found.Length == 0 ? "" : $"; there are those of {string.Join(", ", found)}";
        }

        var files = new SplitFiles(NpyFile.Open(regionsPath));
        try
        {
            CheckRegions(files.Regions, expected);
            var captions = Existing(CaptionsKind);
            var ids = Existing(IdsKind);
            var boxes = Existing(BoxesKind);
            var metadata = Existing(MetadataKind);

            // Taken before the files are read: a file that changes meanwhile has another stamp next time.
            files.Stamp = SourceStamp.Of(((string?[])[regionsPath, captions, ids, boxes, metadata]).OfType<string>());
            files.Captions = captions is null ? null : LineFile.Open(captions);
            files.Ids = ids is null ? null : LineFile.Open(ids);
            files.Layout = SplitLayout.Of(files.Regions, files.Captions, files.Ids, expected.CaptionsPerImage);
            files.IdsPerImage = files.CheckIds();
            files.Boxes = boxes is null ? null : NpyFile.Open(boxes);
            files.CheckBoxes();
            files.Metadata = metadata is null ? null : LineFile.Open(metadata);
            files.CheckMetadata();
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Regions.Dispose();
        Boxes?.Dispose();
    }

    private static void CheckRegions(NpyFile regions, FeatureExpectation expected)
    {
        if (!NpyElements.IsFloat(regions.ElementType) || regions.Shape.Count != 3)
        {
            throw new InvalidInputException(
                $"{Counted.Of(regions.Shape.Count, "dimension")} of {regions.ElementType}, expected floating-point numbers [images, regions, features]", regions.Name, field: "shape");
        }

        if (regions.RowCount == 0)
        {
            throw new InvalidInputException("no images, expected at least one", regions.Name, field: "shape");
        }

        if (SampleRules.CheckShape(regions.Shape[1], regions.Shape[2], expected) is { } reason)
        {
            throw new InvalidInputException(reason, regions.Name, field: "shape");
        }
    }

    // Pipelines write one id per image, per row of features or per caption.
    private int CheckIds()
    {
        if (Ids is null || Ids.Count == Layout.Images)
        {
            return 1;
        }

        var perImage = Math.Max(Layout.RowsPerImage, Layout.CaptionsPerImage);
        return Ids.Count == Layout.Images * perImage
            ? perImage
            : throw new InvalidInputException($"{Counted.Of(Ids.Count, "id")} for {Counted.Of(Layout.Images, "image")}, expected one for each image or each caption", Ids.Name);
    }

    private void CheckBoxes()
    {
        if (Boxes is null)
        {
            return;
        }

        if (!NpyElements.IsFloat(Boxes.ElementType) || !Boxes.Shape.SequenceEqual([Regions.Shape[0], Regions.Shape[1], 4]))
        {
            throw new InvalidInputException(
                $"({string.Join(", ", Boxes.Shape)}) of {Boxes.ElementType}, expected floating-point numbers ({Regions.Shape[0]}, {Regions.Shape[1]}, 4)", Boxes.Name, field: "shape");
        }
    }

    private void CheckMetadata()
    {
        if (Metadata is not null && Metadata.Count != Layout.Images)
        {
            throw new InvalidInputException($"{Counted.Of(Metadata.Count, "line")} for {Counted.Of(Layout.Images, "image")}, expected a line an image", Metadata.Name);
        }
    }
}
