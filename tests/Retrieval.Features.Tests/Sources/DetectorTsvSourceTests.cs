using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;

namespace Retrieval.Features.Tests.Sources;

[Trait("Promise", "6")]
public sealed class DetectorTsvSourceTests : IDisposable
{
    private readonly TsvFixture _tsv = new();

    public void Dispose() => _tsv.Dispose();

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Images_come_in_order(string lineBreak)
    {
        var samples = _tsv.Read(TsvFixture.Line("a") + lineBreak + TsvFixture.Line("b", first: 100) + lineBreak).Cast<ImageSample>().ToList();

        Assert.Equal([(0L, "a"), (1L, "b")], samples.Select(s => (s.Row, s.Id)));
        Assert.Equal([100f, 101, 102, 103, 104, 105, 106, 107], samples[1].Regions.ToArray());
        Assert.Equal([0f, 1, 2, 3, 4, 5, 6, 7], samples[1].Boxes!.Value.ToArray());
        Assert.Equal(MetadataValue.Of(640), samples[0].Metadata!["image_w"]);
        Assert.Equal(MetadataValue.Of(480), samples[0].Metadata!["image_h"]);
        Assert.Empty(samples[0].Captions);
    }

    [Fact]
    public void A_last_line_without_a_line_break_is_read() =>
        Assert.IsType<ImageSample>(_tsv.Read(TsvFixture.Line("a")).Single());

    [Fact]
    public void Regions_are_2048_wide_and_of_any_number_where_nothing_is_expected()
    {
        using var source = _tsv.Open(TsvFixture.Line("a", regions: 3, width: 2048) + "\n" + TsvFixture.Line("b", regions: 36, width: 2048), regionCount: null, regionWidth: null);

        Assert.Equal([3, 36], source.ReadFrom(0).Cast<ImageSample>().Select(s => s.RegionCount));
    }

    [Theory]
    [InlineData("captions.tsv", "b\ttwo\na \tone\n b\tthree\r\n")]
    [InlineData("captions.json", """{" a": "one", "b ": ["two", "three"]}""")]
    public void Captions_come_from_the_file_beside(string name, string text)
    {
        var captions = _tsv.Folder.Write(name, text);

        var samples = _tsv.Read(string.Join('\n', TsvFixture.Line("a"), TsvFixture.Line(" b ")), captions).Cast<ImageSample>().ToList();

        Assert.Equal(["one"], samples[0].Captions);
        Assert.Equal(["two", "three"], samples[1].Captions);
    }

