using Retrieval.Domain.Images;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Tests.Sources;

[Trait("Promise", "6")]
public sealed class PrecomputedSplitSourceTests : IDisposable
{
    private readonly SplitFixture _split = new();

    public void Dispose() => _split.Dispose();

    [Fact]
    public void Images_come_in_order_with_their_captions()
    {
        var samples = _split.Read().Cast<ImageSample>().ToList();

        Assert.Equal([0L, 1, 2, 3], samples.Select(s => s.Row));
        Assert.Equal(["test-000000", "test-000001", "test-000002", "test-000003"], samples.Select(s => s.Id));
        Assert.Equal(SplitFixture.Values(4), samples.SelectMany(s => s.Regions.ToArray()));
        Assert.All(samples, s => Assert.Equal((2, 3), (s.RegionCount, s.RegionWidth)));
        Assert.Equal(["caption 5", "caption 6", "caption 7", "caption 8", "caption 9"], samples[1].Captions);
        Assert.All(samples, s => Assert.Null(s.Boxes));
        Assert.All(samples, s => Assert.Null(s.Metadata));
    }

    [Fact]
    public void The_number_of_images_and_captions_is_known_at_once()
    {
        using var source = _split.Open();

        Assert.Equal(4, source.RowCount);
        Assert.Equal(5, source.CaptionsPerImage);
        Assert.Equal("test", source.Name);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(long.MaxValue)]
    public void Reading_goes_on_from_any_row(long row)
    {
        _split.WriteLines("test_ids.txt", "a", "b", "a", "d");
        _split.WriteLines("test_metadata.jsonl", Enumerable.Range(0, 4).Select(i => $$"""{"n": {{i}}}"""));

        var expected = _split.Read().Where(i => i.Row >= row).Select(Describe);

        Assert.Equal(expected, _split.Read(row).Select(Describe));
    }

    [Fact]
    public void Reading_goes_on_behind_many_lines()
    {
        const int Many = 3_000;
        _split.WriteRegions(SplitFixture.Values(Many), Many);
        _split.WriteCaptions(Many * 2);

        foreach (var row in (long[])[0, 511, 512, 513, 1024, 2999])
        {
            var sample = Assert.IsType<ImageSample>(_split.Read(row)[0]);
            Assert.Equal([$"caption {row * 2}", $"caption {(row * 2) + 1}"], sample.Captions);
        }
    }

    [Fact]
    public void Images_without_captions_are_read()
    {
        File.Delete(_split.Folder["test_caps.txt"]);

        Assert.All(_split.Read(), i => Assert.Empty(Assert.IsType<ImageSample>(i).Captions));
    }

    [Fact]
    public void Images_stored_once_a_caption_are_given_once()
    {
        var values = SplitFixture.Values(4);
        var repeated = Enumerable.Range(0, 20).SelectMany(i => values.Skip(i / 5 * SplitFixture.RowElements).Take(SplitFixture.RowElements)).ToArray();
        _split.WriteRegions(repeated, 20);

        var samples = _split.Read().Cast<ImageSample>().ToList();

        Assert.Equal(values, samples.SelectMany(s => s.Regions.ToArray()));
        Assert.Equal("caption 19", samples[3].Captions[4]);
    }

    [Fact]
    public void An_image_stored_once_a_caption_that_differs_once_is_rejected_alone()
    {
        var values = SplitFixture.Values(4);
        var repeated = Enumerable.Range(0, 20).SelectMany(i => values.Skip(i / 5 * SplitFixture.RowElements).Take(SplitFixture.RowElements)).ToArray();
        repeated[7 * SplitFixture.RowElements] += 1;
        _split.WriteRegions(repeated, 20);

        var items = _split.Read();

        Assert.Equal(4, items.Count);
        Assert.Contains("row 7 of the array differs from row 5", Assert.IsType<RejectedSample>(items[1]).Reason, StringComparison.Ordinal);
        Assert.Equal(3, items.OfType<ImageSample>().Count());
    }

    [Fact]
    public void As_many_captions_as_different_images_are_one_each()
    {
        _split.WriteRegions(SplitFixture.Values(20), 20);

        var samples = _split.Read().Cast<ImageSample>().ToList();

        Assert.Equal(20, samples.Count);
        Assert.Equal(["caption 19"], samples[19].Captions);
    }

