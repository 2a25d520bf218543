using Microsoft.Extensions.DependencyInjection;
using Retrieval.Postgres.TestKit;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>A replica without a copy on its way to its first answer.</summary>
public sealed class ReplicaHydrationTests
{
    [Fact]
    public async Task Readiness_tells_how_far_the_copy_is()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 24);
        using var reached = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        await using var replica = await AtWarmUpAsync(catalog, () =>
        {
            reached.Set();
            goOn.Wait(TimeSpan.FromMinutes(1), CancellationToken.None);
        });
        await Eventually.TrueAsync(() => reached.IsSet, "the copy is made");

        var problem = await (await replica.Client.AskAsync("/health/ready")).ProblemAsync(503);
        Assert.Equal("hydrating index blue: 24 of 24 images", (string?)Assert.Single(problem["reasons"]!.AsArray()));
        goOn.Set();

        await replica.ReadyAsync();
    }

    [Fact]
    public async Task A_warm_up_that_failed_is_tried_again()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 24);
        using var failed = new ManualResetEventSlim();
        await using var replica = await AtWarmUpAsync(catalog, () =>
        {
            failed.Set();
            throw new InvalidOperationException("the clock has stopped");
        });
        await Eventually.TrueAsync(() => failed.IsSet, "the warm-up has failed");

        await replica.ReadyAsync();

        Assert.Single(replica.Log.Of(1152));
        Assert.Equal(10, (await replica.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }"""))["hits"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_local_index_in_the_place_of_the_copies_is_refused_with_the_reason_and_left_as_it_is()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        var index = catalog.Folder["embedded"];
        await Corpus.IngestAsync(Repository.Bundle, index, 9);
        var files = Directory.GetFiles(index, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        await using var replica = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index, catalog.Database.OwnerConnectionString));
        await Eventually.TrueAsync(() => replica.Log.Of(1152).Any(), "it was tried");

        var problem = await (await replica.Client.AskAsync("/health/ready")).ProblemAsync(503);
        var reason = (string)problem["reasons"]!.AsArray().Single()!;
        Assert.StartsWith("the cache folder: it holds a local index", reason, StringComparison.Ordinal);
        Assert.Equal(files, Directory.GetFiles(index, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        using var opened = LocalIndex.Open(index);
        Assert.Equal(9, opened.Images.Count);
    }

    /// <summary>A replica to which something happens when it has opened its first copy and asks itself the first question.</summary>
    private static async Task<RunningServer> AtWarmUpAsync(TestCatalog catalog, Action happens)
    {
        IServiceProvider? services = null;
        var happened = 0;
        var time = new WatchedTime
        {
            OnStamp = () =>
            {
                if (services?.GetRequiredService<SnapshotSource>().Status is not null && Interlocked.Exchange(ref happened, 1) == 0)
                {
                    happens();
                }
            },
        };
        var options = RunningServer.Options(Repository.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        // Without the check at rest, which asks for the time as well.
        return await RunningServer.StartAsync(options with { Snapshot = options.Snapshot with { ScrubBytesPerSecond = 0 } }, replaced => replaced.AddSingleton<TimeProvider>(provider =>
        {
            services = provider;
            return time;
        }));
    }
}
