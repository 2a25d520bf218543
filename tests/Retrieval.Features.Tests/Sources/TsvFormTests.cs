using System.IO.Compression;
using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;

namespace Retrieval.Features.Tests.Sources;

/// <summary>The forms in which detectors' files circulate.</summary>
public sealed class TsvFormTests : IDisposable
{
    private static readonly FeatureExpectation Expected = new() { RegionCount = 2, RegionWidth = TsvFixture.Width };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_ten_columns_of_lxmert_are_recognised()
    {
        using var source = Open(string.Join('\n', Lxmert("a"), Lxmert("b", 100)));

        var samples = source.ReadFrom(0).Cast<ImageSample>().ToList();

        Assert.Equal(["a", "b"], samples.Select(sample => sample.Id));
        Assert.Equal([100f, 101, 102, 103, 104, 105, 106, 107], samples[1].Regions.ToArray());
        Assert.Equal([0f, 1, 2, 3, 4, 5, 6, 7], samples[1].Boxes!.Value.ToArray());
        Assert.Equal((MetadataValue.Of(640), MetadataValue.Of(480)), (samples[0].Metadata!["image_w"], samples[0].Metadata!["image_h"]));
        Assert.Equal(["features.tsv: LXMERT TSV of 10 columns"], source.Notes);
    }

