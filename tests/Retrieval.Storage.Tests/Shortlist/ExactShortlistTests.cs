using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Shortlist;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Shortlist;

public sealed class ExactShortlistTests : IDisposable
{
    private readonly List<nint> _allocations = [];

    public unsafe void Dispose() => _allocations.ForEach(address => NativeMemory.AlignedFree((void*)address));

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(64, 16)]
    [InlineData(1001, 33)]
    [InlineData(5000, 128)]
    [InlineData(40_000, 100)]
    public void It_agrees_with_a_plain_search_for_any_top_filter_and_tombstones(int rows, int width)
    {
        // Small integers: every sum is exact in any order, and ties abound.
        var random = new Random(rows);
        var values = Enumerable.Range(0, rows * width).Select(_ => (float)random.Next(-1, 2)).ToArray();
        var address = Copy(values);
        foreach (var tombstoned in new[] { 0.0, 0.3, 1.0 })
        {
            var deleted = new SlotBitmap(rows);
            for (var slot = 0; slot < rows; slot++)
            {
                if (random.NextDouble() < tombstoned)
                {
                    deleted.Add(slot);
                }
            }

            var query = Enumerable.Range(0, width).Select(_ => (float)random.Next(-2, 3)).ToArray();
            foreach (var filter in new Func<long, bool>?[] { null, slot => slot % 3 == 1, _ => false })
            {
                var oracle = Plain(values, rows, query, slot => !deleted.Contains(slot) && filter?.Invoke(slot) != false);
                foreach (var top in new[] { 0, 1, 10, Math.Max(0, rows - 1), rows, rows + 1, int.MaxValue })
                {
                    foreach (var threads in new[] { 1, 3 })
                    {
                        var found = new ExactShortlist(address, rows, width, deleted, threads).Find(query, top, filter, cancellation: TestContext.Current.CancellationToken);
                        Assert.Equal(oracle.Take(top), found);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(63)]
    [InlineData(130)]
    public void Many_queries_at_once_give_the_scores_of_each_alone_to_the_bit(int queries)
    {
        const int Rows = 3001;
        const int Width = 77;
        var random = new Random(queries);
        var shortlist = new ExactShortlist(Copy(Floats(random, Rows * Width)), Rows, Width, threads: 2);
        var all = Floats(random, queries * Width);

        var found = shortlist.FindMany(all, 20, cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(queries, found.Length);
        for (var query = 0; query < queries; query++)
        {
            Assert.Equal(shortlist.Find(all.AsMemory(query * Width, Width), 20, cancellation: TestContext.Current.CancellationToken), found[query]);
        }
    }

    [Fact]
    public void Scores_are_inner_products_to_single_precision()
    {
        const int Rows = 500;
        const int Width = 1024;
        var random = new Random(9);
        var values = Floats(random, Rows * Width);
        var query = Floats(random, Width);

        foreach (var (slot, score) in new ExactShortlist(Copy(values), Rows, Width).Find(query, Rows, cancellation: TestContext.Current.CancellationToken))
        {
            var exact = Enumerable.Range(0, Width).Sum(i => (double)query[i] * values[(slot * Width) + i]);
            Assert.Equal(exact, score, 1e-4);
        }
    }

    [Fact]
    public void No_queries_give_no_results()
    {
        Assert.Empty(new ExactShortlist(Copy([1f, 2f]), 1, 2).FindMany(default, 5, cancellation: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void What_overflows_to_no_number_is_left_out_and_told()
    {
        var values = new[] { float.MaxValue, float.MaxValue, 1f, 1f };
        var damaged = new ConcurrentQueue<long>();
        var found = new ExactShortlist(Copy(values), 2, 2).Find(new[] { float.MaxValue, -float.MaxValue }, 2, cancellation: TestContext.Current.CancellationToken, damaged: damaged.Enqueue);
        Assert.Equal(1, Assert.Single(found).Slot);
        Assert.Equal([0], damaged);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Each_damaged_embedding_is_left_out_and_told_and_all_others_keep_place_and_score(float value)
    {
        const int rows = 3001;
        const int width = 24;
        const int top = 40;
        var random = new Random(5);
        var values = Floats(random, rows * width);
        var queries = Floats(random, 3 * width);
        var whole = new ExactShortlist(Copy(values), rows, width, threads: 2).FindMany(queries, rows, cancellation: TestContext.Current.CancellationToken);

        // Best ones and worst ones, in groups of four rows and in the rest behind them.
        long[] bad = [whole[0][0].Slot, whole[1][3].Slot, whole[2][^1].Slot, whole[0][^2].Slot, rows - 1];
        foreach (var slot in bad)
        {
            values[(slot * width) + (slot % width)] = value;
        }

        var damaged = new ConcurrentQueue<(int Query, long Slot)>();
        var found = new ExactShortlist(Copy(values), rows, width, threads: 2)
            .FindMany(queries, top, cancellation: TestContext.Current.CancellationToken, damaged: (query, slot) => damaged.Enqueue((query, slot)));

        for (var query = 0; query < 3; query++)
        {
            Assert.Equal(bad.Distinct().Order(), damaged.Where(told => told.Query == query).Select(told => told.Slot).Order());
            Assert.Equal(whole[query].Where(hit => !bad.Contains(hit.Slot)).Take(top), found[query]);
        }
    }

    [Fact]
    public void A_damaged_embedding_that_is_no_candidate_is_not_told()
    {
        var values = new[] { float.NaN, 1f, float.NaN, 1f, 1f, 1f };
        var tombstoned = new SlotBitmap(3);
        tombstoned.Add(0);
        var damaged = new ConcurrentQueue<long>();
        var found = new ExactShortlist(Copy(values), 3, 2, tombstoned).Find(new[] { 1f, 1f }, 3, slot => slot != 1, damaged.Enqueue, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(2, Assert.Single(found).Slot);
        Assert.Empty(damaged);
    }

    [Fact]
    public void A_query_of_another_width_or_with_no_number_is_refused()
    {
        var shortlist = new ExactShortlist(Copy([1f, 2f]), 1, 2);
        Assert.Throws<ArgumentException>(() => shortlist.Find(new float[3], 1, cancellation: TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentException>(() => shortlist.Find(new float[4], 1, cancellation: TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentException>(() => shortlist.Find(new[] { 1f, float.NaN }, 1, cancellation: TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentOutOfRangeException>(() => shortlist.Find(new float[2], -1, cancellation: TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Factors_multiply_each_inner_product_before_the_best_are_taken(int threads)
    {
        const int Rows = 1003;
        float[] values = [.. Enumerable.Range(1, Rows).Select(row => (float)row)];
        float[] factors = [.. Enumerable.Range(1, Rows).Select(row => row % 3 == 0 ? 1f / row : -1f)];

        var found = new ExactShortlist(Copy(values), Rows, 1, threads: threads).Find(new[] { 2f }, Rows / 3, factors: factors, cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, Rows / 3).Select(i => (long)((3 * i) + 2)).Order(), found.Select(hit => hit.Slot).Order());
        Assert.All(found, hit => Assert.Equal(2f, hit.Score, 1e-5f));
    }

    [Fact]
    public void It_stops_between_blocks_when_cancelled()
    {
        const int Rows = 200_000;
        const int Width = 64;
        var address = Copy(new float[Rows * Width]);
        foreach (var threads in new[] { 1, 2 })
        {
            using var cancellation = new CancellationTokenSource();
            var seen = 0;
            Assert.ThrowsAny<OperationCanceledException>(() => new ExactShortlist(address, Rows, Width, threads: threads).Find(
                new float[Width],
                Rows,
                slot =>
                {
                    if (Interlocked.Increment(ref seen) == 5000)
                    {
                        cancellation.Cancel();
                    }

                    return true;
                },
                cancellation: cancellation.Token));
            Assert.InRange(seen, 5000, Rows / 2);
        }
    }

    [Fact]
    public void An_error_of_the_filter_is_the_callers_to_see()
    {
        var shortlist = new ExactShortlist(Copy(new float[100_000 * 64]), 100_000, 64, threads: 2);
        Assert.Throws<FormatException>(() => shortlist.Find(new float[64], 5, _ => throw new FormatException(), cancellation: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task It_searches_the_live_images_and_captions_of_an_index()
    {
        using var folder = new IndexFolder();
        using (var writer = LocalIndexWriter.OpenOrCreate(folder.Index, SampleCorpus.Schema))
        {
            writer.Append(SampleCorpus.Batch(Enumerable.Range(0, 300).Select(i => ($"{i}", i))));
            writer.Delete("7");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        using var index = LocalIndex.Open(folder.Index);
        foreach (var bank in new[] { index.Images, index.Captions })
        {
            var query = Floats(new Random(1), 6);
            var found = new ExactShortlist(bank).Find(query, int.MaxValue, cancellation: TestContext.Current.CancellationToken);
            Assert.Equal(bank.Count, found.Length);
            Assert.All(found, hit => Assert.True(bank.IsLive(hit.Slot)));
            Assert.Equal(found.OrderByDescending(hit => hit.Score).ThenBy(hit => hit.Slot), found);
        }
    }

    private static IEnumerable<ShortlistHit> Plain(float[] values, int rows, float[] query, Func<long, bool> candidate) =>
        [.. Enumerable.Range(0, rows)
            .Where(row => candidate(row))
            .Select(row => new ShortlistHit(row, (float)Enumerable.Range(0, query.Length).Sum(i => (double)query[i] * values[(row * query.Length) + i])))
            .OrderByDescending(hit => hit.Score)
            .ThenBy(hit => hit.Slot)];

    private static float[] Floats(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];

    private unsafe nint Copy(float[] values)
    {
        var address = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(64, values.Length * sizeof(float)), 64);
        _allocations.Add(address);
        values.CopyTo(new Span<float>((void*)address, values.Length));
        return address;
    }
}
