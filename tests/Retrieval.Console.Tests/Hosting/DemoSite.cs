using Retrieval.Console.Tests.Hosting;

[assembly: AssemblyFixture(typeof(DemoSite))]

namespace Retrieval.Console.Tests.Hosting;

/// <summary>The demo as <c>demo.sh</c> serves it, for all tests that only look.</summary>
public sealed class DemoSite : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private Site _site = null!;

    public Uri Address => _site.Address;

    /// <summary>Its index. Not to be written to.</summary>
    public string Index => _folder["index"];

    public async ValueTask InitializeAsync()
    {
        await Site.IngestAsync(Index);
        _site = await Site.StartAsync(Site.Options(Index));
    }

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        _folder.Dispose();
    }
}
