using System.Globalization;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Files;
using Retrieval.Features.Npy;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Arrays;

/// <summary>
/// Reads one image from a file of its own: a <c>.npy</c> file of its features, or a <c>.npz</c> file with features, boxes, their
/// number, and the size of the picture. Other arrays of a <c>.npz</c> file are not opened.
/// </summary>
internal static class ArrayFile
{
    private const int BoxWidth = 4;
    private const int MostHeaderBytes = 1 << 16;
    private const long MostBytes = ((long)SampleRules.MaxElements * sizeof(double)) + MostHeaderBytes;

    private static readonly string[] FeatureNames = ["x", "features", "feat"];
    private static readonly string[] BoxNames = ["bbox", "boxes"];
    private static readonly string[] CountNames = ["num_bbox", "num_boxes"];
    private static readonly string[] SizeNames = ["image_w", "image_h"];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; its content tells which of the two it is.</param>
    /// <param name="row">The image's row.</param>
    /// <param name="id">The image's id.</param>
    /// <param name="expected">What the model needs.</param>
    /// <exception cref="InvalidInputException">The file cannot be used; names the array.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ImageSample Read(string path, long row, string id, FeatureExpectation expected)
    {
        var name = Path.GetFileName(path);
        if (!path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
        {
            return Sample(ReadNpy(path, name), null, null, null, row, id, expected);
        }

        using var npz = NpzFile.Open(path, MostBytes);
        var features = Find(npz, name, FeatureNames)
            ?? throw new InvalidInputException($"no features, expected an array named {string.Join(", ", FeatureNames)}; found: {string.Join(", ", npz.Names)}", name);
        var count = Find(npz, name, CountNames) is { } counts ? One(counts) : (long?)null;
        Dictionary<string, MetadataValue> metadata = new(StringComparer.Ordinal);
        foreach (var size in SizeNames.Where(npz.Contains))
        {
            metadata[size] = MetadataValue.Of(One(npz.Read(size)));
        }

        return Sample(features, Find(npz, name, BoxNames), count, metadata.Count == 0 ? null : metadata, row, id, expected);
    }

    private static NpyArray ReadNpy(string path, string name)
    {
        using var file = InputFile.OpenRead(path);
        if (file.Length > MostBytes)
        {
            throw new InvalidInputException($"{file.Length} bytes, expected at most {MostBytes} of one image", name);
        }

        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return NpyArray.Parse(bytes, name);
    }

    private static ImageSample Sample(NpyArray features, NpyArray? boxes, long? count, Dictionary<string, MetadataValue>? metadata, long row, string id, FeatureExpectation expected)
    {
        var shape = features.Shape is [1, _, _] ? [.. features.Shape.Skip(1)] : features.Shape;
        if (shape.Count != 2)
        {
            throw new InvalidInputException($"{Counted.Of(features.Shape.Count, "dimension")}, expected [regions, features] or [features, regions]", features.Name, field: "shape");
        }

        var turned = IsTurned(shape, boxes, expected);
        var (rows, width) = turned ? (shape[1], shape[0]) : (shape[0], shape[1]);

        // A number of boxes below that of the rows says that the rest is filling.
        var regions = count ?? rows;
        if (regions > rows)
        {
            throw new InvalidInputException($"{Counted.Of(regions, "box", "boxes")} by its number, but {Counted.Of(rows, "region")}", features.Name);
        }

        if (SampleRules.CheckShape(regions, width, expected) is { } badShape)
        {
            throw new InvalidInputException(badShape, features.Name, field: "shape");
        }

        var values = features.ToSingles();
        var kept = Checked(turned ? NpyArray.Transpose<float>(values, (int)width, (int)rows) : values, (int)regions, (int)width, features, "feature");
        return new ImageSample(row, id)
        {
            Regions = kept,
            RegionCount = (int)regions,
            RegionWidth = (int)width,
            Boxes = boxes is null ? default(ReadOnlyMemory<float>?) : BoxesOf(boxes, (int)regions),
            Metadata = metadata,
        };
    }

    // OpenVQA and MCAN store [features, regions], most others [regions, features].
    private static bool IsTurned(IReadOnlyList<long> shape, NpyArray? boxes, FeatureExpectation expected) =>
        expected.RegionWidth is { } width ? shape[1] != width && shape[0] == width
        : boxes is { Shape: [var count, BoxWidth] } && shape[0] != count && shape[1] == count;

    private static ReadOnlyMemory<float> BoxesOf(NpyArray boxes, int regions)
    {
        if (boxes.Shape is not [var count, BoxWidth] || count < regions)
        {
            throw new InvalidInputException($"({string.Join(", ", boxes.Shape)}), expected ({regions}, {BoxWidth})", boxes.Name, field: "shape");
        }

        float[] values = NpyElements.IsFloat(boxes.ElementType) ? boxes.ToSingles() : [.. boxes.ToInt64s().Select(value => (float)value)];
        return Checked(values, regions, BoxWidth, boxes, "coordinate");
    }

    private static ReadOnlyMemory<float> Checked(float[] values, int rows, int width, NpyArray array, string what)
    {
        var kept = values.AsMemory(0, rows * width);
        return SampleRules.CheckFinite(kept.Span, width, what) is { } reason ? throw new InvalidInputException(reason, array.Name) : kept;
    }

    private static NpyArray? Find(NpzFile npz, string file, string[] names)
    {
        string[] found = [.. names.Where(npz.Contains)];
        return found.Length switch
        {
            0 => null,
            1 => npz.Read(found[0]),
            _ => throw new InvalidInputException($"the arrays {string.Join(" and ", found)} mean the same, expected one of them", file),
        };
    }

    private static long One(NpyArray array)
    {
        // NumPy writes a number as an array without dimensions; some pipelines give it one.
        if (array.Shape.Any(size => size != 1))
        {
            throw new InvalidInputException($"({string.Join(", ", array.Shape)}), expected one number", array.Name, field: "shape");
        }

        var value = NpyElements.IsFloat(array.ElementType) ? array.ToSingles()[0] : array.ToInt64s()[0];
        return value is >= 1 and <= 1 << 20 && value == Math.Floor(value)
            ? (long)value
            : throw new InvalidInputException($"{value.ToString(CultureInfo.InvariantCulture)}, expected a whole number from 1 to {1 << 20}", array.Name);
    }
}
