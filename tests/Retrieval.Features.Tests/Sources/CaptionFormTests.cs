using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;

namespace Retrieval.Features.Tests.Sources;

/// <summary>The forms in which captions circulate, and captions that cannot be stored.</summary>
public sealed class CaptionFormTests : IDisposable
{
    private const string Karpathy = """
        {"dataset": "flickr30k", "images": [
          {"filename": "1000092795.jpg", "imgid": 0, "split": "train", "sentids": [0, 1], "sentences": [{"raw": "Two men .", "tokens": ["two", "men"]}, {"raw": "Two friends", "tokens": []}]},
          {"filename": "COCO_val2014_000000391895.jpg", "filepath": "val2014", "cocoid": 391895, "split": "test", "sentences": [{"raw": "A man on a bike", "tokens": []}]}]}
        """;

    private const string Coco = """
        {"info": {"year": 2014}, "licenses": [], "images": [
          {"id": 391895, "file_name": "COCO_val2014_000000391895.jpg", "height": 360}, {"id": 7, "file_name": "000000000007.jpg"}],
         "annotations": [{"id": 2, "image_id": 7, "caption": "a cat"}, {"id": 1, "image_id": 391895, "caption": "A man on a bike"}, {"id": 3, "image_id": 7, "caption": " "}]}
        """;

    private readonly TsvFixture _tsv = new();

    public void Dispose() => _tsv.Dispose();

