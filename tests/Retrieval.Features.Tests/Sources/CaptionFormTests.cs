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
}
