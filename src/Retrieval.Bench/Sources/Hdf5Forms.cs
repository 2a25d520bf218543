using PureHDF;
using PureHDF.Filters;
using PureHDF.Selections;

namespace Retrieval.Bench.Sources;

/// <summary>Writes images as HDF5 files.</summary>
internal static class Hdf5Forms
{
    private const int BoxWidth = 4;

    /// <summary><c>features.h5</c>: as many regions for each image, one chunk an image, packed.</summary>
    public static void WriteFixed(string folder, SampleImages images)
    {
        var features = Rows([images.Count, images.Regions, images.Width]);
        var boxes = Rows([images.Count, images.Regions, BoxWidth]);
        var file = new H5File
        {
            ["features"] = features,
            ["boxes"] = boxes,
            ["ids"] = Ids(images),
            ["image_w"] = Enumerable.Repeat(SampleImages.PictureWidth, images.Count).ToArray(),
            ["image_h"] = Enumerable.Repeat(SampleImages.PictureHeight, images.Count).ToArray(),
        };
        using var writer = file.BeginWrite(Path.Combine(folder, "features.h5"));
        for (var row = 0; row < images.Count; row++)
        {
            Write(writer, features, images.Features(row), [row, 0, 0], [1, images.Regions, images.Width]);
            Write(writer, boxes, images.Boxes(), [row, 0, 0], [1, images.Regions, BoxWidth]);
        }
    }

    /// <summary><c>adaptive.h5</c>: the regions of all images one after another, in the names of bottom-up attention's converters.</summary>
    public static void WriteAdaptive(string folder, SampleImages images)
    {
        var all = images.Count * images.Regions;
        var features = Rows([all, images.Width], images.Regions);
        var boxes = Rows([all, BoxWidth], images.Regions);
        var places = new int[images.Count, 2];
        for (var row = 0; row < images.Count; row++)
        {
            (places[row, 0], places[row, 1]) = (row * images.Regions, (row + 1) * images.Regions);
        }

        var file = new H5File { ["image_features"] = features, ["image_bb"] = boxes, ["pos_boxes"] = places, ["ids"] = Ids(images) };
        using var writer = file.BeginWrite(Path.Combine(folder, "adaptive.h5"));
        for (var row = 0; row < images.Count; row++)
        {
            Write(writer, features, images.Features(row), [row * images.Regions, 0], [images.Regions, images.Width]);
            Write(writer, boxes, images.Boxes(), [row * images.Regions, 0], [images.Regions, BoxWidth]);
        }
    }

    private static string[] Ids(SampleImages images) => [.. Enumerable.Range(0, images.Count).Select(SampleImages.Id)];

    private static H5Dataset<float[]> Rows(int[] shape, int chunkRows = 1) => new(
        [.. shape.Select(size => (ulong)size)],
        chunks: [(uint)chunkRows, .. shape.Skip(1).Select(size => (uint)size)],
        datasetCreation: new(Filters: [ShuffleFilter.Id, DeflateFilter.Id]));

    private static void Write(H5NativeWriter writer, H5Dataset<float[]> dataset, float[] values, int[] starts, int[] counts) => writer.Write(
        dataset, values, fileSelection: new HyperslabSelection(starts.Length, [.. starts.Select(start => (ulong)start)], [.. counts.Select(count => (ulong)count)]));
}
