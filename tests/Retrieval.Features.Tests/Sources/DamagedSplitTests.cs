using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Tests.Sources;

/// <summary>Files that make a split as a whole unusable: refused when it is opened, before any row.</summary>
[Trait("Promise", "6")]
public sealed class DamagedSplitTests : IDisposable
{
    private readonly SplitFixture _split = new();

    public void Dispose() => _split.Dispose();

    [Fact]
    public void A_split_that_is_not_there_is_named()
    {
        var error = Assert.Throws<InvalidInputException>(() => PrecomputedSplitSource.Open(_split.Folder.Path, "dev", FeatureExpectation.None));

        Assert.Equal("dev_ims.npy", error.File);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../test")]
    [InlineData("/etc/passwd")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("test\n")]
    [InlineData("te\0st")]
    public void A_split_name_that_could_lead_elsewhere_is_refused(string split)
    {
        var error = Assert.Throws<InvalidInputException>(() => PrecomputedSplitSource.Open(_split.Folder.Path, split, FeatureExpectation.None));

        Assert.Equal("split", error.Field);
    }

    [Theory]
    [InlineData("test_ims.npy")]
    [InlineData("test_boxes.npy")]
    public void An_array_cut_at_any_percent_is_refused_with_its_name(string name)
    {
        _split.Folder.WriteNpy("test_boxes.npy", new float[4 * 2 * 4], 4, 2, 4);
        var whole = File.ReadAllBytes(_split.Folder[name]);
        for (var percent = 0; percent < 100; percent++)
        {
            _split.Folder.Write(name, whole[..(whole.Length * percent / 100)]);
            Assert.Equal(name, Assert.Throws<InvalidInputException>(() => _split.Open()).File);
        }
    }

    [Theory]
    [InlineData(36, 3, "2 regions, expected 36")]
    [InlineData(2, 2048, "regions of 3 features, expected 2048")]
    public void Images_of_another_shape_than_the_model_needs_are_refused(int regions, int width, string reason)
    {
        var error = Assert.Throws<InvalidInputException>(() => _split.Open(regionCount: regions, regionWidth: width));

        Assert.Equal("test_ims.npy", error.File);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(24L)]
    [InlineData(4L, 6L)]
    [InlineData(4L, 2L, 3L, 1L)]
    [InlineData(0L, 2L, 3L)]
    [InlineData(4L, 0L, 3L)]
    [InlineData(1L, 1L, 8_000_000L)]
    public void Arrays_that_are_no_images_are_refused(params long[] shape)
    {
        _split.Folder.WriteNpy("test_ims.npy", new float[shape.Aggregate((a, b) => a * b)], shape);

        Assert.Throws<InvalidInputException>(() => _split.Open(regionCount: null, regionWidth: null));
    }

    [Theory]
    [InlineData(19, null)]
    [InlineData(21, null)]
    [InlineData(3, null)]
    [InlineData(19, 5)]
    [InlineData(8, 5)]
    [InlineData(4, 5)]
    public void Captions_of_the_wrong_number_are_refused_with_both_numbers(int captions, int? captionsPerImage)
    {
        _split.WriteCaptions(captions);

        var error = Assert.Throws<InvalidInputException>(() => _split.Open(captionsPerImage));

        Assert.Equal("test_caps.txt", error.File);
        Assert.Contains($"{captions} captions for the 4 images of test_ims.npy", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_said_to_be_stored_once_a_caption_that_all_differ_are_refused()
    {
        _split.WriteRegions(SplitFixture.Values(20), 20);

        var error = Assert.Throws<InvalidInputException>(() => _split.Open(captionsPerImage: 5));

        Assert.Contains("each image 5 times in a row", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC3 })]
    [InlineData(new byte[] { 0xC0, 0x80 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xE9, 0x20 })]
    public void A_caption_that_is_not_utf8_is_left_out_with_its_line_and_the_rest_is_stored(byte[] bytes)
    {
        _split.Folder.Write("test_caps.txt", [.. "one\ntwo\nthr"u8, .. bytes, .. "ee\nfour\n"u8]);

        using var source = _split.Open();
        var samples = source.ReadFrom(0).Cast<ImageSample>().ToList();

        Assert.Equal(["one", "two", "four"], samples.SelectMany(sample => sample.Captions));
        var leftOut = Assert.Single(samples[2].LeftOut);
        Assert.Equal(("test_caps.txt", 2L), (leftOut.Source, leftOut.Row));
        Assert.StartsWith($"line 3: not UTF-8: byte 0x{bytes[0]:X2} at byte 3 of the line", leftOut.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("test_ids.txt", null)]
    [InlineData("test_metadata.jsonl", "test-000002")]
    public void An_id_and_metadata_that_are_not_utf8_cost_their_image(string name, string? id)
    {
        _split.Folder.Write(name, Encoding.Latin1.GetBytes(id is null ? "a\nb\ncaf\u00e9\nd\n" : "{}\n{}\ncaf\u00e9\n{}\n"));
        using var source = _split.Open();

        var items = source.ReadFrom(0).ToList();

        Assert.Equal(3, items.OfType<ImageSample>().Count());
        var rejected = Assert.IsType<RejectedSample>(items[2]);
        Assert.Equal((name, id), (rejected.Source, rejected.Id));
        Assert.Equal("not UTF-8: byte 0xE9 at byte 3 of the line", rejected.Reason);
    }

    [Fact]
    public void A_line_without_end_is_left_out_in_bounded_memory()
    {
        _split.Folder.Write("test_caps.txt", [.. "one\n"u8, .. Encoding.ASCII.GetBytes(new string('x', 20_000_000)), .. "\nthree\nfour"u8]);

        var before = GC.GetAllocatedBytesForCurrentThread();
        using var source = _split.Open();
        var samples = source.ReadFrom(0).Cast<ImageSample>().ToList();

        Assert.StartsWith("line 2: a line of more than 1048576 bytes", Assert.Single(samples[1].LeftOut).Reason, StringComparison.Ordinal);
        Assert.Equal(["one", "three", "four"], samples.SelectMany(sample => sample.Captions));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8_000_000);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(19)]
    public void Ids_of_the_wrong_number_are_refused(int count)
    {
        _split.WriteLines("test_ids.txt", Enumerable.Range(0, count).Select(i => $"{i}"));

        Assert.Equal("test_ids.txt", Assert.Throws<InvalidInputException>(() => _split.Open()).File);
    }

    [Fact]
    public void Boxes_of_another_shape_are_refused()
    {
        _split.Folder.WriteNpy("test_boxes.npy", new float[4 * 2 * 5], 4, 2, 5);

        Assert.Equal("test_boxes.npy", Assert.Throws<InvalidInputException>(() => _split.Open()).File);
    }

    [Fact]
    public void Metadata_of_the_wrong_number_is_refused()
    {
        _split.WriteLines("test_metadata.jsonl", "{}", "{}", "{}");

        Assert.Equal("test_metadata.jsonl", Assert.Throws<InvalidInputException>(() => _split.Open()).File);
    }

    [Theory]
    [InlineData("test_ims.npy")]
    [InlineData("test_caps.txt")]
    [InlineData("test_ids.txt")]
    [InlineData("test_boxes.npy")]
    [InlineData("test_metadata.jsonl")]
    public void What_is_not_a_file_with_something_in_it_is_refused(string name)
    {
        _split.Folder.Write(name, "");
        Assert.Equal(name, Assert.Throws<InvalidInputException>(() => _split.Open()).File);

        File.Delete(_split.Folder[name]);
        File.CreateSymbolicLink(_split.Folder[name], "/dev/zero");
        Assert.Equal(name, Assert.Throws<InvalidInputException>(() => _split.Open()).File);

        File.Delete(_split.Folder[name]);
        File.CreateSymbolicLink(_split.Folder[name], _split.Folder["nowhere"]);
        Assert.Equal(name, Assert.Throws<InvalidInputException>(() => _split.Open()).File);

        File.Delete(_split.Folder[name]);
        Directory.CreateDirectory(_split.Folder[name]);
        Assert.Equal(name, Assert.Throws<InvalidInputException>(() => _split.Open()).File);
    }

    [Fact]
    public void A_caption_file_cut_short_while_it_is_read_is_an_error()
    {
        using var source = _split.Open();
        _split.WriteCaptions(7);

        var error = Assert.Throws<InvalidInputException>(() => source.ReadFrom(0).ToList());

        Assert.Equal("test_caps.txt", error.File);
    }
}
