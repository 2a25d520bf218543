using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Metrics;

/// <summary>A counter that first appears with 1 shows no increase: each is there with 0, those too that nobody has listed.</summary>
public sealed class CountersFromZeroTests
{
    [Fact]
    public async Task No_counter_that_a_server_makes_is_absent_before_anything_has_happened()
    {
        var made = new ConcurrentBag<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument is Counter<long> or ObservableCounter<long>)
                {
                    made.Add(instrument.Name);
                }
            },
        };
        listener.Start();
        await using var server = await RunningServer.StartAsync(RunningServer.Options("/nonexistent-bundle", "/nonexistent-index"));

        var metrics = Exposition.Parse(await server.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken));

        // Servers of other tests, which run at the same time, may have a catalog and its counters; this one has none.
        var names = made.Where(name => name.StartsWith("retrieval.", StringComparison.Ordinal) && !name.StartsWith("retrieval.hydration", StringComparison.Ordinal)).Distinct().ToList();
        Assert.True(names.Count >= 16, string.Join(' ', names));
        Assert.All(names, name => Assert.Contains(metrics.Samples.Keys, key => key.StartsWith(name.Replace('.', '_'), StringComparison.Ordinal)));
    }
}
