using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Features.Hdf5;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Tests.Sources;

/// <summary>Files as HDF5's own library writes them; <c>Fixtures/hdf5.py</c> made them.</summary>
public sealed class Hdf5LibraryTests : IDisposable
{
    private const int Width = 5;
    private const int ElsewhereCharacters = 200;
    private static readonly string Odd = Fixture("h5py-odd.h5");
    private static readonly FeatureExpectation Expected = new() { RegionWidth = Width };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("h5py.h5")]
    [InlineData("h5py-latest.h5")]
    [InlineData("h5py-block.h5")]
    public void Old_and_new_files_are_read_whole(string file)
    {
        using var source = Hdf5Source.Open(Fixture(file), null, Expected);

        var samples = source.ReadFrom(0).Cast<ImageSample>().ToList();

        Assert.Equal(["bild-0.jpg", "bild-1.jpg", "bild-2.jpg", "bild-3.jpg", "bild-4.jpg", "bild-5.jpg", "größe.jpg"], samples.Select(sample => sample.Id));
        Assert.Equal([3, 3, 2, 3, 1, 3, 3], samples.Select(sample => sample.RegionCount));
        Assert.All(samples, sample => Assert.Equal(Enumerable.Range((int)sample.Row * 15, sample.RegionCount * Width).Select(i => (float)i), sample.Regions.ToArray()));
        Assert.Equal(72f, samples[6].Boxes!.Value.Span[0]);
        Assert.Equal((MetadataValue.Of(640), MetadataValue.Of(480)), (samples[0].Metadata!["image_w"], samples[0].Metadata!["image_h"]));
    }

    [Theory]
    [InlineData("half")]
    [InlineData("double")]
    [InlineData("soft")]
    public void Features_of_other_sizes_and_behind_a_link_within_the_file_are_read(string dataset)
    {
        using var source = Hdf5Source.Open(Odd, null, Expected, $"features={dataset},ids=fixed");

        var last = source.ReadFrom(0).Cast<ImageSample>().Last();

        Assert.Equal(("größe.jpg", 90f), (last.Id, last.Regions.Span[0]));
    }

    [Fact]
    public void Numbers_that_were_scaled_are_read_as_they_were()
    {
        using var source = Hdf5Source.Open(Odd, null, Expected, "features=scaled,ids=scaled-ids");

        var samples = source.ReadFrom(0).Cast<ImageSample>().ToList();

        Assert.Equal(["391895", "391896", "391897", "391898", "391899", "391900", "391901"], samples.Select(sample => sample.Id));
        Assert.All(samples, sample => Assert.Equal(Enumerable.Range((int)sample.Row * 15, 15).Select(i => i + 0.25f), sample.Regions.ToArray()));
    }

    [Fact]
    public void Whole_numbers_without_a_sign_are_ids()
    {
        using var source = Hdf5Source.Open(Odd, null, Expected, "ids=numbers");

        Assert.Equal("391897", source.ReadFrom(2).Cast<ImageSample>().First().Id);
    }

    [Fact]
    public void Ids_that_are_not_UTF_8_are_rejected()
    {
        using var source = Hdf5Source.Open(Odd, null, Expected, "ids=latin");

        Assert.All(source.ReadFrom(0), item => Assert.Equal("the id is not UTF-8", Assert.IsType<RejectedSample>(item).Reason));
    }

    [Theory]
    [InlineData("lzf", "cannot be read: packed by the filter LZF (32000), expected gzip, shuffle or none; h5repack -f GZIP=4 IN OUT writes a file that is read")]
    [InlineData("big", "cannot be read: Byte order conversion is not")]
    [InlineData("whole", "elements of 4 bytes of the kind FixedPoint, expected floating-point numbers of 2, 4 or 8 bytes")]
    [InlineData("flat", "(105), expected (images, regions, features)")]
    [InlineData("virtual", "a virtual dataset, whose data are in other files")]
    [InlineData("unwritten", "its data were never written")]
    [InlineData("bomb", "cannot be read: a chunk unpacks to more bytes, expected 420")]
    [InlineData("circle", "a link that leads nowhere or to another file, expected a dataset of this file; h5py, or h5copy for a link, puts")]
    public void What_cannot_be_read_is_said_with_its_name_before_any_image(string dataset, string reason)
    {
        var error = Assert.Throws<InvalidInputException>(() => Hdf5Source.Open(Odd, null, Expected, $"features={dataset}"));

        Assert.StartsWith($"h5py-odd.h5, {dataset}: {reason}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("link")]
    [InlineData("outside")]
    public void Data_of_a_file_that_nobody_named_are_not_read(string dataset)
    {
        var file = WithOtherFile(_folder.Write(new string('e', ElsewhereCharacters - _folder["e"].Length + 1), File.ReadAllBytes(Odd)));

        var error = Assert.Throws<InvalidInputException>(() => Hdf5Source.Open(file, null, Expected, $"features={dataset}"));

        Assert.Equal($"a.h5, {dataset}: {(dataset == "link" ? "a link to another file" : "its data lie in another file")}, expected a dataset of this file; h5py, or h5copy for a link, puts the data into one file", error.Message);
    }

    [Fact]
    public void A_link_to_a_file_beside_this_one_is_not_followed_and_said_to_lead_to_another_file_or_nowhere()
    {
        var name = new string('e', ElsewhereCharacters);
        _folder.Write(name, File.ReadAllBytes(Odd));

        var error = Assert.Throws<InvalidInputException>(() => Hdf5Source.Open(WithOtherFile(name), null, Expected, "features=link"));

        Assert.StartsWith("a.h5, link: a link that leads nowhere or to another file, expected a dataset of this file", error.Message, StringComparison.Ordinal);
    }

    // The fixture names another file by a path of so many characters; this names another one of that length.
    private string WithOtherFile(string path)
    {
        var placeholder = Encoding.ASCII.GetBytes($"/{new string('x', ElsewhereCharacters - 1)}");
        Assert.Equal(placeholder.Length, path.Length);
        var bytes = File.ReadAllBytes(Odd);
        for (int at; (at = bytes.AsSpan().IndexOf(placeholder)) >= 0;)
        {
            Encoding.ASCII.GetBytes(path).CopyTo(bytes.AsSpan(at));
        }

        return _folder.Write("a.h5", bytes);
    }

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", name);
}
