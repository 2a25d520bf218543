using System.Globalization;
using PureHDF;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Hdf5;

/// <summary>
/// The datasets of a file of features, checked against each other: features <c>[images, regions, features]</c>; or those of all
/// images one after another, <c>[regions of all, features]</c>, with <c>pos_boxes [images, 2]</c>, which says where an image's begin
/// and end.
/// </summary>
internal sealed class Hdf5Layout
{
    private const int BoxWidth = 4;

    private Hdf5Layout(Hdf5Dataset features) => Features = features;

    /// <summary>Features, floating point.</summary>
    public Hdf5Dataset Features { get; }

    /// <summary>Boxes, with a dimension of 4 in the place of the features; null if the file has none.</summary>
    public Hdf5Dataset? Boxes { get; private set; }

    /// <summary>One id an image; null if the file has none, or has them in an attribute.</summary>
    public Hdf5Dataset? Ids { get; private set; }

    /// <summary>The ids of an attribute; null if there is none.</summary>
    public IReadOnlyList<string>? IdList { get; private set; }

    /// <summary>Regions of each image, where rows behind them are filling; null if there are as many everywhere.</summary>
    public Hdf5Dataset? Counts { get; private set; }

    /// <summary>The first region of each image, and the one behind its last; null if the features have three dimensions.</summary>
    public Hdf5Dataset? Places { get; private set; }

    /// <summary>Sizes of the pictures in pixels: width and height, both or none.</summary>
    public (Hdf5Dataset Width, Hdf5Dataset Height)? Sizes { get; private set; }

    /// <summary>Images.</summary>
    public long Images => (Places ?? Features).Rows;

    /// <summary>Features of a region.</summary>
    public long RegionWidth => Features.Shape[^1];

    /// <summary>Finds the datasets of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="names">How they are called.</param>
    /// <param name="expected">What the model needs.</param>
    /// <exception cref="InvalidInputException">One is missing, cannot be read, or has a shape that does not fit; names it.</exception>
    public static Hdf5Layout Find(Hdf5File file, Hdf5Names names, FeatureExpectation expected)
    {
        Hdf5Dataset? Optional(string word) => names.Find(file, word) is { } name ? file.Dataset(name) : null;

        var layout = new Hdf5Layout(file.Dataset(names.Features(file)));
        var features = layout.Features;
        layout.Places = features.Shape.Count == 2 ? Optional("pos_boxes") : null;
        if (features.Shape.Count != (layout.Places is null ? 3 : 2))
        {
            throw features.Refuse($"{features.ShapeText}, expected (images, regions, features), or (regions of all, features) with the places of each image in pos_boxes");
        }

        layout.Boxes = Optional("boxes");
        layout.Ids = Optional("ids");
        layout.Counts = layout.Places is null ? Optional("num_boxes") : null;
        layout.Sizes = Optional("image_w") is { } width && Optional("image_h") is { } height ? (width, height) : null;
        layout.IdList = layout.Ids is null ? IdsOf(file, features.Name) : null;
        layout.Check(expected);
        return layout;
    }

    /// <summary>What was recognised, for people.</summary>
    public string Form => string.Create(CultureInfo.InvariantCulture, $"HDF5, {Counted.Of(Images, "image")}; features '{Features.Name}' {Features.ShapeText} of {Features.ElementBytes * 8} bits{Also("boxes", Boxes)}{Also("pos_boxes", Places)}{Also("num_boxes", Counts)}{Also("sizes", Sizes?.Width)}{Also("ids", Ids)}{(IdList is not null ? ", ids in an attribute" : "")}{(Ids is null && IdList is null ? "; it has no ids, so an id is the file's name and the row" : "")}");

    private static string Also(string word, Hdf5Dataset? dataset) => dataset is null ? "" : $", {word} '{dataset.Name}'";

    private static IReadOnlyList<string>? IdsOf(Hdf5File file, string features)
    {
        foreach (var holder in new[] { null, features })
        {
            foreach (var name in Hdf5Names.For("ids"))
            {
                if (file.Attribute(holder, name) is { } ids)
                {
                    return ids;
                }
            }
        }

        return null;
    }

    private void Check(FeatureExpectation expected)
    {
        if (Features.Kind != H5DataTypeClass.FloatingPoint || Features.ElementBytes is not (2 or 4 or 8))
        {
            throw Features.Refuse($"{Features.TypeText}, expected floating-point numbers of 2, 4 or 8 bytes");
        }

        if (Images == 0 || Features.Rows == 0)
        {
            throw (Places ?? Features).Refuse($"{(Places ?? Features).ShapeText}, expected at least one image");
        }

        // Where each image has its own number of regions, that is told image by image.
        var isOwn = Places is not null || Counts is not null;
        var (regions, needed) = (Places is null ? Features.Shape[1] : 1, isOwn ? new FeatureExpectation { RegionWidth = expected.RegionWidth } : expected);
        if (SampleRules.CheckShape(regions, RegionWidth, needed) is { } bad)
        {
            throw Features.Refuse($"{Features.ShapeText}: {bad}");
        }

        Require(Boxes, [.. Features.Shape.SkipLast(1), BoxWidth]);
        Require(Places, [Images, 2]);
        Require(Ids, [Images]);
        Require(Counts, [Images]);
        Require(Sizes?.Width, [Images]);
        Require(Sizes?.Height, [Images]);
        if (IdList is not null && IdList.Count != Images)
        {
            throw Features.Refuse($"{Counted.Of(IdList.Count, "id")} in an attribute, expected {Images}");
        }

        // What cannot be read at all is found out now and not image by image: filters, the order of bytes, data elsewhere.
        _ = Features.Singles(0, 1);
        _ = Boxes?.Singles(0, 1);
        _ = Ids?.Texts(0, 1);
    }

    private static void Require(Hdf5Dataset? dataset, long[] shape)
    {
        // A column of one is as good as none.
        if (dataset is not null && !dataset.Shape.SequenceEqual(shape) && !dataset.Shape.SequenceEqual([.. shape, 1L]))
        {
            throw dataset.Refuse($"{dataset.ShapeText}, expected ({string.Join(", ", shape)})");
        }
    }
}
