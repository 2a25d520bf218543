using Retrieval.Server.Tests.Hosting;

[assembly: AssemblyFixture(typeof(ServerFixture))]

namespace Retrieval.Server.Tests.Hosting;

/// <summary>One server over a small corpus, for all tests that only ask.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    public const int Images = 48;

    private readonly TemporaryFolder _folder = new();

    public RunningServer Server { get; private set; } = null!;

    public HttpClient Client => Server.Client;

    /// <summary>An index of the fixture bundle with all images. Not to be written to.</summary>
    public string Index => _folder["index"];

    public async ValueTask InitializeAsync()
    {
        await Corpus.IngestAsync(Repository.Bundle, Index, Images);
        var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, Index));
        Server = await server.ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