    [Fact]
    public void A_byte_order_mark_and_windows_line_breaks_are_no_part_of_captions()
    {
        _split.Folder.Write("test_caps.txt", "\uFEFF" + string.Join("\r\n", Enumerable.Range(0, 4).Select(i => $" caption {i} ")));

        Assert.Equal(["caption 0", "caption 1", "caption 2", "caption 3"], _split.Read().Cast<ImageSample>().SelectMany(s => s.Captions));
    }

    [Fact]
    public void Ids_boxes_and_metadata_are_read_where_they_are()
    {
        var boxes = Enumerable.Range(0, 4 * 2 * 4).Select(i => (float)i).ToArray();
        _split.WriteLines("test_ids.txt", "a.jpg", "b.jpg", "ç.jpg", "d.jpg");
        _split.Folder.WriteNpy("test_boxes.npy", boxes, 4, 2, 4);
        _split.WriteLines("test_metadata.jsonl", "{}", """{"licence": "CC0", "width": 640, "scale": 1.50, "indoor": true, "nothing": null}""", "{}", "{}");

        var sample = Assert.IsType<ImageSample>(_split.Read()[1]);

        Assert.Equal("b.jpg", sample.Id);
        Assert.Equal(boxes[8..16], sample.Boxes!.Value.ToArray());
        Assert.Equal(
            new Dictionary<string, MetadataValue> { ["licence"] = MetadataValue.Of("CC0"), ["width"] = MetadataValue.Of(640), ["scale"] = MetadataValue.OfNumber("1.50", out _)!, ["indoor"] = MetadataValue.Of(true) }, sample.Metadata);
    }

    [Fact]
    public void Of_an_id_a_caption_the_first_of_each_image_counts()
    {
        _split.WriteLines("test_ids.txt", Enumerable.Range(0, 20).Select(i => $"{i}"));

        Assert.Equal(["0", "5", "10", "15"], _split.Read().Cast<ImageSample>().Select(s => s.Id));
    }

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    [InlineData(float.NegativeInfinity, "-Infinity")]
    public void An_image_with_a_feature_that_is_not_finite_is_rejected_with_the_place(float value, string text)
    {
        var values = SplitFixture.Values(4);
        values[(2 * SplitFixture.RowElements) + 4] = value;
        _split.WriteRegions(values, 4);

        var items = _split.Read();

        var rejected = Assert.IsType<RejectedSample>(items[2]);
        Assert.Equal(("test_ims.npy", 2L, "test-000002"), (rejected.Source, rejected.Row, rejected.Id));
        Assert.Equal($"feature 1 of region 1 is {text}, expected a finite number", rejected.Reason);
        Assert.Equal(3, items.OfType<ImageSample>().Count());
    }

