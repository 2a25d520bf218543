using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

public sealed partial class OpenApiTests(ServerFixture fixture)
{
    private const string UpdateVariable = "UPDATE_OPENAPI";

    private static readonly string Committed = Path.Combine(Repository.Root, "docs", "openapi.json");

    [Fact]
    public async Task The_committed_document_is_the_one_that_is_served()
    {
        var served = Pretty(await ServedAsync());
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            await File.WriteAllTextAsync(Committed, served, TestContext.Current.CancellationToken);
        }

        Assert.True(
            await File.ReadAllTextAsync(Committed, TestContext.Current.CancellationToken) == served,
            $"docs/openapi.json is not what the code serves; run these tests with {UpdateVariable}=1 and look at what has changed");
    }

    [Fact]
    public async Task Every_operation_is_described_and_every_error_is_a_problem()
    {
        var document = await ServedAsync();
        Assert.Equal(["/"], document["servers"]!.AsArray().Select(server => (string)server!["url"]!));
        foreach (var (path, item) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in item!.AsObject())
            {
                var where = $"{method} {path}";
                Assert.True(operation!["summary"] is not null && operation["operationId"] is not null && operation["tags"] is not null, where);
                Assert.True(!path.StartsWith("/health/", StringComparison.Ordinal) == operation["responses"]!.AsObject().ContainsKey("429"), where);
                foreach (var (status, response) in operation["responses"]!.AsObject().Where(pair => pair.Key[0] > '3'))
                {
                    Assert.Equal(["application/problem+json"], response!["content"]!.Names());
                    Assert.True(((string)response["description"]!).Length > 12, $"{where} {status}");
                }

                if (operation["requestBody"] is { } body)
                {
                    Assert.True((bool)body["required"]!, where);
                    var example = body["content"]!["application/json"]!["example"]!;
                    using var content = new StringContent(example.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
                    using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative)) { Content = content };
                    using var answer = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

                    // The example's image is too small for any model, no folder is configured, the bundle has no explainer, there is no
                    // catalog, and a busy machine may miss the example's deadline: it was understood all the same.
                    Assert.True((int)answer.StatusCode is 200 or 404 or 409 or 422 or 403 or 501 or 504, $"the example of {where} is answered with {answer.StatusCode}");
                }
            }
        }
    }

    [Theory]
    [InlineData("BatchRequest", "queries")]
    [InlineData("BatchQuery", null)]
    [InlineData("ScoreRequest", "pairs")]
    [InlineData("ScorePair", "imageId")]
    [InlineData("ExplainRequest", null)]
    [InlineData("ImageRequest", "features")]
    [InlineData("IngestionRequest", "source")]
    [InlineData("ActiveIndexRequest", "name")]
    [InlineData("IngestionSourceRequest", null)]
    public async Task Requests_say_what_they_need_and_that_they_take_nothing_else(string name, string? required)
    {
        var schema = (await ServedAsync())["components"]!["schemas"]![name]!;

        Assert.False((bool)schema["additionalProperties"]!);
        Assert.Equal(required is null ? [] : [required], (schema["required"]?.AsArray() ?? []).Select(member => (string)member!));
    }

    [Fact]
    public async Task Bounds_are_those_of_the_configuration()
    {
        var schemas = (await ServedAsync())["components"]!["schemas"]!;

        Assert.Equal(1000, (int)schemas["ImageSearchRequest"]!["properties"]!["top"]!["maximum"]!);
        Assert.Equal(10_000, (int)schemas["BatchQuery"]!["properties"]!["shortlist"]!["maximum"]!);
        Assert.Equal(2000, (int)schemas["ScoreRequest"]!["properties"]!["pairs"]!["maxItems"]!);
        Assert.Equal(64, (int)schemas["BatchRequest"]!["properties"]!["queries"]!["maxItems"]!);
        Assert.Equal(4096, (int)schemas["IngestionRequest"]!["properties"]!["batchRows"]!["maximum"]!);
    }

    [Fact]
    public async Task Answers_have_the_members_that_are_documented()
    {
        var schemas = (await ServedAsync())["components"]!["schemas"]!;
        var search = await fixture.Client.AnswerAsync("/v1/search/captions", """{ "imageId": "plain.jpg" }""");
        var model = await (await fixture.Client.AskAsync("/v1/model")).JsonAsync();
        var image = await (await fixture.Client.AskAsync("/v1/images/plain.jpg")).JsonAsync();

        Assert.Equal(schemas["SearchResponse"]!["properties"]!.Names(), search.Names());
        Assert.Equal(schemas["Hit"]!["properties"]!.Names().Order(), search["hits"]![0]!.Names().Order());
        Assert.Equal(schemas["ModelResponse"]!["properties"]!.Names(), model.Names());
        Assert.Equal(schemas["ImageDetails"]!["properties"]!.Names(), image.Names());
    }

    [Fact]
    public async Task The_document_for_people_names_every_route_and_its_examples_are_json()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "http-api.md"), TestContext.Current.CancellationToken);
        foreach (var (path, item) in (await ServedAsync())["paths"]!.AsObject())
        {
            Assert.All(item!.Names(), method => Assert.Contains($"| `{method.ToUpperInvariant()} {path}` |", text, StringComparison.Ordinal));
        }

        var blocks = text.Split("```json")[1..].Select(block => block.Split("```")[0]).ToList();
        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.NotNull(JsonNode.Parse(block)));
        var schemas = (await ServedAsync())["components"]!["schemas"]!;
        Assert.Equal(schemas["SearchResponse"]!["properties"]!.Names(), JsonNode.Parse(blocks[0])!.Names());
        Assert.All(await Task.WhenAll(Curl(text).Select(call => fixture.Client.PostAsync(call.Path, call.Body))), call => Assert.True((int)call.Response.StatusCode is 200 or 404, call.Body.ToJsonString()));
    }

    private static IEnumerable<(string Path, string Body)> Curl(string text)
    {
        var calls = Call().Matches(text);
        Assert.True(calls.Count >= 3, "there are examples to call");
        return calls.Select(call => (call.Groups["path"].Value, call.Groups["body"].Value));
    }

    [GeneratedRegex(@"localhost:8080(?<path>/v1/[a-z/]+) -H [^\n]+\\\n\s+-d '(?<body>[^']+)'")]
    private static partial Regex Call();

    private static string Pretty(JsonNode document) =>
        document.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";

    private async Task<JsonObject> ServedAsync() => await (await fixture.Client.AskAsync("/openapi/v1.json")).JsonAsync();
}
