using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Retrieval.Features.MetadataFiles;
using Retrieval.Features.Npy;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Ingestion;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Server.Tests.Ingestions;

namespace Retrieval.Server.Tests;

/// <summary>The answers in docs/http-api.md are those of the committed bundle over the committed corpus.</summary>
public sealed partial class DocumentedAnswersTests
{
    // Another processor rounds differently; another bundle or corpus does not get away with it.
    private const double Tolerance = 1e-4;

    private static readonly string Scenes = Path.Combine(Repository.Root, "models", "scenes");

    [Fact]
    public async Task The_documented_answers_are_given()
    {
        using var folder = new TemporaryFolder();
        await IngestAsync(folder["index"]);
        var options = RunningServer.Options(Path.Combine(Scenes, "bundle"), folder["index"]);
        await using var server = await RunningServer.StartAsync(options with { Ingestion = new ServerIngestionOptions { Roots = [Scenes] } });
        await server.ReadyAsync();
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "http-api.md"), TestContext.Current.CancellationToken);

        var posts = PostAndAnswer().Matches(text);
        Assert.Equal(["/v1/search/images", "/v1/search/captions", "/v1/search/batch", "/v1/score"], posts.Select(post => post.Groups["path"].Value));
        foreach (Match post in posts)
        {
            Same(post.Groups["answer"].Value, await server.Client.AnswerAsync(post.Groups["path"].Value, post.Groups["body"].Value));
        }

        Same(BlockWith(text, "\"captions\": [ {"), await (await server.Client.AskAsync("/v1/images/scene-000000")).JsonAsync());
        Same(BlockWith(text, "\"next\": \"scene-000001\""), await (await server.Client.AskAsync("/v1/images?limit=2")).JsonAsync());
        Same(BlockWith(text, "\"fingerprint\""), await (await server.Client.AskAsync("/v1/model")).JsonAsync());
        Same(BlockWith(text, "\"status\": \"ready\""), await (await server.Client.AskAsync("/health/ready")).JsonAsync());

        using (var put = await server.Client.PutAsync("/v1/images/dog.jpg?caption=a%20striped%20red%20cube", FirstImage()))
        {
            Same(BlockWith(text, "\"change\": \"created\""), await put.BodyAsync(201));
        }

        Same(BlockWith(text, "\"change\": \"deleted\""), await (await server.Client.RemoveAsync("/v1/images/dog.jpg")).BodyAsync(200));
        var path = await server.BeginAsync(Order().Match(text).Groups["body"].Value);
        var run = await server.EndedAsync(path, "completed");
        var documented = JsonNode.Parse(BlockWith(text, "\"rowsPerSecond\""))!.AsObject();
        Assert.Equal(documented.Names(), run.Names());
        foreach (var varies in new[] { "id", "worker", "rowsPerSecond", "startedAt", "updatedAt", "endedAt" })
        {
            documented.Remove(varies);
            run.Remove(varies);
        }

        Same(documented, run, "");
    }

    private static async Task IngestAsync(string index)
    {
        using var model = MatchingModel.Load(Path.Combine(Scenes, "bundle"));
        using var source = MetadataSource.Over(() => PrecomputedSplitSource.Open(Path.Combine(Scenes, "corpus"), "test", FeatureExpectation.None), Path.Combine(Scenes, "metadata.jsonl"));
        await new IngestionJob(model, new IngestionOptions { SourceKey = "test" }, TimeProvider.System)
            .RunAsync(source, index, cancellationToken: TestContext.Current.CancellationToken);
    }

    // The features of the corpus's first image, as a file of their own.
    private static byte[] FirstImage()
    {
        using var features = NpyFile.Open(Path.Combine(Scenes, "corpus", "test_ims.npy"));
        var row = new float[features.RowWidth];
        features.ReadRows(0, row);
        var file = Path.GetTempFileName();
        try
        {
            NpyWriter.Write(file, row, features.Shape[1], features.Shape[2]);
            return File.ReadAllBytes(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string BlockWith(string text, string part) =>
        Block().Matches(text).Select(block => block.Groups["json"].Value).Single(json => json.Contains(part, StringComparison.Ordinal));

    private static void Same(string documented, JsonNode given) => Same(JsonNode.Parse(documented), given, "");

    private static void Same(JsonNode? documented, JsonNode? given, string path)
    {
        switch (documented)
        {
            case JsonValue when path.StartsWith(".device.", StringComparison.Ordinal):
                // The machine's own.
                break;
            case JsonObject members:
                Assert.Equal(members.Names(), given!.Names().Where(name => name != "traceId"));
                foreach (var (name, value) in members)
                {
                    Same(value, given![name], $"{path}.{name}");
                }

                break;
            case JsonArray items:
                // Captions and boxes of an image are shortened, and the text says so.
                var found = given!.AsArray();
                Assert.True(path is ".captions" or ".boxes" ? items.Count <= found.Count : items.Count == found.Count, path);
                for (var i = 0; i < items.Count; i++)
                {
                    Same(items[i], found[i], $"{path}[{i}]");
                }

                break;
            case JsonValue number when number.GetValueKind() == JsonValueKind.Number:
                Assert.True(Math.Abs((double)number - (double)given!) <= Tolerance, $"{path}: documented {number}, given {given}");
                break;
            default:
                Assert.True(JsonNode.DeepEquals(documented, given), $"{path}: documented {documented}, given {given}");
                break;
        }
    }

    [GeneratedRegex(@"localhost:8080(?<path>/v1/[a-z/]+) -H [^\n]+\\\n\s+-d '(?<body>[^']+)'\n```(?:(?!```).)*?```json\n(?<answer>.*?)```", RegexOptions.Singleline)]
    private static partial Regex PostAndAnswer();

    [GeneratedRegex(@"localhost:8080/v1/ingestions --json '(?<body>[^']+)'")]
    private static partial Regex Order();

    [GeneratedRegex(@"```json\n(?<json>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
