using PureHDF;
using PureHDF.Filters;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Features.Hdf5;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Tests.Sources;

/// <summary>HDF5 files as PureHDF writes them: layouts, names, and what does not fit.</summary>
public sealed class Hdf5SourceTests : IDisposable
{
    private const int Images = 5;
    private const int Regions = 2;
    private const int Width = 3;
    private static readonly FeatureExpectation Expected = new() { RegionCount = Regions, RegionWidth = Width };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2, false)]
    [InlineData(4, false)]
    [InlineData(8, false)]
    [InlineData(2, true)]
    [InlineData(4, true)]
    [InlineData(8, true)]
    public void Features_of_each_size_are_read_from_whole_and_from_cut_and_packed_data(int bytes, bool packed)
    {
        Array data = bytes switch
        {
            2 => Made(value => (Half)value),
            4 => Made(value => value),
            _ => Made(value => (double)value),
        };
        Write(new H5File { ["features"] = packed ? Packed(data) : data });

        var samples = Read().Cast<ImageSample>().ToList();

        Assert.Equal(Enumerable.Range(0, Images).Select(row => $"a-{row:D6}"), samples.Select(sample => sample.Id));
        Assert.All(samples, (sample, row) => Assert.Equal(ValuesOf(row), sample.Regions.ToArray()));
        Assert.All(samples, sample => Assert.Equal((Regions, Width), (sample.RegionCount, sample.RegionWidth)));
    }

    [Fact]
    public void Boxes_sizes_and_ids_of_the_names_in_use_are_recognised_and_said()
    {
        Write(Whole());
        using var source = Open();

        var samples = source.ReadFrom(0).Cast<ImageSample>().ToList();

        Assert.Equal(["i0", "i1", "i2", "i3", "i4"], samples.Select(sample => sample.Id));
        Assert.Equal([8f, 9, 10, 11, 12, 13, 14, 15], samples[1].Boxes!.Value.ToArray());
        Assert.Equal((MetadataValue.Of(640), MetadataValue.Of(480)), (samples[4].Metadata!["image_w"], samples[4].Metadata!["image_h"]));
        Assert.Equal(["a.h5: HDF5, 5 images; features 'image_features' (5, 2, 3) of 32 bits, boxes 'image_bb', sizes 'image_w', ids 'image_ids'"], source.Notes);
        Assert.Equal((5L, 5L), (source.RowCount, source.CountRows()));
        Assert.Equal(samples.Skip(3).Select(sample => sample.Id), source.ReadFrom(3).Cast<ImageSample>().Select(sample => sample.Id));
        Assert.Empty(source.ReadFrom(5));
    }

    [Fact]
    public void Whole_numbers_are_ids_and_so_are_those_of_an_attribute()
    {
        Write(new H5File { ["features"] = Made(value => value), ["image_id"] = new[] { 391895, 2, 3, 4, 5 } });
        Assert.Equal(["391895", "2", "3", "4", "5"], Read().Cast<ImageSample>().Select(sample => sample.Id));

        Write(new H5File { ["features"] = Made(value => value), Attributes = new() { ["ids"] = new[] { "u", "v", "w", "x", "y" } } });
        Assert.Equal(["u", "v", "w", "x", "y"], Read().Cast<ImageSample>().Select(sample => sample.Id));

        Write(new H5File { ["features"] = new H5Dataset(Made(value => value)) { Attributes = new() { ["image_ids"] = new long[] { 1, 2, 3, 4, 5 } } } });
        Assert.Equal(["1", "2", "3", "4", "5"], Read().Cast<ImageSample>().Select(sample => sample.Id));
    }

    [Fact]
    public void Whole_numbers_of_64_bits_are_ids_and_no_numbers_of_regions()
    {
        Write(new H5File { ["features"] = Made(value => value), ["ids"] = new ulong[] { ulong.MaxValue, 1UL << 63, 2, 3, 4 } });
        Assert.Equal(["18446744073709551615", "9223372036854775808", "2", "3", "4"], Read().Cast<ImageSample>().Select(sample => sample.Id));

        Write(new H5File { ["features"] = Made(value => value), ["num_boxes"] = new ulong[] { 2, 2, ulong.MaxValue, 2, 2 } });
        Assert.Equal("num_boxes: 18446744073709551615, expected a whole number below 2^63", Assert.IsType<RejectedSample>(Read()[2]).Reason);
    }

    [Fact]
    public void An_image_that_nobody_wrote_is_rejected_alone()
    {
        // As where a converter was killed: HDF5 gives zeros for chunks that are not there.
        var values = Made(value => value);
        Array.Clear(values, 3 * Regions * Width, Regions * Width);
        Write(new H5File { ["features"] = values });

        var items = Read();

        Assert.Equal("features: every feature of the image is 0, as where its data were never written", Assert.IsType<RejectedSample>(items[3]).Reason);
        Assert.Equal(4, items.OfType<ImageSample>().Count());
    }

    [Fact]
    public void Rows_behind_the_number_of_boxes_are_filling()
    {
        var values = Made(value => value);
        values[2, 1, 0] = float.NaN;
        Write(new H5File { ["features"] = values, ["num_boxes"] = new byte[] { 2, 2, 1, 2, 3 } });

        var items = Read(new FeatureExpectation { RegionWidth = Width });

        Assert.Equal(ValuesOf(2)[..Width], Assert.IsType<ImageSample>(items[2]).Regions.ToArray());
        Assert.Equal("num_boxes: 3 regions, expected 1 to 2", Assert.IsType<RejectedSample>(items[4]).Reason);
        Assert.Equal("features: 1 region, expected 2", Assert.IsType<RejectedSample>(Read()[2]).Reason);
    }

    [Fact]
    public void Images_of_their_own_numbers_of_regions_lie_one_after_another_and_pos_boxes_says_where()
    {
        var all = new float[6, Width];
        Buffer.BlockCopy(Enumerable.Range(0, 18).Select(i => (float)i).ToArray(), 0, all, 0, 18 * sizeof(float));
        var boxes = new float[6, 4];
        boxes[3, 0] = 7;
        Write(new H5File
        {
            ["image_features"] = new H5Dataset(all, chunks: [4, 2]),
            ["image_bb"] = boxes,
            ["spatial_features"] = new float[6, 6],
            ["pos_boxes"] = new[,] { { 0, 2 }, { 3, 6 }, { 2, 3 }, { 4, 4 }, { 5, 7 } },
            ["ids"] = new[] { "a", "b", "c", "d", "e" },
        });

        var items = Read(new FeatureExpectation { RegionWidth = Width });

        Assert.Equal([9f, 10, 11, 12, 13, 14, 15, 16, 17], Assert.IsType<ImageSample>(items[1]).Regions.ToArray());
        Assert.Equal(7, Assert.IsType<ImageSample>(items[1]).Boxes!.Value.Span[0]);
        Assert.Equal([6f, 7, 8], Assert.IsType<ImageSample>(items[2]).Regions.ToArray());
        Assert.Equal(
            ["pos_boxes: regions 4 to 4, expected a range of the 6 in 'image_features'", "pos_boxes: regions 5 to 7, expected a range of the 6 in 'image_features'"],
            items.OfType<RejectedSample>().Select(reject => reject.Reason));
        Assert.Equal("image_features: 3 regions, expected 2", Assert.IsType<RejectedSample>(Read()[1]).Reason);
    }

    [Fact]
    public void Datasets_of_other_names_are_named()
    {
        Write(new H5File { ["roi"] = new H5Group { ["f"] = Made(value => value), ["names"] = new[] { "v", "w", "x", "y", "z" } }, ["features"] = new float[2, 2] });

        Assert.Equal(["v", "w", "x", "y", "z"], Read(Expected, "features=roi/f, ids=/roi/names").Cast<ImageSample>().Select(sample => sample.Id));
        Assert.StartsWith("a.h5, roi: a group and not a dataset", Refusal("features=roi"), StringComparison.Ordinal);
        Assert.StartsWith("a.h5, nothing: no such dataset; the file has features, roi", Refusal("features=nothing"), StringComparison.Ordinal);
        Assert.StartsWith("datasets: 'feature=a', expected word=name, each word once, of features, boxes, ids", Refusal("feature=a"), StringComparison.Ordinal);
        Assert.StartsWith("datasets: 'ids=b'", Refusal("ids=a,ids=b"), StringComparison.Ordinal);
        Assert.StartsWith("datasets: ''", Refusal(""), StringComparison.Ordinal);
    }

    [Fact]
    public void A_shape_or_kind_that_does_not_fit_refuses_the_file_and_names_the_dataset()
    {
        void Refused(string expected, params (string Name, object Data)[] datasets)
        {
            var file = new H5File();
            foreach (var (name, data) in datasets)
            {
                file[name] = data;
            }

            Write(file);
            Assert.StartsWith(expected, Refusal(null), StringComparison.Ordinal);
        }

        var good = Made(value => value);
        Refused("a.h5: no features, expected a dataset named features, image_features, feats, feat, x, or --datasets features=…; the file has y", ("y", good));
        Refused("a.h5: the datasets features and x mean the same", ("features", good), ("x", good));
        Refused("a.h5, features: (5, 6), expected (images, regions, features), or (regions of all, features) with", ("features", new float[5, 6]));
        Refused("a.h5, features: 4 dimensions, expected 1 to 3", ("features", new float[1, 1, 1, 1]));
        Refused("a.h5, features: (5, 3, 3): 3 regions, expected 2", ("features", new float[5, 3, 3]));
        Refused("a.h5, features: (5, 2, 4): regions of 4 features, expected 3", ("features", new float[5, 2, 4]));
        Refused("a.h5, features: elements of 4 bytes of the kind FixedPoint, expected floating-point numbers", ("features", new int[5, 2, 3]));
        Refused("a.h5, ids: (4), expected (5)", ("features", good), ("ids", new[] { "a", "b", "c", "d" }));
        Refused("a.h5, ids: (5, 2), expected (5)", ("features", good), ("ids", new int[5, 2]));
        Refused("a.h5, boxes: (5, 2, 3), expected (5, 2, 4)", ("features", good), ("boxes", new float[5, 2, 3]));
        Refused("a.h5, num_boxes: (1), expected (5)", ("features", good), ("num_boxes", new[] { 1 }));
        Refused("a.h5, pos_boxes: (5, 3), expected (5, 2)", ("features", new float[5, 3]), ("pos_boxes", new int[5, 3]));
    }

    [Fact]
    public void Ids_that_come_twice_are_no_ids_or_hold_a_NUL_are_rejected_alone()
    {
        Write(new H5File { ["features"] = Made(value => value), ["ids"] = new[] { "a", "b\0c", "a", "", "tab\tid" } });

        Assert.Equal(
            ["the id holds a control character or half a surrogate pair at character 1", "the id is that of row 0 already, expected each id once", "an id of 0 characters, expected 1 to 256", "the id holds a control character or half a surrogate pair at character 3"],
            Read().OfType<RejectedSample>().Select(reject => reject.Reason));
        using var source = Open();
        Assert.Equal(["a", null, null], source.ReadFrom(2).Cast<RejectedSample>().Select(reject => reject.Id));
    }

    [Fact]
    public void A_number_that_is_not_finite_rejects_its_image()
    {
        var values = Made(value => value);
        values[3, 1, 2] = float.PositiveInfinity;
        Write(new H5File { ["features"] = values });

        Assert.Equal((3, "features: feature 2 of region 1 is Infinity, expected a finite number"), Read().OfType<RejectedSample>().Select(reject => (reject.Row, reject.Reason)).Single());
    }

    [Fact]
    public void Damage_to_packed_data_costs_the_images_that_it_is_in()
    {
        Write(new H5File { ["features"] = new H5Dataset(Made(value => value), chunks: [2, Regions, Width], datasetCreation: new(Filters: [DeflateFilter.Id])) });
        var bytes = File.ReadAllBytes(_folder["a.h5"]);
        var packed = Enumerable.Range(0, bytes.Length - 1).Where(at => bytes[at] == 0x78 && ((bytes[at] << 8) | bytes[at + 1]) % 31 == 0).ToList();
        bytes.AsSpan(packed[1] + 2, 12).Fill(0xFF);
        _folder.Write("a.h5", bytes);

        var items = Read();

        Assert.Equal(3, items.OfType<ImageSample>().Count());
        Assert.All(items.OfType<RejectedSample>(), reject => Assert.StartsWith("features: cannot be read: ", reject.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_was_cut_is_none_or_is_empty_is_refused_by_name()
    {
        Write(Whole());
        var bytes = File.ReadAllBytes(_folder["a.h5"]);
        foreach (var length in new[] { 9, 40, 200, bytes.Length / 2, bytes.Length - 1 })
        {
            _folder.Write("a.h5", bytes[..length]);
            Assert.StartsWith("a.h5", Refusal(null), StringComparison.Ordinal);
        }

        Assert.Equal($"a.h5: truncated: {bytes.Length - 1} bytes, expected {bytes.Length}", Refusal(null));
        _folder.Write("a.h5", "this is text");
        Assert.Equal("a.h5: not an HDF5 file: it has no \\x89HDF signature", Refusal(null));
        _folder.Write("a.h5", "");
        Assert.StartsWith("a.h5: no such file, an empty one", Refusal(null), StringComparison.Ordinal);
    }

    [Fact]
    public void Captions_come_by_id_and_those_of_no_image_are_listed()
    {
        Write(Whole());
        _folder.Write("captions.txt", "i0\ta cube\ni1\ta star\ni2\ta ball\ni3\ta cone\nz\tnothing\n");
        using var source = Hdf5Source.Open(_folder["a.h5"], _folder["captions.txt"], Expected);

        var items = source.ReadFrom(0).ToList();

        Assert.Equal(["a star"], Assert.IsType<ImageSample>(items[1]).Captions);
        Assert.Equal("captions.txt has no entry for its id, expected captions or an empty list of them", Assert.IsType<RejectedSample>(items[4]).Reason);
        Assert.Equal("1 id with captions has no row in a.h5: 'z'", Assert.IsType<RejectedSample>(items[5]).Reason);
        Assert.Equal((null, 5L), (source.RowCount, source.CountRows()));
    }

    private static H5File Whole() => new()
    {
        ["image_features"] = Made(value => value),
        ["image_bb"] = Boxes(),
        ["image_ids"] = Enumerable.Range(0, Images).Select(row => $"i{row}").ToArray(),
        ["image_w"] = Enumerable.Repeat(640, Images).ToArray(),
        ["image_h"] = Enumerable.Repeat(480f, Images).ToArray(),
    };

    private static float[,,] Boxes()
    {
        var boxes = new float[Images, Regions, 4];
        Buffer.BlockCopy(Enumerable.Range(0, boxes.Length).Select(i => (float)i).ToArray(), 0, boxes, 0, boxes.Length * sizeof(float));
        return boxes;
    }

    private static T[,,] Made<T>(Func<float, T> convert)
    {
        var made = new T[Images, Regions, Width];
        for (var i = 0; i < made.Length; i++)
        {
            made[i / (Regions * Width), i / Width % Regions, i % Width] = convert(i + 1);
        }

        return made;
    }

    private static float[] ValuesOf(int row) => [.. Enumerable.Range((row * Regions * Width) + 1, Regions * Width).Select(i => (float)i)];

    // Chunks that divide no dimension, as HDF5 chooses them itself.
    private static H5Dataset Packed(Array data) => new(data, chunks: [2, 2, 2], datasetCreation: new(Filters: [ShuffleFilter.Id, DeflateFilter.Id]));

    private void Write(H5File file) => file.Write(_folder["a.h5"]);

    private Hdf5Source Open(FeatureExpectation? expected = null, string? datasets = null) => Hdf5Source.Open(_folder["a.h5"], null, expected ?? Expected, datasets);

    private List<SourceItem> Read(FeatureExpectation? expected = null, string? datasets = null)
    {
        using var source = Open(expected, datasets);
        return [.. source.ReadFrom(0)];
    }

    private string Refusal(string? datasets) => Assert.Throws<InvalidInputException>(() => Open(Expected, datasets)).Message;
}
