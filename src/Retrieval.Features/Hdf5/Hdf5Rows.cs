using System.Globalization;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Hdf5;

/// <summary>Reads the images of an open file, by row.</summary>
internal sealed class Hdf5Rows
{
    private const int BoxWidth = 4;
    private const int MaxPixels = 1 << 20;

    // Single ids and numbers are a few bytes: many are read at once.
    private const int SmallRows = 1024;

    private readonly Hdf5Layout _layout;
    private readonly RowWindow<float> _features;
    private readonly RowWindow<float>? _boxes;
    private readonly RowWindow<string>? _ids;
    private readonly RowWindow<long>? _counts;
    private readonly RowWindow<long>? _places;
    private readonly RowWindow<long>? _widths;
    private readonly RowWindow<long>? _heights;
    private readonly string _stem;

    public Hdf5Rows(Hdf5Layout layout, string stem)
    {
        _layout = layout;
        _stem = stem;
        _features = RowWindow<float>.Over(layout.Features, layout.Features.Singles);
        _boxes = layout.Boxes is { } boxes ? RowWindow<float>.Over(boxes, boxes.Singles) : null;
        _ids = layout.Ids is { } ids ? RowWindow<string>.Over(ids, ids.Texts, SmallRows) : null;
        _counts = Small(layout.Counts);
        _places = Small(layout.Places);
        _widths = Small(layout.Sizes?.Width);
        _heights = Small(layout.Sizes?.Height);
    }

    /// <summary>The id of an image. One that the file does not have is made of the file's name and the row.</summary>
    /// <exception cref="InvalidInputException">It cannot be read.</exception>
    public string Id(long row) =>
        _ids is not null ? _ids.Rows(row, 1)[0]?.Trim() ?? ""
        : _layout.IdList is { } list ? list[(int)row]?.Trim() ?? ""
        : string.Create(CultureInfo.InvariantCulture, $"{_stem}-{row:D6}");

    /// <summary>An image without captions.</summary>
    /// <param name="row">Its row.</param>
    /// <param name="id">Its id.</param>
    /// <param name="expected">What the model needs.</param>
    /// <exception cref="InvalidInputException">It cannot be used; names the dataset.</exception>
    public ImageSample Image(long row, string id, FeatureExpectation expected)
    {
        var width = (int)_layout.RegionWidth;
        var (first, regions) = Place(row);
        if (SampleRules.CheckShape(regions, width, expected) is { } badShape)
        {
            throw _layout.Features.Refuse(badShape);
        }

        return new ImageSample(row, id)
        {
            Regions = Values(_features, _layout.Features, row, first, (int)regions, width, "feature"),
            RegionCount = (int)regions,
            RegionWidth = width,
            Boxes = _boxes is null ? default(ReadOnlyMemory<float>?) : Values(_boxes, _layout.Boxes!, row, first, (int)regions, BoxWidth, "coordinate"),
            Metadata = _widths is null ? null : new Dictionary<string, MetadataValue>
            {
                ["image_w"] = Pixels(_widths, _layout.Sizes!.Value.Width, row),
                ["image_h"] = Pixels(_heights!, _layout.Sizes!.Value.Height, row),
            },
        };
    }

    private static RowWindow<long>? Small(Hdf5Dataset? dataset) => dataset is null ? null : RowWindow<long>.Over(dataset, dataset.Wholes, SmallRows);

    // The first region among those of all images, and the number of regions. In three dimensions the first is that of the row.
    private (long First, long Regions) Place(long row)
    {
        if (_places is not null)
        {
            var place = _places.Rows(row, 1);
            var (start, end) = (place[0], place[1]);
            return start >= 0 && end > start && end <= _layout.Features.Rows
                ? (start, end - start)
                : throw _layout.Places!.Refuse($"regions {start} to {end}, expected a range of the {_layout.Features.Rows} in '{_layout.Features.Name}'");
        }

        var most = _layout.Features.Shape[1];
        var count = _counts is null ? most : _counts.Rows(row, 1)[0];
        return count >= 1 && count <= most ? (0, count) : throw _layout.Counts!.Refuse($"{Counted.Of(count, "region")}, expected 1 to {most}");
    }

    private ReadOnlyMemory<float> Values(RowWindow<float> window, Hdf5Dataset dataset, long row, long first, int regions, int width, string what)
    {
        var values = (_places is null ? window.Rows(row, 1)[..(regions * width)] : window.Rows(first, regions)).ToArray();
        if (SampleRules.CheckFinite(values, width, what) is { } bad)
        {
            throw dataset.Refuse(bad);
        }

        // HDF5 gives zeros for chunks that nobody wrote, as of a converter that was killed.
        return dataset == _layout.Features && !values.AsSpan().ContainsAnyExcept(0f)
            ? throw dataset.Refuse("every feature of the image is 0, as where its data were never written")
            : values;
    }

    private static MetadataValue Pixels(RowWindow<long> window, Hdf5Dataset dataset, long row)
    {
        var value = window.Rows(row, 1)[0];
        return value is >= 1 and <= MaxPixels
            ? MetadataValue.Of(value)
            : throw dataset.Refuse($"{value}, expected a whole number from 1 to {MaxPixels}");
    }
}
