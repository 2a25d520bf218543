using System.Net;
using Retrieval.Server.Access;
using Retrieval.Server.Access.Keys;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Access;

public sealed class KeyRereadTests(ServerFixture fixture)
{
    [Fact]
    public async Task Keys_are_added_and_revoked_while_the_server_runs()
    {
        using var folder = new TemporaryFolder();
        var keys = new KeyRingFile(folder["keys.json"]);
        await using var server = await StartAsync(keys.Path);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, keys["query"]));

        var added = keys.Add("added", Role.Query);
        KeyFileEditor.Revoke(keys.Path, "query");

        await Eventually.TrueAsync(async () => await StatusAsync(server, keys["query"]) == HttpStatusCode.Unauthorized, "the revoked key is refused");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, added));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("""{ "keys": [ { "name": "x" } ] }""")]
    [InlineData(null)]
    public async Task A_file_that_cannot_be_used_later_leaves_the_keys_of_before_and_says_so(string? content)
    {
        using var folder = new TemporaryFolder();
        var keys = new KeyRingFile(folder["keys.json"]);
        await using var server = await StartAsync(keys.Path);
        var good = await File.ReadAllTextAsync(keys.Path, TestContext.Current.CancellationToken);

        if (content is null)
        {
            File.Delete(keys.Path);
        }
        else
        {
            // Writing would cut it off first, and an empty file has a reason of its own.
            File.Move(folder.Write("next", content), keys.Path, overwrite: true);
        }

        await Eventually.TrueAsync(() => server.Log.Of(1501).Any(), "the log says so");
        Assert.Equal(1, await FaultAsync(server, keys));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, keys["query"]));
        Assert.Contains("cannot be used, and what was in force before stays so", Assert.Single(server.Log.Of(1501)).Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(keys.Path, good, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await FaultAsync(server, keys) == 0, "it recovers");
        Assert.Single(server.Log.Of(1500));
    }

    [Fact]
    public async Task A_pipe_in_the_place_of_the_file_is_not_waited_for_and_a_file_that_is_back_is_followed()
    {
        using var folder = new TemporaryFolder();
        var keys = new KeyRingFile(folder["keys.json"]);
        await using var server = await StartAsync(keys.Path);
        var added = keys.Add("added", Role.Query);
        var next = await File.ReadAllTextAsync(keys.Path, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await StatusAsync(server, added) == HttpStatusCode.OK, "the key is known");

        File.Delete(keys.Path);
        Pipe.Make(keys.Path);
        await Eventually.TrueAsync(() => server.Log.Of(1501).Any(entry => entry.Message.Contains("it is a pipe, a socket or a terminal; expected a regular file", StringComparison.Ordinal)), "the log says so");
        Assert.Equal(1, await FaultAsync(server, keys));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, added));

        // A device that never ends is read as far as a file may be long.
        File.Delete(keys.Path);
        File.CreateSymbolicLink(keys.Path, "/dev/zero");
        await Eventually.TrueAsync(() => server.Log.Of(1501).Any(entry => entry.Message.Contains("longer than the 4194304 bytes", StringComparison.Ordinal)), "the log says so");

        File.Delete(keys.Path);
        await File.WriteAllTextAsync(keys.Path, next, TestContext.Current.CancellationToken);
        KeyFileEditor.Revoke(keys.Path, "added");
        await Eventually.TrueAsync(async () => await StatusAsync(server, added) == HttpStatusCode.Unauthorized, "the revoked key is refused");
        await Eventually.TrueAsync(async () => await FaultAsync(server, keys) == 0, "the metric says so");
    }

    [Fact]
    public async Task Revoking_the_last_key_lets_nobody_in()
    {
        using var folder = new TemporaryFolder();
        var text = KeyFileEditor.Add(folder["keys.json"], new NewKey("only", [Role.Query]), DateTimeOffset.UnixEpoch).Text;
        await using var server = await StartAsync(folder["keys.json"]);

        KeyFileEditor.Revoke(folder["keys.json"], "only");

        await Eventually.TrueAsync(async () => await StatusAsync(server, text) == HttpStatusCode.Unauthorized, "the last key is refused");
        Assert.Empty(server.Log.Of(1501));
    }

    [Fact]
    public async Task A_secret_that_is_mounted_anew_by_a_link_is_followed()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["one"]);
        Directory.CreateDirectory(folder["two"]);
        var one = new KeyRingFile(folder["one/keys.json"]);
        var two = new KeyRingFile(folder["two/keys.json"]);
        Directory.CreateSymbolicLink(folder["now"], folder["one"]);
        await using var server = await StartAsync(folder["now/keys.json"]);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, two["query"]));

        Directory.Delete(folder["now"]);
        Directory.CreateSymbolicLink(folder["now"], folder["two"]);

        await Eventually.TrueAsync(async () => await StatusAsync(server, two["query"]) == HttpStatusCode.OK, "the keys of the new mount are known");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, one["query"]));
    }

    [Theory]
    [InlineData(null, "cannot be read")]
    [InlineData("", "is empty")]
    [InlineData("{", "found what is no JSON")]
    [InlineData("""{ "keys": [] }""", "holds no key, so that nobody could ask this server anything")]
    public async Task A_server_does_not_start_with_a_file_that_it_cannot_use(string? content, string fault)
    {
        using var folder = new TemporaryFolder();
        if (content is not null)
        {
            folder.Write("keys.json", content);
        }

        using var errors = new StringWriter();
        var code = await RetrievalServer.RunAsync(["--bundle", Repository.Bundle, "--index", fixture.Index, "--urls", "http://127.0.0.1:0", "--key-file", folder["keys.json"]], errors, TestContext.Current.CancellationToken);

        Assert.Equal(RetrievalServer.InvalidConfiguration, code);
        Assert.StartsWith("Access:KeyFile: ", errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(fault, errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_others_can_reach_asks_for_keys_or_is_told_not_to()
    {
        string[] open = ["--bundle", "b", "--index", "i", "--urls", "http://127.0.0.1:1;http://*:2"];

        Assert.Contains("Http:Urls holds 'http://*:2', which others can reach, and no key is asked for", Fault(open), StringComparison.Ordinal);
        Assert.Contains("Access:WithoutKeys is 'true'; expected 'anyone-may-read-and-write' or nothing", Fault([.. open, "--Access:WithoutKeys=true"]), StringComparison.Ordinal);
        Assert.Contains("expected one of both", Fault([.. open, "--key-file", "k", "--Access:WithoutKeys=anyone-may-read-and-write"]), StringComparison.Ordinal);
        Assert.NotNull(ServerConfiguration.Read([.. open, "--Access:WithoutKeys=anyone-may-read-and-write"]));
        Assert.NotNull(ServerConfiguration.Read([.. open, "--key-file", "k"]));

        static string Fault(string[] arguments) => Assert.Single(Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(arguments)).Faults);
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningServer server, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/model");
        request.Headers.Add("X-Api-Key", key);
        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static async Task<double?> FaultAsync(RunningServer server, KeyRingFile keys)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Add("X-Api-Key", keys["metrics"]);
        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return Metrics.Exposition.Parse(await answer.Content.ReadAsStringAsync()).Sum("retrieval_access_keyfile_fault");
    }

    private async Task<RunningServer> StartAsync(string keyFile) =>
        await (await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index) with { Access = new AccessOptions { KeyFile = keyFile } })).ReadyAsync();
}
