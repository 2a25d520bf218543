#pragma warning disable CA1416 // The program and its tests are built for Linux alone.
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Server.Tests.Metrics;

namespace Retrieval.Server.Tests.Access;

public sealed class AuditTests : IDisposable
{
    private const string Canary = "canary-of-a-caption";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Changes_are_recorded_with_who_made_them_and_reads_are_not()
    {
        var keys = new KeyRingFile(_folder["keys.json"]);
        string trace;
        await using (var server = await StartAsync(keys, _folder["audit.jsonl"]))
        {
            using var stored = await SendAsync(server, HttpMethod.Put, "/v1/images/new%20image.jpg", keys["ingest"], Image.Body(1, Canary).ToJsonString());
            Assert.Equal(201, (int)stored.StatusCode);
            using var refused = await SendAsync(server, HttpMethod.Put, "/v1/images/other.jpg", keys["query"], Image.Body(1, Canary).ToJsonString());
            Assert.Equal(403, (int)refused.StatusCode);
            using var unknown = await SendAsync(server, HttpMethod.Put, "/v1/images/other.jpg", "nobody", Image.Body(1, Canary).ToJsonString());
            Assert.Equal(401, (int)unknown.StatusCode);
            using var missing = await SendAsync(server, HttpMethod.Delete, "/v1/images/other.jpg", keys["admin"], null);
            Assert.Equal(404, (int)missing.StatusCode);
            using var read = await SendAsync(server, HttpMethod.Get, "/v1/model", keys["query"], null);
            Assert.Equal(200, (int)read.StatusCode);
            using var ingested = await SendAsync(server, HttpMethod.Post, "/v1/ingestions", keys["ingest"], """{ "source": { "folder": "f", "split": "s" } }""");
            Assert.Equal(403, (int)ingested.StatusCode);
            using var cancelled = await SendAsync(server, HttpMethod.Delete, "/v1/ingestions/00000000-0000-0000-0000-000000000001", keys["ingest"], null);
            Assert.Equal(404, (int)cancelled.StatusCode);
            using var unasked = await SendAsync(server, HttpMethod.Delete, "/v1/ingestions/00000000-0000-0000-0000-000000000001", keys["query"], null);
            Assert.Equal(403, (int)unasked.StatusCode);
            using var broken = await SendAsync(server, HttpMethod.Put, "/v1/images/a%2Fb/c.jpg", keys["ingest"], "{");
            Assert.Equal(400, (int)broken.StatusCode);
            // A line is written behind its answer, and what follows comes on another connection.
            await Eventually.TrueAsync(() => Lines().Any(line => (string?)line["Target"] == "a/b/c.jpg"), "the line is written");
            Assert.StartsWith("HTTP/1.1 400 ", await server.RawAsync($"DELETE /v1/images/%zz HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {keys["ingest"]}\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
            using var switched = await SendAsync(server, HttpMethod.Put, "/v1/indexes/active", keys["admin"], """{ "name": "green" }""");
            Assert.Equal(409, (int)switched.StatusCode);
            using var denied = await SendAsync(server, HttpMethod.Put, "/v1/indexes/active", keys["ingest"], """{ "name": "green" }""");
            Assert.Equal(403, (int)denied.StatusCode);
            trace = (string)(await denied.JsonAsync())["traceId"]!;
            using var unread = await SendAsync(server, HttpMethod.Post, "/v1/ingestions", keys["query"], """{ "source": { "folder": "f", "split": "s" } }""");
            Assert.Equal(403, (int)unread.StatusCode);
        }

        Assert.Equal(trace, (string)Lines()[^2]["TraceId"]!);

        Assert.Equal(
        [
            "image.store new image.jpg ingest 201", "image.store other.jpg query 403", "image.delete other.jpg admin 404", "ingestion.start f#s ingest 403",
            "ingestion.cancel run 00000000-0000-0000-0000-000000000001 ingest 404", "ingestion.cancel run 00000000-0000-0000-0000-000000000001 query 403",
            "image.store a/b/c.jpg ingest 400", "image.delete  ingest 400", "index.activate green admin 409", "index.activate index, not read ingest 403", "ingestion.start source, not read query 403",
        ], Lines().Select(line => $"{line["Action"]} {line["Target"]} {line["Caller"]} {line["Status"]}"));
        Assert.All(Lines(), line => Assert.True(((string)line["TraceId"]!).Length == 32 && (string)line["Remote"]! == "127.0.0.1", line.ToJsonString()));
    }

    [Fact]
    public async Task Without_a_file_the_lines_are_part_of_the_log()
    {
        var keys = new KeyRingFile(_folder["keys.json"]);
        await using var server = await StartAsync(keys, "");

        using var missing = await SendAsync(server, HttpMethod.Delete, "/v1/images/other.jpg", keys["ingest"], null);

        // It is written behind the answer.
        await Eventually.TrueAsync(() => server.Log.Of(1510).Any(), "the line is written");
        Assert.Contains("image.delete other.jpg by ingest from 127.0.0.1: 404", Assert.Single(server.Log.Of(1510)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_keeps_changes_and_puts_the_lines_into_the_log()
    {
        var keys = new KeyRingFile(_folder["keys.json"]);
        await using var server = await StartAsync(keys, "/dev/full");

        using var stored = await SendAsync(server, HttpMethod.Put, "/v1/images/new.jpg", keys["ingest"], Image.Body(1, Canary).ToJsonString());

        Assert.Equal(201, (int)stored.StatusCode);
        await Eventually.TrueAsync(() => server.Log.Of(1511).Any(), "the line is in the log");
        var entry = Assert.Single(server.Log.Of(1511));
        Assert.Equal(LogLevel.Error, entry.Level);
        Assert.Contains("image.store new.jpg by ingest", entry.Message, StringComparison.Ordinal);
        using var metrics = await SendAsync(server, HttpMethod.Get, "/metrics", keys["metrics"], null);
        Assert.Equal(1, Exposition.Parse(await metrics.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Sum("retrieval_audit_lost_total"));
        using var read = await SendAsync(server, HttpMethod.Get, "/v1/images/new.jpg", keys["query"], null);
        Assert.Equal(200, (int)read.StatusCode);
    }

    [Fact]
    public async Task A_file_that_is_truncated_or_renamed_is_gone_on_with_and_so_is_one_that_others_append_to()
    {
        var keys = new KeyRingFile(_folder["keys.json"]);
        await using var server = await StartAsync(keys, _folder["audit.jsonl"]);
        async Task ChangeAsync(string id)
        {
            using var missing = await SendAsync(server, HttpMethod.Delete, "/v1/images/" + id, keys["ingest"], null);
            await Eventually.TrueAsync(() => File.Exists(_folder["audit.jsonl"]) && File.ReadAllText(_folder["audit.jsonl"]).Contains(id, StringComparison.Ordinal), "the line is written");
        }

        await ChangeAsync("one.jpg");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["audit.jsonl"]));
        File.Copy(_folder["audit.jsonl"], _folder["audit.1"]);
        await File.WriteAllTextAsync(_folder["audit.jsonl"], "", TestContext.Current.CancellationToken);
        await ChangeAsync("two.jpg");
        Assert.Equal("two.jpg", (string)Assert.Single(Lines())["Target"]!);

        await File.AppendAllTextAsync(_folder["audit.jsonl"], "{ \"Target\": \"another's\" }\n", TestContext.Current.CancellationToken);
        await ChangeAsync("three.jpg");
        Assert.Equal(["two.jpg", "another's", "three.jpg"], Lines().Select(line => (string)line["Target"]!));

        File.Move(_folder["audit.jsonl"], _folder["audit.2"]);
        await ChangeAsync("four.jpg");
        Assert.Equal("four.jpg", (string)Assert.Single(Lines())["Target"]!);
    }

    [Fact]
    public async Task A_part_of_a_line_is_not_gone_on_with()
    {
        var keys = new KeyRingFile(_folder["keys.json"]);
        _folder.Write("audit.jsonl", "{ \"Target\": \"whole\" }\n{ \"Targ");
        await using (var server = await StartAsync(keys, _folder["audit.jsonl"]))
        {
            using var missing = await SendAsync(server, HttpMethod.Delete, "/v1/images/new.jpg", keys["ingest"], null);
        }

        var lines = File.ReadAllLines(_folder["audit.jsonl"]);
        Assert.Equal(3, lines.Length);
        Assert.Equal("new.jpg", (string)JsonNode.Parse(lines[2])!["Target"]!);
    }

    [Fact]
    public async Task A_pipe_that_nobody_reads_is_not_started_with()
    {
        Pipe.Make(_folder["pipe"]);
        var keys = new KeyRingFile(_folder["keys.json"]);
        Assert.StartsWith("Audit:File is '", Assert.Single((await Assert.ThrowsAsync<InvalidConfigurationException>(() => StartAsync(keys, _folder["pipe"]))).Faults), StringComparison.Ordinal);

    }

    [Fact]
    public async Task Every_answer_has_the_trace_id_that_the_line_has()
    {
        var keys = new KeyRingFile(_folder["keys.json"]);
        string trace;
        await using (var server = await StartAsync(keys, _folder["audit.jsonl"]))
        {
            using var stored = await SendAsync(server, HttpMethod.Put, "/v1/images/new.jpg", keys["ingest"], Image.Body(1, Canary).ToJsonString());
            Assert.Equal(201, (int)stored.StatusCode);
            trace = stored.Headers.GetValues("traceresponse").Single().Split('-')[1];
        }

        Assert.Equal(trace, (string)Assert.Single(Lines())["TraceId"]!);
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_is_not_started_with()
    {
        var fault = Assert.Single((await Assert.ThrowsAsync<InvalidConfigurationException>(() => StartAsync(new KeyRingFile(_folder["keys.json"]), _folder["no/folder/audit.jsonl"] + "\0"))).Faults);

        Assert.StartsWith("Audit:File is '", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Captions_features_and_keys_stand_in_no_log_no_metric_and_no_error()
    {
        var keys = new KeyRingFile(_folder["keys.json"]);
        string metrics;
        List<string> errors = [];
        await using (var server = await StartAsync(keys, _folder["audit.jsonl"]))
        {
            using var stored = await SendAsync(server, HttpMethod.Put, "/v1/images/new.jpg", keys["ingest"], Image.Body(1, Canary).ToJsonString());
            Assert.Equal(201, (int)stored.StatusCode);
            foreach (var (method, path, key, body) in new (HttpMethod, string, string, string?)[]
            {
                (HttpMethod.Post, "/v1/search/images", keys["query"], $$"""{ "caption": "{{Canary}}" }"""),
                (HttpMethod.Post, "/v1/search/images", keys["query"], $$"""{ "caption": "{{Canary}}", "top": 0 }"""),
                (HttpMethod.Post, "/v1/search/images", keys["query"], $$"""{ "{{Canary}}" """),
                (HttpMethod.Post, "/v1/score", keys["query"], $$"""{ "pairs": [ { "caption": "{{Canary}}", "imageId": "none" } ] }"""),
                (HttpMethod.Post, "/v1/search/images", keys["query"] + "0", $$"""{ "caption": "{{Canary}}" }"""),
                (HttpMethod.Put, "/v1/images/new.jpg", keys["query"], Image.Body(1, Canary).ToJsonString()),
                (HttpMethod.Get, "/v1/model?key=" + keys["query"], keys["query"], null),
            })
            {
                using var answer = await SendAsync(server, method, path, key, body);
                if (!answer.IsSuccessStatusCode)
                {
                    errors.Add(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
                }
            }

            using var scraped = await SendAsync(server, HttpMethod.Get, "/metrics", keys["metrics"], null);
            metrics = await scraped.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            errors.AddRange(server.Log.Entries.Where(entry => entry.Category != AccessMatrixTests.LeftOut).Select(entry => entry.Message + entry.Exception));
        }

        foreach (var secret in new[] { Canary }.Concat(new[] { "query", "ingest", "metrics" }.Select(name => keys[name][17..])))
        {
            Assert.DoesNotContain(secret, metrics, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, await File.ReadAllTextAsync(_folder["audit.jsonl"], TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.All(errors, text => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(RunningServer server, HttpMethod method, string path, string key, string? body)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-Api-Key", key);
        request.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private List<JsonObject> Lines() => [.. File.ReadLines(_folder["audit.jsonl"]).Select(line => JsonNode.Parse(line)!.AsObject())];

    private async Task<RunningServer> StartAsync(KeyRingFile keys, string file)
    {
        await Corpus.IngestAsync(Repository.Bundle, _folder["index"], 4);
        var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, _folder["index"]) with
        {
            Access = new AccessOptions { KeyFile = keys.Path },
            Audit = new AuditOptions { File = file },
        });
        return await server.ReadyAsync();
    }
}
