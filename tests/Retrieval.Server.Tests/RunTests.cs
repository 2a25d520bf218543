namespace Retrieval.Server.Tests;

public sealed class RunTests
{
    private static readonly string[] Required = ["--bundle", "b", "--index", "i"];

    [Fact]
    public async Task A_bad_configuration_ends_with_2_and_its_faults_and_no_stack_trace()
    {
        using var errors = new StringWriter();

        Assert.Equal(RetrievalServer.InvalidConfiguration, await RetrievalServer.RunAsync(["--Limits:Queue", "x"], errors, TestContext.Current.CancellationToken));
        Assert.Equal(["Limits:Queue is 'x'; expected a whole number", "Snapshot:Bundle", "Snapshot:Index"], errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select((line, i) => i == 0 ? line : line.Split(' ')[0]));
    }

    [Fact]
    public async Task An_address_in_use_ends_with_1_and_a_line()
    {
        using var errors = new StringWriter();
        using var socket = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        socket.Start();

        Assert.Equal(RetrievalServer.Failed, await RetrievalServer.RunAsync([.. Required, "--urls", $"http://{socket.LocalEndpoint}", "--log-level", "Fatal"], errors, TestContext.Current.CancellationToken));
        Assert.Contains("address already in use", errors.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_local_index_beside_a_catalog_is_refused_and_both_are_named_wherever_the_catalog_was_set()
    {
        using var folder = new TemporaryFolder();
        using var config = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["manifest.json"], "{}", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(config["catalog.json"], """{ "Postgres": { "ConnectionString": "Host=nowhere.invalid" } }""", TestContext.Current.CancellationToken);
        using var errors = new StringWriter();

        Assert.Equal(
            RetrievalServer.InvalidConfiguration,
            await RetrievalServer.RunAsync(["--bundle", "b", "--index", folder.Path, "--config", config["catalog.json"]], errors, TestContext.Current.CancellationToken));

        Assert.StartsWith($"Snapshot:Index (--index) is '{folder.Path}', a local index (it holds manifest.json), and Postgres:ConnectionString (--postgres, RETRIEVAL__POSTGRES__CONNECTIONSTRING) names a catalog", errors.ToString(), StringComparison.Ordinal);
        Assert.Equal([folder["manifest.json"]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_run_that_is_told_to_stop_ends_with_0()
    {
        using var errors = new StringWriter();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));

        Assert.Equal(0, await RetrievalServer.RunAsync([.. Required, "--urls", "http://127.0.0.1:0", "--log-level", "Fatal"], errors, stop.Token));
        Assert.Equal("", errors.ToString());
    }
}
