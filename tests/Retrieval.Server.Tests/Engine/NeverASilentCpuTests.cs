using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Retrieval.Inference;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Engine;

/// <summary>What cannot run where it was asked for is not run anywhere, unless the configuration allows the CPU.</summary>
[Trait("Promise", "11")]
public sealed class NeverASilentCpuTests(ServerFixture fixture)
{
    [Theory]
    [InlineData("")]
    [InlineData("no library")]
    public async Task A_provider_that_is_missing_or_none_is_a_reason_not_to_be_ready_and_nothing_is_computed(string content)
    {
        using var folder = new TemporaryFolder();
        var library = folder["libprovider.so"];
        if (content.Length > 0)
        {
            await File.WriteAllTextAsync(library, content, TestContext.Current.CancellationToken);
        }

        await using var server = await RunningServer.StartAsync(Options(ProviderChoice.Cuda, library));

        var reason = await ReasonAsync(server);
        Assert.Contains("cuda", reason, StringComparison.Ordinal);
        Assert.DoesNotContain(folder.Path, reason, StringComparison.Ordinal);
        await AnswersNothingAsync(server);
    }

    [Theory]
    [InlineData(ProviderChoice.Auto)]
    [InlineData(ProviderChoice.Cpu)]
    public async Task Where_the_CPU_is_allowed_it_is_taken_and_the_model_says_why(ProviderChoice provider)
    {
        using var folder = new TemporaryFolder();
        await using var server = await RunningServer.StartAsync(Options(provider, folder["nowhere.so"]));
        await server.ReadyAsync();

        var model = await (await server.Client.AskAsync("/v1/model")).BodyAsync(200);

        Assert.Equal("CPUExecutionProvider", (string)model["provider"]!);
        Assert.NotEmpty((string)model["device"]!["reason"]!);
        await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }""");
    }

    [Theory]
    [InlineData("text_encoder.onnx")]
    [InlineData("scorer_text_to_image.onnx")]
    public async Task A_graph_with_an_operator_nothing_can_compute_is_refused_and_served_once_it_is_mended(string file)
    {
        using var folder = new TemporaryFolder();
        var bundle = folder.Copy(Repository.Bundle, "bundle");
        var manifest = await File.ReadAllBytesAsync(Path.Combine(bundle, "bundle.json"), TestContext.Current.CancellationToken);
        var graph = await File.ReadAllBytesAsync(Path.Combine(bundle, file), TestContext.Current.CancellationToken);
        await ReplaceAsync(bundle, file, WithUnknownOperator(graph));
        var index = folder["index"];
        await Corpus.IngestAsync(Repository.Bundle, index, 4);
        var options = RunningServer.Options(bundle, index);
        await using var server = await RunningServer.StartAsync(options);

        Assert.Contains(file, await ReasonAsync(server), StringComparison.Ordinal);
        await AnswersNothingAsync(server);

        await File.WriteAllBytesAsync(Path.Combine(bundle, file), graph, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(bundle, "bundle.json"), manifest, TestContext.Current.CancellationToken);
        await server.ReadyAsync();
        await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }""");
    }

    private ServerOptions Options(ProviderChoice provider, string library)
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        return options with { Inference = options.Inference with { Provider = provider, ProviderLibrary = library } };
    }

    /// <summary>The reason it gives once it has tried to load.</summary>
    private static async Task<string> ReasonAsync(RunningServer server)
    {
        await Eventually.TrueAsync(() => server.Log.Of(1101).Any(), "the load has failed");
        var problem = await (await server.Client.AskAsync("/health/ready")).ProblemAsync(503);
        return string.Join(' ', problem["reasons"]!.AsArray().Select(reason => (string)reason!));
    }

    private static async Task AnswersNothingAsync(RunningServer server)
    {
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/health/live")).StatusCode);
        foreach (var (path, body) in new[]
        {
            ("/v1/search/images", """{ "caption": "w4" }"""),
            ("/v1/search/captions", """{ "imageId": "plain.jpg" }"""),
            ("/v1/score", """{ "pairs": [ { "imageId": "plain.jpg", "caption": "w4" } ] }"""),
        })
        {
            var (response, _) = await server.Client.PostAsync(path, body);
            await response.ProblemAsync(503);
        }

        Assert.Equal(0, await server.MetricAsync("retrieval_batch_pairs_sum") ?? 0);
        Assert.Equal(0, await server.MetricAsync("retrieval_ready"));
    }

    /// <summary>The graph with its first product turned into an operator no runtime has.</summary>
    private static byte[] WithUnknownOperator(byte[] graph)
    {
        var edited = (byte[])graph.Clone();
        // The type of the node, with its tag and length in front: names of nodes hold the word, too.
        ReadOnlySpan<byte> product = [0x22, 6, .. "MatMul"u8];
        var place = edited.AsSpan().IndexOf(product);
        Assert.True(place >= 0, "the graph has a product");
        "MatMux"u8.CopyTo(edited.AsSpan(place + 2));
        return edited;
    }

    /// <summary>Puts a file in place together with its hash, as somebody would who knows the format.</summary>
    private static async Task ReplaceAsync(string bundle, string file, byte[] content)
    {
        await File.WriteAllBytesAsync(Path.Combine(bundle, file), content, TestContext.Current.CancellationToken);
        var path = Path.Combine(bundle, "bundle.json");
        var manifest = JsonNode.Parse(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken))!;
        manifest["files"]![file] = new JsonObject { ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content)), ["bytes"] = content.Length };
        await File.WriteAllTextAsync(path, manifest.ToJsonString(), TestContext.Current.CancellationToken);
    }
}
