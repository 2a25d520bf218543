using Retrieval.Features.Sources;

namespace Retrieval.Features.Tests.Sources;

/// <summary>Two rows of one source that name one image differently, and ids that are none.</summary>
public sealed class TwoNamesTests : IDisposable
{
    private readonly TsvFixture _tsv = new();

    public void Dispose() => _tsv.Dispose();

    [Fact]
    public void The_second_id_of_an_image_of_the_caption_file_is_rejected_and_both_are_named()
    {
        var captions = _tsv.Folder.Write("captions.json", """{"COCO_val2014_000000391895.jpg": ["a man"], "7.jpg": ["a cat"]}""");
        var text = string.Join('\n', TsvFixture.Line("391895"), TsvFixture.Line("7"), TsvFixture.Line("000000391895.jpg"), TsvFixture.Line("COCO_val2014_000000391895.jpg"));
        using var source = _tsv.Open(text, captions);

        var rejects = source.ReadFrom(0).OfType<RejectedSample>().ToList();

        Assert.Equal(
            [
                "line 3: captions.json has it as 'COCO_val2014_000000391895.jpg', which the id '391895' before it is as well, expected one id of each image",
                "line 4: captions.json has it as 'COCO_val2014_000000391895.jpg', which the id '391895' before it is as well, expected one id of each image",
            ],
            rejects.Select(reject => reject.Reason));
        Assert.Equal(["000000391895.jpg", "COCO_val2014_000000391895.jpg"], rejects.Select(reject => reject.Id));
        Assert.Equal(rejects.Select(reject => reject.Reason), source.ReadFrom(2).OfType<RejectedSample>().Select(reject => reject.Reason));
    }

    [Fact]
    public void Without_captions_nothing_says_that_two_ids_are_one_image() =>
        Assert.Equal(2, _tsv.Read($"{TsvFixture.Line("391895")}\n{TsvFixture.Line("000000391895.jpg")}").OfType<ImageSample>().Count());

    [Theory]
    [InlineData("a\0b")]
    [InlineData("\u0001")]
    [InlineData("a\u007Fb")]
    [InlineData("a\u0085b")]
    [InlineData("")]
    public void An_id_with_a_control_character_is_rejected_with_its_line(string id)
    {
        var items = _tsv.Read($"{TsvFixture.Line("good")}\n{TsvFixture.Line(id)}\n");

        Assert.IsType<ImageSample>(items[0]);
        var reject = Assert.IsType<RejectedSample>(items[1]);
        Assert.Equal(("line 2: it does not begin with an id of 1 to 256 characters of UTF-8, none of them a control character, and a tab", (string?)null), (reject.Reason, reject.Id));
    }
}
