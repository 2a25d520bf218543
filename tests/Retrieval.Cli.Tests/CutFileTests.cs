using System.Collections.Concurrent;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Retrieval.Cli.Tests.Postgres;

namespace Retrieval.Cli.Tests;

/// <summary>Mapped files that somebody cuts short under a server process: without a guard the process ends with SIGBUS.</summary>
public sealed class CutFileTests(ITestOutputHelper output)
{
    private const int Images = 60;
    private const int Callers = 4;

    private static readonly string[] Files =
        ["images/embedding.f32", "images/record/", "captions/record/", "captions/offset.i64", "images/id.utf8", "images/metadata.json", "captions/text.utf8"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_cut_under_load_fail_requests_and_not_the_process_and_put_back_are_served_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "the guard is for Linux on x86-64");
        using var folder = new TemporaryFolder();
        await IngestAsync(folder);
        await using var server = await ServeProcess.StartAsync("--index", folder["index"], "--Snapshot:RefreshSeconds", "0.05");
        using var client = new HttpClient { BaseAddress = server.Address };
        var right = new Dictionary<string, string>();
        foreach (var question in Questions())
        {
            using var response = await AskAsync(client, question);
            right[question.Body] = await TextAsync(response);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var counts = new ConcurrentDictionary<HttpStatusCode, int>();
        var callers = Enumerable.Range(0, Callers).Select(number => Task.Run(async () =>
        {
            for (var i = number; !stop.IsCancellationRequested; i++)
            {
                var question = Questions()[i % Questions().Count];
                using var response = await AskAsync(client, question);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    // What is answered at all is right: nothing is made of zeros.
                    Assert.Equal(right[question.Body], await TextAsync(response));
                }
                else
                {
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
                    Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
                    Assert.Equal(503, (int)JsonNode.Parse(await TextAsync(response))!["status"]!);
                }

                counts.AddOrUpdate(response.StatusCode, 1, (_, count) => count + 1);
            }
        }, Cancelled)).ToList();

        Task SeenAsync(HttpStatusCode status)
        {
            var before = counts.GetValueOrDefault(status);
            return ServeProcess.UntilAsync(() => Task.FromResult(callers.Exists(caller => caller.IsFaulted) || counts.GetValueOrDefault(status) >= before + 10), $"answers with {status}");
        }

        foreach (var name in Files)
        {
            var file = FileOf(folder, name);
            var whole = await File.ReadAllBytesAsync(file, Cancelled);
            foreach (var length in new[] { 0, whole.Length / 2 })
            {
                await SeenAsync(HttpStatusCode.OK);
                Cut(file, length);
                await ServeProcess.UntilAsync(async () => await ReasonsAsync(client) is { } reasons && reasons.Contains(Path.GetFileName(file), StringComparison.Ordinal), $"readiness names {file}");
                Assert.DoesNotContain(folder.Path, await ReasonsAsync(client), StringComparison.Ordinal);
                await SeenAsync(HttpStatusCode.ServiceUnavailable);
                using (var live = await client.GetAsync(new Uri("/health/live", UriKind.Relative), Cancelled))
                {
                    Assert.Equal(HttpStatusCode.OK, live.StatusCode);
                }

                // As long as before, and yet not what it was: it is not served until it is.
                Cut(file, whole.Length);
                await SeenAsync(HttpStatusCode.ServiceUnavailable);
                Assert.NotNull(await ReasonsAsync(client));
                await PutBackAsync(file, whole);
                await ServeProcess.UntilAsync(async () => await ReasonsAsync(client) is null, $"it is ready again with {file}");
            }
        }

        await SeenAsync(HttpStatusCode.OK);
        await stop.CancelAsync();
        await Task.WhenAll(callers);
        output.WriteLine(string.Join(", ", counts.Select(count => $"{(int)count.Key}: {count.Value}")));
        foreach (var question in Questions())
        {
            using var response = await AskAsync(client, question);
            Assert.Equal(right[question.Body], await TextAsync(response));
        }
    }

    private static async Task IngestAsync(TemporaryFolder folder)
    {
        SampleSplit.Write(folder, Images);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test")).Succeeded();
    }

    private static string FileOf(TemporaryFolder folder, string name)
    {
        var path = Path.Combine(folder["index"], "data-1", name);
        return name.EndsWith('/') ? Directory.GetFiles(path).OrderByDescending(file => new FileInfo(file).Length).First() : path;
    }

    private static List<(string Path, string Body)> Questions() =>
    [
        .. Enumerable.Range(0, 6).Select(i => ("/v1/search/images", $$"""{ "caption": "w{{4 + i}} w{{9 + i}}", "top": 20, "shortlist": {{Images}} }""")),
        .. Enumerable.Range(0, 6).Select(i => ("/v1/search/captions", $$"""{ "imageId": "{{SampleSplit.Id(i * 9)}}", "top": 20, "shortlist": {{2 * Images}} }""")),
        ("/v1/score", $$"""{ "pairs": [ { "imageId": "{{SampleSplit.Id(Images - 1)}}", "caption": "w5 w6" }, { "imageId": "{{SampleSplit.Id(3)}}", "captionId": "{{SampleSplit.Id(Images - 2)}}#1" } ] }"""),
    ];

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, (string Path, string Body) question)
    {
        using var content = new StringContent(question.Body, System.Text.Encoding.UTF8, "application/json");
        return await client.PostAsync(new Uri(question.Path, UriKind.Relative), content, Cancelled);
    }

    // The check of the index may know of the damage already, or still, when a right answer is given.
    private static async Task<string> TextAsync(HttpResponseMessage response) =>
        (await response.Content.ReadAsStringAsync(Cancelled)).Replace("""
            "degraded":"damaged"
            """, """
            "degraded":null
            """, StringComparison.Ordinal);

    private static async Task<string?> ReasonsAsync(HttpClient client)
    {
        using var response = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), Cancelled);
        return response.IsSuccessStatusCode ? null : await response.Content.ReadAsStringAsync(Cancelled);
    }

    private static void Cut(string file, long length)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.SetLength(handle, length);
    }

    private static async Task PutBackAsync(string file, byte[] bytes)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        await RandomAccess.WriteAsync(handle, bytes, 0, Cancelled);
    }
}
