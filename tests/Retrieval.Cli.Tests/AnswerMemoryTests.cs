using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Retrieval.Cli.Tests.Postgres;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Cli.Tests;

/// <summary>A server process under a heap limit, over images whose metadata were stored before there was a bound on them.</summary>
public sealed class AnswerMemoryTests : IDisposable
{
    private const int Images = 20;
    private const int BlobBytes = 8_000_000;
    private const long Mebibyte = 1 << 20;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_burst_for_long_metadata_is_answered_under_a_small_heap_and_its_memory_is_given_back()
    {
        await PrepareAsync(_folder["index"]);
        await using var server = await ServeProcess.StartAsync(HeapLimit(1024), "--index", _folder["index"]);
        var before = server.PrivateBytes();
        using var client = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
        var query = """{"caption":"w4 w5","top":1,"filter":{"who":"big-0"}}""";
        var batch = $$"""{"queries":[{{string.Join(',', Enumerable.Repeat(query, 64))}}]}""";

        var bodies = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => PostAsync(client, "/v1/search/batch", batch)));

        foreach (var (status, length, body) in bodies)
        {
            Assert.Equal(200, status);
            Assert.Equal(length, body.Length);
            Assert.InRange(body.Length, BlobBytes, 9 * Mebibyte);
            using var document = JsonDocument.Parse(body);
            Assert.Equal(63, document.RootElement.GetProperty("answers").EnumerateArray().Count(answer => answer.TryGetProperty("status", out var problem) && problem.GetInt32() == 422));
        }

        Assert.Equal(422, (await PostAsync(client, "/v1/search/images", """{"caption":"w4","top":20,"filter":{"group":"big"}}""")).Status);
        await ServeProcess.UntilAsync(() => Task.FromResult(server.PrivateBytes() < before + (64 * Mebibyte)), "what the burst took is given back");
    }

    [Fact]
    public async Task Sixty_four_slow_readers_of_the_longest_answers_take_little_memory()
    {
        await PrepareAsync(_folder["index"]);
        await using var server = await ServeProcess.StartAsync(HeapLimit(192), "--index", _folder["index"], "--Limits:RequestTimeoutSeconds=600", "--Limits:AdmittedPairs=100000");
        using var client = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
        const string ask = """{"caption":"w4","top":1,"filter":{"who":"big-1"}}""";
        var whole = await PostAsync(client, "/v1/search/images", ask);
        Assert.Equal(200, whole.Status);
        var before = server.PrivateBytes();
        var request = Encoding.ASCII.GetBytes($"POST /v1/search/images HTTP/1.1\r\nhost: {server.Address.Authority}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {ask.Length}\r\n\r\n{ask}");
        var readers = new List<TcpClient>();
        try
        {
            var buffer = new byte[12];
            for (var i = 0; i < 64; i++)
            {
                var reader = new TcpClient { ReceiveBufferSize = 4096 };
                readers.Add(reader);
                await reader.ConnectAsync(server.Address.Host, server.Address.Port, Cancelled);
                await reader.GetStream().WriteAsync(request, Cancelled);
                await reader.GetStream().ReadExactlyAsync(buffer, Cancelled);
                Assert.Equal("HTTP/1.1 200", Encoding.ASCII.GetString(buffer));
            }

            // All of them have begun, and none has been read: one more finds no place, and health answers.
            Assert.Equal(429, (await PostAsync(client, "/v1/search/images", ask)).Status);
            Assert.InRange(server.PrivateBytes(), 0, before + (96 * Mebibyte));

            // Who reads on gets all of it.
            using var rest = new MemoryStream();
            await readers[0].GetStream().CopyToAsync(rest, Cancelled);
            Assert.True(rest.Length > whole.Length, $"{rest.Length} of {whole.Length}");
            Assert.Equal((byte)'}', rest.GetBuffer()[rest.Length - 1]);
        }
        finally
        {
            readers.ForEach(reader => reader.Dispose());
        }

        await ServeProcess.UntilAsync(async () => (await PostAsync(client, "/v1/search/images", ask)).Status == 200, "their places are free again");
    }

    private static Dictionary<string, string> HeapLimit(int mebibytes) =>
        new() { ["DOTNET_GCHeapHardLimit"] = (mebibytes * Mebibyte).ToString("X", System.Globalization.CultureInfo.InvariantCulture) };

    private static async Task<(int Status, long Length, byte[] Body)> PostAsync(HttpClient client, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content, Cancelled);
        var body = await response.Content.ReadAsByteArrayAsync(Cancelled);
        return ((int)response.StatusCode, response.Content.Headers.ContentLength ?? body.Length, body);
    }

    private async Task PrepareAsync(string index)
    {
        SampleSplit.Write(_folder, 8);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", index, "--source", _folder.Path, "--split", "test")).Succeeded();
        using var from = LocalIndex.Open(index);
        using var writer = LocalIndexWriter.OpenOrCreate(index, from.Schema);
        for (var i = 0; i < Images; i++)
        {
            var metadata = Encoding.UTF8.GetBytes($$"""{"blob":"{{new string('x', BlobBytes)}}","group":"big","who":"big-{{i}}"}""");
            writer.Append(
                new ImageRows
                {
                    Images = [new ImageEntry($"big-{i}", new byte[32], []) { Metadata = metadata }],
                    ImageFields = new FieldRows
                    {
                        Embedding = from.Images.Embedding.Row(0).ToArray(),
                        Fields = from.Images.Fields.ToDictionary(field => field.Spec.Name, field => (ReadOnlyMemory<byte>)field.Row(0).ToArray()),
                    },
                },
                mirrored: true);
        }

        await writer.CommitAsync(cancellation: Cancelled);
    }
}
