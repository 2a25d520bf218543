using System.Text;
using System.Text.Json.Nodes;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

public sealed class ImageListTests(ServerFixture fixture)
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(48)]
    [InlineData(1000)]
    public async Task Parts_list_every_image_once_in_the_order_of_ids(int limit)
    {
        List<JsonNode> images = [];
        string? after = null;
        do
        {
            var part = await ListAsync($"?limit={limit}" + (after is null ? "" : "&after=" + Uri.EscapeDataString(after)));
            Assert.Equal(["images", "next", "degraded", "indexEpoch"], part.Names());
            Assert.InRange(part["images"]!.AsArray().Count, 1, limit);
            images.AddRange(part["images"]!.AsArray()!);
            after = (string?)part["next"];
        }
        while (after is not null);

        string[] ids = [.. Enumerable.Range(0, ServerFixture.Images).Select(Corpus.IdOf).Order(Comparer<string>.Create((one, other) => Encoding.UTF8.GetBytes(one).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(other))))];
        Assert.Equal(ids, images.Select(image => (string)image["id"]!));
        Assert.All(images, image => Assert.Equal(["id", "captions", "metadata"], image.Names()));
        Assert.All(images, image => Assert.Equal(Corpus.CaptionsPerImage, (int)image["captions"]!));
        Assert.Equal("""{"row":"0","split":"test"}""", images.Single(image => (string)image["id"]! == Corpus.IdOf(0))["metadata"]!.ToJsonString());
    }

    [Fact]
    public async Task An_id_that_is_not_there_is_a_place_to_go_on_from()
    {
        var part = await ListAsync("?after=image-4&limit=2");

        Assert.Equal(["image-40", "image-41"], part["images"]!.AsArray().Select(image => (string)image!["id"]!));
        Assert.Equal("image-41", (string?)part["next"]);
        Assert.Empty((await ListAsync("?after=" + Uri.EscapeDataString("\U0010FFFF")))["images"]!.AsArray());
    }

    [Theory]
    [InlineData("/v1/images?limit=0", "limit")]
    [InlineData("/v1/images?limit=1001", "limit")]
    [InlineData("/v1/images?limit=ten", "limit")]
    [InlineData("/v1/images?offset=3", "offset")]
    public async Task A_wrong_parameter_is_a_400_that_names_it(string path, string field) => await (await fixture.Client.AskAsync(path)).ProblemAsync(400, field);

    private async Task<JsonObject> ListAsync(string query) => await (await fixture.Client.AskAsync("/v1/images" + query)).BodyAsync(200);
}
