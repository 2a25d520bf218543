using Microsoft.Extensions.Hosting;
using Retrieval.Server.Background;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Further;

/// <summary>The indexes that are held beside the served one. Starts and stops what keeps them up to date.</summary>
internal sealed class FurtherIndexes(ServerOptions options, IServiceProvider services) : IHostedLifecycleService, IDisposable
{
    /// <summary>In the order of the options.</summary>
    public IReadOnlyList<FurtherIndex> All { get; } = [.. options.FurtherIndexes.Select(option => new FurtherIndex(option, services))];

    /// <summary>Those that cannot be searched, and why, in one line for people; null if there are none.</summary>
    public string? Note => All.Where(index => index.WhyNot is not null).Select(index => $"index {index.Name} is not ready: {index.WhyNot}").ToList() is { Count: > 0 } notes
        ? string.Join("; ", notes)
        : null;

    private IEnumerable<LoaderService> Loaders => All.SelectMany(index => index.Loaders);

    public Task StartedAsync(CancellationToken cancellationToken) => Task.WhenAll(Loaders.Select(loader => loader.StartedAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(Loaders.Select(loader => loader.StopAsync(cancellationToken)));

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var loader in Loaders)
        {
            loader.Dispose();
        }
    }
}
