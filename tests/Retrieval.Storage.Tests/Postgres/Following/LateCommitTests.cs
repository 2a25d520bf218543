using System.Collections.Concurrent;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Tests.Local;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>Long and short transactions at once, and a follower that looks all the time.</summary>
public sealed class LateCommitTests
{
    private const int Writers = 3;
    private const int Writes = 25;
    private const int Images = 60;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task At_every_step_the_copy_is_the_state_of_the_catalog_at_its_epoch(int seed)
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Enumerable.Range(0, 20).Select(Id), 0);
        var changes = new ConcurrentDictionary<long, Action<Dictionary<string, int>>>();
        changes[1] = state => Apply(state, Enumerable.Range(0, 20).Select(Id), 0);
        var writers = Enumerable.Range(0, Writers).Select(writer => WriteAsync(catalog, changes, new Random((seed * 100) + writer), writer)).Append(WriteLateAsync(catalog, changes, new Random(seed))).ToList();

        var seen = new List<(long Epoch, LocalIndex Index)>();
        await using var follower = catalog.Follower(with: options => options with { CompactFrom = 50 });
        try
        {
            for (var last = false; ;)
            {
                var step = await follower.StepAsync(null, Cancellation);
                if (step.Changed)
                {
                    seen.Add((step.Index!.Epoch, LocalIndex.Open(step.Index.Path)));
                }

                if (last)
                {
                    break;
                }

                last = writers.All(writer => writer.IsCompleted);
            }

            await Task.WhenAll(writers);
            Assert.True(seen.Count > 3, $"{seen.Count} steps");
            var state = new Dictionary<string, int>();
            long at = 0;
            foreach (var (epoch, index) in seen)
            {
                for (; at < epoch; at++)
                {
                    changes[at + 1](state);
                }

                IndexAssert.Holds(index, state);
            }

            Assert.Equal(changes.Count, at);
        }
        finally
        {
            seen.ForEach(step => step.Index.Dispose());
        }
    }

    [Fact]
    public async Task What_began_early_and_is_committed_late_is_neither_seen_early_nor_missed()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await using var follower = catalog.Follower();
        await using var late = await LateWriter.BeginAsync(catalog, "late");
        await catalog.PutAsync(["a"], 0);
        await catalog.HoldsAsync((await follower.StepAsync(null, Cancellation)).Index);
        Assert.Equal(2, await late.DrawAsync("late"));
        var waiting = catalog.Images.PutAsync(SampleCorpus.Batch("b"), Cancellation);
        await catalog.HoldsAsync((await follower.StepAsync(null, Cancellation)).Index);
        Assert.False(waiting.IsCompleted);
        await late.CommitAsync();
        Assert.Equal(3, await waiting);
        catalog.State["late"] = LateWriter.VersionOf("late");
        catalog.State["b"] = 0;
        await catalog.HoldsAsync((await follower.StepAsync(null, Cancellation)).Index);
    }

    private static async Task WriteAsync(ReplicatedCatalog catalog, ConcurrentDictionary<long, Action<Dictionary<string, int>>> changes, Random random, int writer)
    {
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        for (var i = 0; i < Writes; i++)
        {
            var id = Id(random.Next(Images));
            if (random.Next(4) == 0)
            {
                if (await images.DeleteAsync(id, Cancellation) is { } epoch)
                {
                    Assert.True(changes.TryAdd(epoch, state => state.Remove(id)));
                }
            }
            else
            {
                var version = (writer * 1000) + i + 1;
                var ids = Enumerable.Range(0, random.Next(1, 15)).Select(_ => Id(random.Next(Images))).Distinct().ToList();
                Assert.True(changes.TryAdd(await images.PutAsync(SampleCorpus.Batch(ids.Select(each => (each, version))), Cancellation), state => Apply(state, ids, version)));
            }
        }
    }

    private static async Task WriteLateAsync(ReplicatedCatalog catalog, ConcurrentDictionary<long, Action<Dictionary<string, int>>> changes, Random random)
    {
        for (var i = 0; i < 8; i++)
        {
            var id = $"late-{random.Next(100)}-{i}";
            await using var late = await LateWriter.BeginAsync(catalog, id);

            // Goes on when others have committed, or are all done.
            var committed = changes.Count;
            for (var turn = 0; turn < 200 && changes.Count < committed + 5; turn++)
            {
                await Task.Delay(5, Cancellation);
            }

            var epoch = await late.DrawAsync(id);
            await Task.Delay(random.Next(20), Cancellation);
            await late.CommitAsync();
            Assert.True(changes.TryAdd(epoch, state => state[id] = LateWriter.VersionOf(id)));
        }
    }

    private static void Apply(Dictionary<string, int> state, IEnumerable<string> ids, int version)
    {
        foreach (var id in ids)
        {
            state[id] = version;
        }
    }

    private static string Id(int i) => $"image-{i:D4}";
}
