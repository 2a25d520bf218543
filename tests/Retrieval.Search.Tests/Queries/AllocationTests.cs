using Retrieval.Domain.Bundles;
using Retrieval.Inference.Batching;
using Retrieval.Search.Queries;

namespace Retrieval.Search.Tests.Queries;

public sealed class AllocationTests(ServedCorpus served, ITestOutputHelper output) : IClassFixture<ServedCorpus>
{
    private const long Most = 4096;

    [Fact]
    public async Task Scoring_and_ranking_a_shortlist_allocates_little_and_not_by_its_length()
    {
        using var snapshot = served.Serving.Snapshots.Acquire();
        var device = served.Serving.Queues.Device;
        using var encoded = await device.RunAsync(new CaptionItem(snapshot.EncodeBatcher, snapshot.Model.Captions.Encode("a dog").TokenIds, default));

        // Of many, the least: other tests allocate at the same time.
        async Task<long> LeastAsync(int shortlist)
        {
            var least = long.MaxValue;
            for (var i = 0; i < 200; i++)
            {
                var candidates = Enumerable.Range(0, shortlist).Select(rank => new Candidate(rank, new CoarseRank(-rank, rank + 1))).ToArray();
                var before = GC.GetTotalAllocatedBytes(precise: true);
                var (scored, _, _) = await Reranker.RerankAsync(device, snapshot.TextToImage, encoded.Record, candidates, new DirectionRanking(2, shortlist), default);
                least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
                Assert.Equal(shortlist, scored);
            }

            return least;
        }

        var (few, many) = (await LeastAsync(4), await LeastAsync(40));
        output.WriteLine($"{few} bytes for 4 candidates, {many} for 40");
        Assert.InRange(few, 1, Most);

        // Ten times the candidates in ten times the calls, of eight pairs each.
        Assert.InRange(many, 1, Most);
    }
}
