using Retrieval.Cli.Tests.Postgres;

namespace Retrieval.Cli.Tests.Load;

/// <summary>A server process over a small index, for all tests that load it.</summary>
public sealed class LoadedServer : IAsyncLifetime
{
    public const int Images = 24;

    private readonly TemporaryFolder _folder = new();
    private ServeProcess? _server;

    public string Url => _server!.Address.ToString();

    /// <summary>A file of the captions of its index.</summary>
    public string Captions => _folder["test_caps.txt"];

    public async ValueTask InitializeAsync()
    {
        SampleSplit.Write(_folder, Images);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", _folder["index"], "--source", _folder.Path, "--split", "test")).Succeeded();
        _server = await ServeProcess.StartAsync("--index", _folder["index"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _folder.Dispose();
    }
}