    [Theory]
    [InlineData("image_id\timage_w\timage_h\tnum_boxes\tboxes\tfeatures", false)]
    [InlineData("img_id\timg_h\timg_w\tobjects_id\tobjects_conf\tattrs_id\tattrs_conf\tnum_boxes\tboxes\tfeatures\r", true)]
    public void A_header_line_names_the_columns_and_is_no_row(string header, bool lxmert)
    {
        string Line(string id) => lxmert ? Lxmert(id) : TsvFixture.Line(id);
        using var source = Open(string.Join('\n', header, Line("a"), "torn", Line("b")));

        var items = source.ReadFrom(0).ToList();

        Assert.Equal(["a", "b"], items.OfType<ImageSample>().Select(sample => sample.Id));
        Assert.Equal([0L, 1, 2], items.Select(item => item.Row));
        Assert.StartsWith("line 3: ", Assert.IsType<RejectedSample>(items[1]).Reason, StringComparison.Ordinal);
        Assert.Equal(3, source.CountRows());
        Assert.Equal(["b"], source.ReadFrom(2).Cast<ImageSample>().Select(sample => sample.Id));
        Assert.Contains("named by a header line", source.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_in_any_order_can_be_named()
    {
        var usual = TsvFixture.Line("a").Split('\t');
        using var source = Open(string.Join('\t', usual[5], "ignored", usual[3], "a"), "features,-,num_boxes,id");

        var sample = Assert.IsType<ImageSample>(source.ReadFrom(0).Single());

        Assert.Equal("a", sample.Id);
        Assert.Equal([1f, 2, 3, 4, 5, 6, 7, 8], sample.Regions.ToArray());
        Assert.Null(sample.Boxes);
        Assert.Null(sample.Metadata);
    }

    [Theory]
    [InlineData("id,features", "num_boxes")]
    [InlineData("id,num_boxes", "features")]
    [InlineData("id,num_boxes,features,image_id", "id stands twice")]
    [InlineData("", "expected the columns")]
    public void Columns_that_do_not_name_what_is_needed_are_refused(string columns, string reason)
    {
        var error = Assert.Throws<InvalidInputException>(() => Open(TsvFixture.Line("a"), columns));

        Assert.Equal("columns", error.Field);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_choice_of_columns_is_another_source()
    {
        using var recognised = Open(TsvFixture.Line("a"));
        using var named = Open(TsvFixture.Line("a"), "id,w,h,n,boxes,features");

        Assert.NotEqual(recognised.Stamp, named.Stamp);
    }

    [Fact]
    public void A_torn_record_leaves_its_id_to_the_whole_one_further_down_wherever_reading_begins()
    {
        var whole = TsvFixture.Line("a", first: 7);
        using var source = Open(string.Join('\n', whole[..^8], TsvFixture.Line("b"), whole, whole));

        foreach (var from in (long[])[0, 1, 2, 3])
        {
            var items = source.ReadFrom(from).ToDictionary(item => item.Row);
            Assert.Equal(4 - from, items.Count);
            if (from <= 2)
            {
                Assert.Equal(("a", 7f), (Assert.IsType<ImageSample>(items[2]).Id, ((ImageSample)items[2]).Regions.Span[0]));
            }

            Assert.Contains("row 2", Assert.IsType<RejectedSample>(items[3]).Reason, StringComparison.Ordinal);
        }

        Assert.Contains("base64", Assert.IsType<RejectedSample>(source.ReadFrom(0).First()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gzip_file_is_read_through_whatever_its_name()
    {
        var text = TsvFixture.Line("a") + "\n" + TsvFixture.Line("b") + "\n";
        _folder.Write("features.tsv", Compressed(text));
        _folder.Write("captions.txt", Compressed("a\tone\nb\ttwo\n"));
        using var source = DetectorTsvSource.Open(_folder["features.tsv"], _folder["captions.txt"], Expected);

        Assert.Equal(["one", "two"], source.ReadFrom(0).Cast<ImageSample>().SelectMany(sample => sample.Captions));
        Assert.Equal(2, source.CountRows());
    }

    [Fact]
    public void A_gzip_file_that_ends_early_gives_its_whole_lines_and_then_an_error_with_its_name()
    {
        var random = new Random(5);
        var whole = Compressed(string.Concat(Enumerable.Range(0, 400).Select(i => TsvFixture.Line($"{i}", first: random.NextSingle()) + "\n")));
        for (var percent = 5; percent < 100; percent += 5)
        {
            _folder.Write("features.tsv", whole[..(whole.Length * percent / 100)]);
            using var source = DetectorTsvSource.Open(_folder["features.tsv"], null, Expected);
            var read = new List<SourceItem>();

            var error = Assert.Throws<InvalidInputException>(() => read.AddRange(source.ReadFrom(0).Select(item => item)));

            Assert.Matches($@"\Afeatures\.tsv: the gzip data are damaged or end early, before byte {whole.Length * percent / 100} of the file and behind byte [0-9]+ of its text; expected a whole gzip file\z", error.Message);
            Assert.All(read, item => Assert.IsType<ImageSample>(item));
        }
    }

    [Fact]
    public void A_line_that_unpacks_without_end_is_passed_over()
    {
        _folder.Write("features.tsv", Compressed(TsvFixture.Line("a") + "\n" + new string('x', 60_000_000) + "\n" + TsvFixture.Line("b")));
        using var source = DetectorTsvSource.Open(_folder["features.tsv"], null, Expected);

        var items = source.ReadFrom(0).ToList();

        Assert.Contains("line 2: more than", Assert.IsType<RejectedSample>(items[1]).Reason, StringComparison.Ordinal);
        Assert.Equal("b", Assert.IsType<ImageSample>(items[2]).Id);
    }

    private static byte[] Compressed(string text)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return stream.ToArray();
    }

    private static string Lxmert(string id, float first = 1)
    {
        var usual = TsvFixture.Line(id, first: first).Split('\t');
        var ids = Convert.ToBase64String(new byte[2 * 8]);
        var confidences = TsvFixture.Encode([0.5f, 0.25f]);
        return string.Join('\t', id, usual[2], usual[1], ids, confidences, ids, confidences, usual[3], usual[4], usual[5]);
    }

    private DetectorTsvSource Open(string text, string? columns = null)
    {
        _folder.Write("features.tsv", text);
        return DetectorTsvSource.Open(_folder["features.tsv"], null, Expected, columns);
    }
}
