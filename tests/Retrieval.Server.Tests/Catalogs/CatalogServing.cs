using Retrieval.Postgres.TestKit;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>Replicas of a catalog.</summary>
internal static class CatalogServing
{
    /// <summary>Starts a replica with a cache folder of its own and waits until it is ready.</summary>
    public static ValueTask<RunningServer> ServeAsync(this TestCatalog catalog, string name = "replica", string? bundle = null, string? connection = null) =>
        ServeAsync(RunningServer.Options(bundle ?? Repository.Bundle, catalog.Folder[name], connection ?? catalog.Database.OwnerConnectionString));

    /// <summary>Starts a server and waits until it is ready.</summary>
    public static async ValueTask<RunningServer> ServeAsync(Configuration.ServerOptions options) => await (await RunningServer.StartAsync(options)).ReadyAsync();
}
