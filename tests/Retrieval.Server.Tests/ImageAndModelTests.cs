using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

public sealed class ImageAndModelTests(ServerFixture fixture)
{
    public static TheoryData<string> AwkwardIds => [.. Corpus.AwkwardIds];

    [Theory]
    [MemberData(nameof(AwkwardIds))]
    public async Task An_image_is_found_by_its_id_whatever_its_characters(string id)
    {
        var image = await (await fixture.Client.AskAsync($"/v1/images/{Uri.EscapeDataString(id)}")).JsonAsync();

        Assert.Equal(id, (string?)image["id"]);
        Assert.Equal(["id", "captions", "metadata", "boxes", "indexEpoch"], image.Names());
        Assert.Equal([$"{id}#0", $"{id}#1"], image["captions"]!.AsArray().Select(caption => (string)caption!["id"]!));
    }

    [Fact]
    public async Task An_image_comes_with_its_captions_metadata_and_boxes()
    {
        var image = await (await fixture.Client.AskAsync("/v1/images/plain.jpg")).JsonAsync();

        Assert.Equal(Corpus.CaptionOf(0, 1), (string)image["captions"]![1]!["text"]!);
        Assert.Equal("""{"row":"0","split":"test"}""", image["metadata"]!.ToJsonString());
        Assert.Equal([0f, 1, 2, 3], image["boxes"]![0]!.AsArray().Select(value => (float)value!));
    }

    [Fact]
    public async Task Slashes_of_an_id_may_stand_as_they_are_and_a_query_string_is_not_part_of_it()
    {
        var image = await (await fixture.Client.AskAsync("/v1/images/a/b/c.jpg?x=/1")).JsonAsync();

        Assert.Equal("a/b/c.jpg", (string?)image["id"]);
        Assert.Null(image["boxes"]);
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("%")]
    [InlineData("a%2Fb")]
    public async Task An_unknown_image_is_a_404(string id)
    {
        var problem = await (await fixture.Client.AskAsync($"/v1/images/{id}")).ProblemAsync(404);

        Assert.StartsWith("unknown image id '", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_without_an_id_is_the_list_which_knows_its_parameters()
    {
        var problem = await (await fixture.Client.AskAsync("/v1/images?x=1")).ProblemAsync(400, "x");

        Assert.StartsWith("x: there is no such parameter", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_very_long_id_is_not_echoed_whole()
    {
        var problem = await (await fixture.Client.AskAsync("/v1/images/" + new string('x', 5000))).ProblemAsync(404);

        Assert.InRange(((string)problem["detail"]!).Length, 1, 600);
    }

    [Fact]
    public async Task The_model_says_what_is_served()
    {
        var model = await (await fixture.Client.AskAsync("/v1/model")).JsonAsync();

        Assert.Equal(
            ["model", "name", "fingerprint", "system", "form", "profile", "precision", "provider", "device", "pairsPerCall", "banks", "regions", "maxTokens", "embeddingWidth", "ranking", "defaultShortlist", "explainer", "pictures", "pictureTemplate", "index", "further", "shortlist", "catalog", "parity"],
            model.Names());
        Assert.Equal("camp-gate-fusion-new-concat", (string?)model["name"]);
        Assert.Matches("^[0-9a-f]{64}$", (string)model["fingerprint"]!);
        Assert.Equal("""{"count":36,"fewest":36,"width":64}""", model["regions"]!.ToJsonString());
        Assert.Equal(ServerFixture.Images, (int)model["index"]!["images"]!);
        Assert.Equal(ServerFixture.Images * Corpus.CaptionsPerImage, (int)model["index"]!["captions"]!);
        Assert.False((bool)model["index"]!["manifestDamaged"]!);
        Assert.True((bool)model["parity"]!["passed"]!);
        Assert.Null(model["ranking"]);
        Assert.False((bool)model["explainer"]!);
        Assert.Equal("""{"textToImage":200,"imageToText":200}""", model["defaultShortlist"]!.ToJsonString());
    }

    [Fact]
    public async Task Health_says_live_and_ready()
    {
        var live = await (await fixture.Client.AskAsync("/health/live")).JsonAsync();
        var ready = await (await fixture.Client.AskAsync("/health/ready")).JsonAsync();

        Assert.Equal("""{"status":"live"}""", live.ToJsonString());
        Assert.Equal(["status", "model", "indexEpoch"], ready.Names());
        Assert.Equal("ready", (string?)ready["status"]);
    }
}