    [Theory]
    [InlineData("results.token", "1000092795.jpg#0\tTwo men\n1000092795.jpg#1\tTwo friends\n36979.jpg#0\tA dog\n", "1000092795", "Two men|Two friends", "Flickr's .token")]
    [InlineData("results.token", "1000092795.jpg#0\tTwo men\n36979.jpg#0\tA dog\n", "36979.jpg", "A dog", "Flickr's .token")]
    [InlineData("dataset_flickr30k.json", Karpathy, "1000092795", "Two men .|Two friends", "Karpathy's dataset")]
    [InlineData("dataset_coco.json", Karpathy, "391895", "A man on a bike", "Karpathy's dataset")]
    [InlineData("dataset_coco.json", Karpathy, "COCO_val2014_000000391895", "A man on a bike", "Karpathy's dataset")]
    [InlineData("captions_val2014.json", Coco, "391895", "A man on a bike", "COCO's captions")]
    [InlineData("captions_val2014.json", Coco, "000000391895.jpg", "A man on a bike", "COCO's captions")]
    [InlineData("captions_val2014.json", Coco, "7", "a cat", "COCO's captions")]
    [InlineData("captions.txt", "image,caption\n1.jpg,\"A dog, and a \"\"cat\"\"\"\n2.jpg,A cat , alone\n", "1", "A dog, and a \"cat\"", "a table of image, caption")]
    [InlineData("captions.txt", "image,caption\n1.jpg,A dog\n2.jpg,A cat , alone\n", "2.jpg", "A cat , alone", "a table of image, caption")]
    [InlineData("results.csv", "image_name| comment_number| comment\n1.jpg| 0| Two men | here\n", "1", "Two men | here", "a table of image_name")]
    [InlineData("by-id.json", """{"val2014/COCO_val2014_000000391895.jpg": ["one", "two"]}""", "391895", "one|two", "JSON of captions by image id")]
    public void The_forms_are_recognised_and_images_found_by_what_their_names_have_in_common(string name, string text, string id, string captions, string form)
    {
        using var source = _tsv.Open(TsvFixture.Line(id), _tsv.Folder.Write(name, text));

        var sample = Assert.IsType<ImageSample>(source.ReadFrom(0).First());

        Assert.Equal(captions.Split('|').Length > 1 && !captions.Contains(" | ", StringComparison.Ordinal) ? captions.Split('|') : [captions], sample.Captions);
        Assert.Contains($"{name}: ", source.Notes[1], StringComparison.Ordinal);
        Assert.Contains(form, source.Notes[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_all_splits_may_tell_of_more_images_than_there_are()
    {
        var items = _tsv.Read(TsvFixture.Line("391895"), _tsv.Folder.Write("dataset_coco.json", Karpathy));

        Assert.IsType<ImageSample>(Assert.Single(items));
    }

    [Fact]
    public void The_split_that_is_wanted_is_taken_and_an_image_of_another_is_rejected_with_both()
    {
        _tsv.Folder.Write("features.tsv", TsvFixture.Line("391895") + "\n" + TsvFixture.Line("1000092795"));
        var captions = _tsv.Folder.Write("dataset.json", Karpathy);
        using var source = DetectorTsvSource.Open(_tsv.Folder["features.tsv"], captions, FeatureExpectation.None with { RegionWidth = TsvFixture.Width }, split: "test");

        var items = source.ReadFrom(0).ToList();

        Assert.Equal(["A man on a bike"], Assert.IsType<ImageSample>(items[0]).Captions);
        Assert.Contains("in the split 'train', expected 'test'", Assert.IsType<RejectedSample>(items[1]).Reason, StringComparison.Ordinal);
        Assert.Contains("split test", source.Notes[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dataset.json", Karpathy, "dev", "the splits are test, train")]
    [InlineData("captions_val.json", Coco, "test", "has no splits")]
    public void A_split_that_the_file_does_not_have_is_refused(string name, string text, string split, string reason)
    {
        _tsv.Folder.Write("features.tsv", TsvFixture.Line("a"));
        var captions = _tsv.Folder.Write(name, text);

        var error = Assert.Throws<InvalidInputException>(() => DetectorTsvSource.Open(_tsv.Folder["features.tsv"], captions, FeatureExpectation.None, split: split));

        Assert.Equal((name, "split"), (error.File, error.Field));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"images": [{"file_name": "a"}], "annotations": []}""", "images[0].id")]
    [InlineData("""{"images": [], "annotations": [{"image_id": 1}]}""", "annotations[0].caption")]
    [InlineData("""{"images": [{"sentences": []}]}""", "images[0].filename")]
    [InlineData("""{"images": [{"filename": "a"}]}""", "images[0].sentences")]
    [InlineData("""{"images": [{"filename": "a", "sentences": [{"tokens": []}]}]}""", "images[0].sentences[0].raw")]
    public void What_is_missing_in_json_is_named_with_its_place(string text, string place)
    {
        var captions = _tsv.Folder.Write("captions.json", text);

        Assert.Equal(place, Assert.Throws<InvalidInputException>(() => _tsv.Open(TsvFixture.Line("a"), captions)).Field);
    }

    [Fact]
    public void Two_names_that_may_both_be_meant_are_rejected_and_named()
    {
        var captions = _tsv.Folder.Write("captions.tsv", "a.jpg\tone\na.png\ttwo\n");

        var rejected = Assert.IsType<RejectedSample>(_tsv.Read(TsvFixture.Line("a"), captions)[0]);

        Assert.Contains("by 'a.jpg' or by 'a.png'", rejected.Reason, StringComparison.Ordinal);
        Assert.Equal(["two"], Assert.IsType<ImageSample>(_tsv.Read(TsvFixture.Line("a.png"), captions)[0]).Captions);
    }

    [Fact]
    public void A_blank_line_and_an_empty_caption_are_listed_with_their_lines_and_the_rest_is_stored()
    {
        var captions = _tsv.Folder.Write("captions.tsv", "a\tone\n\na\t \na\tthree\nno tab here\n");

        var items = _tsv.Read(TsvFixture.Line("a"), captions);

        var sample = Assert.IsType<ImageSample>(items[0]);
        Assert.Equal(["one", "three"], sample.Captions);
        var leftOut = Assert.Single(sample.LeftOut);
        Assert.Equal(("captions.tsv", 0L, "a"), (leftOut.Source, leftOut.Row, leftOut.Id));
        Assert.StartsWith("line 3: ", leftOut.Reason, StringComparison.Ordinal);
        Assert.EndsWith("; the caption is left out", leftOut.Reason, StringComparison.Ordinal);
        Assert.Equal(
            [(1L, "line 2: blank, expected an id, a tab and a caption"), (2L, "line 5: 'no tab here', expected an id, a tab and a caption")],
            items.Skip(1).Cast<RejectedSample>().Select(reject => (reject.Row, reject.Reason)));
    }

    [Fact]
    public void A_caption_of_json_that_cannot_be_stored_is_listed_with_its_place()
    {
        var sample = Assert.IsType<ImageSample>(_tsv.Read(TsvFixture.Line("7"), _tsv.Folder.Write("captions.json", Coco))[0]);

        Assert.Equal(["a cat"], sample.Captions);
        Assert.StartsWith("annotations[2]: ", Assert.Single(sample.LeftOut).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a": ["one", 5, "three"], "b": {"raw": "x"}, "c": ["four"]}""", "entry 1, \"a\", caption 1 of its list: a number, expected a caption; the caption is left out|entry 2, \"b\": an object, expected a caption or a list of captions; the caption is left out")]
    [InlineData("""{"a": ["one", "three"], "a": ["two"], "b": [], "c": ["four"]}""", "entry 2, \"a\": the id occurs twice, expected once; the first counts; the caption is left out")]
    [InlineData("""{"a": ["one", "three"], "b": "\ud800", "c": ["four"]}""", "entry 2, \"b\": the caption is not UTF-8, or holds half a surrogate pair; the caption is left out")]
    [InlineData("""{"a": ["one", "three"], "b": [], "\ud800": "x", "c": ["four"]}""", "entry 3: the id is not UTF-8, or holds half a surrogate pair")]
    [InlineData("""{"images": [5, {"filename": "a", "sentences": [{"raw": "one"}, {"tokens": []}, {"raw": "three"}]}, {"filename": "b"}, {"filename": "c", "sentences": [{"raw": "four"}]}]}""", "images[1].sentences[1].raw: is missing or not well-formed, expected a text or a whole number; the caption is left out|images[2].sentences: is missing, expected a list of sentences; the caption is left out|images[0].filename: is missing or not well-formed, expected a text or a whole number")]
    [InlineData("""{"images": [{"file_name": "x"}, {"id": 1, "file_name": "a"}, {"id": 2, "file_name": "b"}, {"id": 3, "file_name": "c"}], "annotations": [{"image_id": 1, "caption": "one"}, {"image_id": 1, "caption": []}, {"caption": "lost"}, {"image_id": 1, "caption": "three"}, {"image_id": 3, "caption": "four"}]}""", "annotations[1].caption: is missing or not well-formed, expected a text or a whole number; the caption is left out|images[0].id: is missing or not well-formed, expected a text or a whole number|annotations[2].image_id: is missing or not well-formed, expected a text or a whole number")]
    public void A_bad_value_of_json_is_listed_with_its_place_and_the_rest_is_stored(string text, string reasons)
    {
        AssertRestIsStored(_tsv.Folder.Write("captions.json", text), reasons);
    }

    [Fact]
    public void A_byte_that_is_not_utf8_costs_the_caption_that_holds_it()
    {
        AssertRestIsStored(_tsv.Folder.Write("captions.json", Encoding.Latin1.GetBytes("""{"a": ["one", "café", "three"], "b": [], "c": ["four"]}""")), "entry 1, \"a\", caption 1 of its list: the caption is not UTF-8, or holds half a surrogate pair; the caption is left out");
        AssertRestIsStored(_tsv.Folder.Write("captions.tsv", Encoding.Latin1.GetBytes("a\tone\na\tcafé\na\tthree\nb\ttwo\nc\tfour\n")), "line 2: not UTF-8: byte 0xE9 at byte 5 of the line", ["two"]);
    }

    [Fact]
    public void One_odd_line_does_not_decide_how_a_token_file_is_read()
    {
        AssertRestIsStored(
            _tsv.Folder.Write("results.token", "a.jpg#0\tone\nnobody.jpg\tlost\na.jpg#1\tthree\nb.jpg#0\ttwo\nc.jpg#0\tfour\n"),
            "line 2: 'nobody.jpg', expected a picture, # and the number of the caption, as the other lines have", ["two"]);
        AssertRestIsStored(_tsv.Folder.Write("captions.tsv", "a\tone\na\tthree\nb\ttwo\nc\tfour\nd#1\tother\n"), "1 id with captions has no line in features.tsv: 'd#1'", ["two"]);
    }

    [Fact]
    public void A_table_has_line_breaks_and_commas_within_quotation_marks_and_one_that_nobody_closes_costs_its_line()
    {
        AssertRestIsStored(
            _tsv.Folder.Write("captions.csv", "image,caption\r\na.jpg,one\r\n\"a.jpg\",\"three,\r\na \"\"dog\"\"\r\nand a cat\"\r\nb.jpg,\"never closed\r\nb.jpg,\"two\"\r\nc.jpg,four\r\n"),
            "line 6: 'b.jpg,\"never closed', expected an image, a comma and a caption, with a quotation mark at its end if one begins it",
            ["two"], "three, a \"dog\" and a cat");
    }

    [Fact]
    public void A_caption_of_which_only_the_beginning_is_quoted_is_taken_as_it_stands()
    {
        var captions = _tsv.Folder.Write("captions.csv", "image,caption\na,\"A dog\", he said\n");

        Assert.Equal(["\"A dog\", he said"], Assert.IsType<ImageSample>(Assert.Single(_tsv.Read(TsvFixture.Line("a"), captions))).Captions);
    }

    [Fact]
    public void One_id_of_two_images_of_coco_is_refused_with_both()
    {
        var captions = _tsv.Folder.Write("captions.json", """{"images": [{"id": 7, "file_name": "a.jpg"}, {"id": 7, "file_name": "a.jpg"}, {"id": 7, "file_name": "b.jpg"}], "annotations": [{"image_id": 7, "caption": "a dog"}]}""");

        var error = Assert.Throws<InvalidInputException>(() => _tsv.Open(TsvFixture.Line("a"), captions));

        Assert.Equal("captions.json, images[2].id: 7 is that of 'a.jpg' and of 'b.jpg', expected an id of its own for each image", error.Message);
    }

    [Fact]
    public void Of_more_odd_places_than_are_listed_the_number_is_said()
    {
        var captions = _tsv.Folder.Write("captions.tsv", "a\tone\n" + string.Concat(Enumerable.Repeat("odd\n", 10_003)));

        var items = _tsv.Read(TsvFixture.Line("a"), captions);

        Assert.Equal(10_002, items.Count);
        Assert.Equal("3 more places like those listed; the first 10000 are", Assert.IsType<RejectedSample>(items[^1]).Reason);
    }

    // Images a, b and c; one place of the file is odd.
    private void AssertRestIsStored(string captions, string reasons, string[]? second = null, string last = "three")
    {
        var items = _tsv.Read(string.Join('\n', TsvFixture.Line("a"), TsvFixture.Line("b"), TsvFixture.Line("c")), captions);

        var samples = items.OfType<ImageSample>().ToList();
        var rejects = samples.SelectMany(sample => sample.LeftOut).Concat(items.OfType<RejectedSample>()).ToList();
        Assert.Equal([["one", last], second ?? [], ["four"]], samples.Select(sample => sample.Captions));
        Assert.Equal(reasons.Split('|'), rejects.Select(reject => reject.Reason));
        Assert.All(rejects.Where(reject => !reject.Reason.Contains("no line in", StringComparison.Ordinal)), reject => Assert.Equal(Path.GetFileName(captions), reject.Source));
    }
}