    [Fact]
    public void An_image_the_caption_file_does_not_name_is_rejected_and_one_named_without_captions_is_not()
    {
        var captions = _tsv.Folder.Write("captions.json", """{"a": "one", "b": []}""");

        var items = _tsv.Read(string.Join('\n', TsvFixture.Line("a"), TsvFixture.Line("b"), TsvFixture.Line("c")), captions);

        Assert.Equal([["one"], []], items.OfType<ImageSample>().Select(sample => sample.Captions));
        var rejected = Assert.IsType<RejectedSample>(items[2]);
        Assert.Equal((2L, "c"), (rejected.Row, rejected.Id));
        Assert.Contains("captions.json has no entry", rejected.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Captions_of_no_image_are_rejected_together_behind_the_last_line(int from)
    {
        var captions = _tsv.Folder.Write("captions.tsv", "a\tone\nb\ttwo\n" + string.Concat(Enumerable.Range(0, 7).Select(i => $"x{i}\tlost\nx{i}\ttwice\n")));
        using var source = _tsv.Open(TsvFixture.Line("a") + "\n" + TsvFixture.Line("b") + "\n", captions);

        var items = source.ReadFrom(from).ToList();

        Assert.Equal(3 - from, items.Count);
        var rejected = Assert.IsType<RejectedSample>(items[^1]);
        Assert.Equal(("captions.tsv", 2L, null), (rejected.Source, rejected.Row, rejected.Id));
        Assert.StartsWith("7 ids with captions have no line in features.tsv: 'x0', ", rejected.Reason, StringComparison.Ordinal);
        Assert.Empty(source.ReadFrom(3));
    }

    [Theory]
    [InlineData("captions.tsv", "no tab\nnor here\n")]
    [InlineData("captions.tsv", "\tone\n")]
    [InlineData("captions.json", "{")]
    [InlineData("captions.json", "[]")]
    [InlineData("captions.json", """{"a": 1}""")]
    [InlineData("captions.json", """{"a": [1]}""")]
    [InlineData("captions.json", """{"a": "\ud800"}""")]
    [InlineData("captions.json", "")]
    public void A_caption_file_of_another_form_is_refused(string name, string text)
    {
        var captions = _tsv.Folder.Write(name, text);

        Assert.Equal(name, Assert.Throws<InvalidInputException>(() => _tsv.Open(TsvFixture.Line("a"), captions)).File);
    }

    [Fact]
    public void A_file_that_is_not_there_or_empty_is_refused()
    {
        Assert.Throws<InvalidInputException>(() => DetectorTsvSource.Open(_tsv.Folder["none.tsv"], null, FeatureExpectation.None));
        Assert.Throws<InvalidInputException>(() => _tsv.Open(""));
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Blank_lines_are_no_rows_wherever_reading_begins(string lineBreak)
    {
        using var source = _tsv.Open(string.Join(lineBreak, "", TsvFixture.Line("a"), "  ", TsvFixture.Line("b"), "", ""));

        Assert.Equal([(1L, "a"), (3L, "b")], source.ReadFrom(0).Cast<ImageSample>().Select(s => (s.Row, s.Id)));
        Assert.Equal([(3L, "b")], source.ReadFrom(2).Cast<ImageSample>().Select(s => (s.Row, s.Id)));
    }

    [Theory]
    [InlineData("a\tone\nb\ttwo\n", "line 1 has 2 columns: 'a one'")]
    [InlineData("\nid,features\n", "line 2 has 1 column: 'id,features'")]
    [InlineData("\n\n", "its lines are blank")]
    public void A_file_that_has_the_columns_of_no_form_is_refused_with_what_was_found_and_what_is_taken(string text, string found)
    {
        var error = Assert.Throws<InvalidInputException>(() => _tsv.Open(text));

        Assert.StartsWith($"features.tsv: no TSV file of features: {found}; expected 6 columns separated by tabs", error.Message, StringComparison.Ordinal);
        Assert.Contains("10 (LXMERT), a header line", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\t640\t480\t2\tx\ty", "does not begin with an id")]
    [InlineData("no tabs", "does not begin with an id")]
    [InlineData("x\u0001\t640", "does not begin with an id")]
    [InlineData("x\t640\t480\t2\t", "5 columns, expected 6")]
    [InlineData("x\t640\t480\t2\t\t\t", "7 columns, expected 6")]
    [InlineData("x\tw\t480\t2\t\t", "width and height")]
    [InlineData("x\t640\t480.5\t2\t\t", "width and height")]
    [InlineData("x\t640\t480\t0\t\t", "number of boxes")]
    [InlineData("x\t640\t480\t-1\t\t", "number of boxes")]
    [InlineData("x\t640\t480\t99999999999\t\t", "number of boxes")]
    [InlineData("x\t640\t480\t3\t\t", "3 regions, expected 2")]
    [InlineData("x\t640\t480\t2\t\t", "the boxes take 0 characters of base64, expected 44")]
    public void A_line_of_another_form_is_rejected_alone_with_its_number(string line, string reason)
    {
        var items = _tsv.Read(string.Join('\n', TsvFixture.Line("a"), line, TsvFixture.Line("b")));

        var rejected = Assert.IsType<RejectedSample>(items[1]);
        Assert.Equal(("features.tsv", 1L), (rejected.Source, rejected.Row));
        Assert.StartsWith("line 2: ", rejected.Reason, StringComparison.Ordinal);
        Assert.Contains(reason, rejected.Reason, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], items.OfType<ImageSample>().Select(s => s.Id));
    }

    [Fact]
    public void A_line_torn_anywhere_is_rejected()
    {
        var line = TsvFixture.Line("torn");
        for (var length = 1; length < line.Length; length++)
        {
            var items = _tsv.Read(TsvFixture.Line("a") + "\n" + line[..length] + "\n" + TsvFixture.Line("b"));

            Assert.IsType<RejectedSample>(items[1]);
            Assert.IsType<ImageSample>(items[2]);
        }
    }

    [Fact]
    public void A_file_cut_anywhere_gives_the_whole_lines_and_rejects_the_torn_one()
    {
        var whole = string.Concat(Enumerable.Range(0, 5).Select(i => TsvFixture.Line($"{i}", first: i) + "\n"));
        for (var percent = 1; percent < 100; percent++)
        {
            var cut = whole[..(whole.Length * percent / 100)];
            if (cut.Count(c => c == '\t') < 5)
            {
                Assert.Throws<InvalidInputException>(() => _tsv.Read(cut));
                continue;
            }

            var items = _tsv.Read(cut);

            Assert.Equal(cut.Count(c => c == '\n'), items.OfType<ImageSample>().Count());
        }
    }

    [Fact]
    public void Damaged_base64_is_rejected()
    {
        var line = TsvFixture.Line("x");
        var features = line.LastIndexOf('\t') + 1;
        foreach (var c in "!-_=\u007f é")
        {
            var items = _tsv.Read(line[..(features + 5)] + c + line[(features + 6)..]);
            Assert.Contains("line 1: the features ", Assert.IsType<RejectedSample>(items[0]).Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_feature_that_is_not_finite_is_rejected_with_the_place()
    {
        var line = $"x\t640\t480\t2\t{TsvFixture.Encode(new float[8])}\t{TsvFixture.Encode([0, 0, 0, 0, 0, 0, float.NaN, 0])}";

        var rejected = Assert.IsType<RejectedSample>(_tsv.Read(line)[0]);

        Assert.Equal("line 1: feature 2 of region 1 is NaN, expected a finite number", rejected.Reason);
    }

    [Fact]
    public void The_second_line_of_an_id_is_rejected_even_behind_the_row_read_from()
    {
        using var source = _tsv.Open(string.Join('\n', TsvFixture.Line("a"), TsvFixture.Line("b"), TsvFixture.Line("a"), TsvFixture.Line("d")));

        var items = source.ReadFrom(2).ToList();

        Assert.Equal([2L, 3], items.Select(i => i.Row));
        Assert.Contains("row 0", Assert.IsType<RejectedSample>(items[0]).Reason, StringComparison.Ordinal);
        Assert.Equal("d", Assert.IsType<ImageSample>(items[1]).Id);
        Assert.Empty(source.ReadFrom(4));
    }

    [Fact]
    public void An_id_that_is_not_utf8_is_rejected()
    {
        _tsv.Folder.Write("features.tsv", [0xFF, 0xFE, .. "\t640\t480\t2\t\t\n"u8]);
        using var source = DetectorTsvSource.Open(_tsv.Folder["features.tsv"], null, FeatureExpectation.None);

        Assert.Null(Assert.IsType<RejectedSample>(source.ReadFrom(0).Single()).Id);
    }

    [Fact]
    public void A_line_beyond_any_image_is_passed_over()
    {
        var items = _tsv.Read(string.Join('\n', TsvFixture.Line("a"), new string('x', 30_000_000), TsvFixture.Line("b")));

        Assert.Contains("line 2: more than", Assert.IsType<RejectedSample>(items[1]).Reason, StringComparison.Ordinal);
        Assert.Equal("b", Assert.IsType<ImageSample>(items[2]).Id);
    }

    [Fact]
    public void Lines_longer_than_the_reader_s_buffer_are_read_whole()
    {
        var text = string.Concat(Enumerable.Range(0, 9).Select(i => TsvFixture.Line($"{i}", regions: 2 + (i * 5), first: i, width: 2048) + "\n"));
        using var source = _tsv.Open(text, regionCount: null, regionWidth: 2048);

        var samples = source.ReadFrom(0).Cast<ImageSample>().ToList();

        Assert.Equal(Enumerable.Range(0, 9).Select(i => $"{i}"), samples.Select(s => s.Id));
        Assert.All(samples, s => Assert.Equal(s.Row + (s.RegionCount * 2048) - 1, s.Regions.Span[^1]));
    }

    [Fact]
    public void The_stamp_tells_of_another_caption_file()
    {
        var captions = _tsv.Folder.Write("captions.tsv", "a\tone\n");
        using var without = _tsv.Open(TsvFixture.Line("a"));
        using var with = _tsv.Open(TsvFixture.Line("a"), captions);

        Assert.NotEqual(without.Stamp, with.Stamp);
        Assert.Null(without.RowCount);
    }
}