    [Fact]
    public void Every_place_of_a_wide_image_is_checked()
    {
        const int Width = 37;
        for (var at = 0; at < 2 * Width; at++)
        {
            var values = new float[2 * Width];
            Array.Fill(values, float.MaxValue);
            values[at] = float.NaN;
            _split.Folder.WriteNpy("wide_ims.npy", values, 1, 2, Width);
            using var source = PrecomputedSplitSource.Open(_split.Folder.Path, "wide", FeatureExpectation.None);

            Assert.Contains($"feature {at % Width} of region {at / Width} ", Assert.IsType<RejectedSample>(source.ReadFrom(0).Single()).Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_box_that_is_not_finite_is_rejected()
    {
        var boxes = new float[4 * 2 * 4];
        boxes[5] = float.NaN;
        _split.Folder.WriteNpy("test_boxes.npy", boxes, 4, 2, 4);

        var rejected = Assert.IsType<RejectedSample>(_split.Read()[0]);

        Assert.Equal("test_boxes.npy", rejected.Source);
        Assert.Contains("coordinate 1 of region 1", rejected.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_second_image_of_an_id_is_rejected()
    {
        _split.WriteLines("test_ids.txt", "a", "b", "a", "d");

        var rejected = Assert.IsType<RejectedSample>(_split.Read()[2]);

        Assert.Equal(("test_ids.txt", "a"), (rejected.Source, rejected.Id));
        Assert.Contains("row 0", rejected.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\u0007b")]
    [InlineData("a\0b")]
    [InlineData("a\u0085b")]
    public void An_id_that_is_none_is_rejected(string id)
    {
        _split.WriteLines("test_ids.txt", "a", id, "c", "d");

        var rejected = Assert.IsType<RejectedSample>(_split.Read()[1]);

        Assert.Null(rejected.Id);
    }

    [Fact]
    public void An_id_of_256_characters_is_accepted_and_of_257_is_not()
    {
        _split.WriteLines("test_ids.txt", "a", new string('b', 256), new string('c', 257), "d");

        var items = _split.Read();

        Assert.IsType<ImageSample>(items[1]);
        Assert.Contains("257 characters, expected 1 to 256", Assert.IsType<RejectedSample>(items[2]).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no words")]
    [InlineData("a\0b", "NUL")]
    public void A_text_that_is_no_caption_is_listed_with_its_line_and_its_image_kept(string caption, string reason)
    {
        _split.WriteLines("test_caps.txt", Enumerable.Range(0, 8).Select(i => i == 3 ? caption : $"caption {i}"));

        var sample = Assert.IsType<ImageSample>(_split.Read()[1]);

        Assert.Equal(["caption 2"], sample.Captions);
        var leftOut = Assert.Single(sample.LeftOut);
        Assert.Equal(("test_caps.txt", 1L, "test-000001"), (leftOut.Source, leftOut.Row, leftOut.Id));
        Assert.StartsWith("line 4: ", leftOut.Reason, StringComparison.Ordinal);
        Assert.Contains(reason, leftOut.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"a": {"b": 1}}""")]
    [InlineData("""{"a": 1, "a": 2}""")]
    [InlineData("""{"a": "\ud800"}""")]
    public void An_image_with_metadata_of_another_form_is_rejected(string metadata)
    {
        _split.WriteLines("test_metadata.jsonl", "{}", metadata, "{}", "{}");

        Assert.Equal("test_metadata.jsonl", Assert.IsType<RejectedSample>(_split.Read()[1]).Source);
    }

    [Theory]
    [InlineData("1e401", "the metadata 'a': the number 1e401 is 1e401 or more in size, expected less")]
    [InlineData("-1e-401", "the metadata 'a': the number -1e-401 is less than 1e-400 in size, expected more or zero")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345", "the metadata 'a': the number 12345678901234567890123456789012… has 65 significant digits, expected at most 64")]
    public void An_image_with_a_number_that_metadata_cannot_hold_is_rejected_with_the_reason(string number, string reason)
    {
        _split.WriteLines("test_metadata.jsonl", "{}", $$"""{"a": {{number}}}""", "{}", "{}");

        Assert.Equal(reason, Assert.IsType<RejectedSample>(_split.Read()[1]).Reason);
    }

    [Fact]
    public void The_stamp_tells_of_every_change_of_a_file()
    {
        string Stamp()
        {
            using var source = _split.Open();
            return source.Stamp;
        }

        var first = Stamp();
        Assert.Equal(first, Stamp());

        File.SetLastWriteTimeUtc(_split.Folder["test_ims.npy"], new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var second = Stamp();
        _split.WriteLines("test_ids.txt", "a", "b", "c", "d");
        var third = Stamp();

        File.Move(_split.Folder["test_caps.txt"], _split.Folder["elsewhere.txt"]);
        File.CreateSymbolicLink(_split.Folder["test_caps.txt"], _split.Folder["elsewhere.txt"]);
        var linked = Stamp();
        File.AppendAllText(_split.Folder["elsewhere.txt"], "more\nand\nmore\nand\n");
        var fourth = Stamp();

        Assert.Equal(third, linked);
        Assert.Equal(4, new HashSet<string> { first, second, third, fourth }.Count);
        Assert.DoesNotContain(_split.Folder.Path, third, StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_an_image_allocates_little_but_the_image()
    {
        const int Images = 200, Regions = 36, Width = 256, RowBytes = Regions * Width * sizeof(float);
        _split.Folder.WriteNpy("big_ims.npy", new float[Images * Regions * Width], Images, Regions, Width);
        using var source = PrecomputedSplitSource.Open(_split.Folder.Path, "big", FeatureExpectation.None);
        using var items = source.ReadFrom(0).GetEnumerator();
        Assert.True(items.MoveNext());

        var before = GC.GetAllocatedBytesForCurrentThread();
        var count = 0;
        while (items.MoveNext())
        {
            count++;
        }

        Assert.Equal(Images - 1, count);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / count, RowBytes, RowBytes + 2_000);
    }

    private static string Describe(SourceItem item) => item switch
    {
        ImageSample s => $"{s.Row} {s.Id} {string.Join(' ', s.Regions.ToArray())} {string.Join('|', s.Captions)} {string.Join('|', s.Metadata!)}",
        RejectedSample r => $"{r.Row} {r.Id} {r.Source} {r.Reason}",
        _ => "",
    };
}
