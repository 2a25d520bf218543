using Retrieval.Search.Queries;

namespace Retrieval.Search.Tests.Queries;

public sealed class SharedCallTests(ServedCorpus served) : IClassFixture<ServedCorpus>
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(256)]
    public async Task Whatever_waits_together_gets_the_scores_it_gets_alone(int pairsPerCall)
    {
        using var serving = new Serving(served.Folder.Index, pairsPerCall: pairsPerCall);
        var (corpus, oracle, random) = (served.Corpus, served.Oracle, new Random(pairsPerCall));
        for (var round = 0; round < 3; round++)
        {
            var turn = await serving.Queues.Device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken);
            var checks = Enumerable.Range(0, 30).Select(_ => random.Next(3) switch
            {
                0 => ImagesAsync(random.Next(oracle.Captions), random.Next(1, 41)),
                1 => CaptionsAsync(random.Next(corpus.Count), random.Next(1, 121)),
                _ => PairsAsync([.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => (random.Next(corpus.Count), random.Next(oracle.Captions), random.Next(2) == 0))]),
            }).ToList();
            turn.Dispose();
            await Task.WhenAll(checks);
        }

        Assert.Equal((0, 0L), (serving.Queues.Device.State.Waiting, serving.Queues.Device.State.Admitted));

        async Task ImagesAsync(int caption, int shortlist)
        {
            var answer = await serving.ImagesAsync(corpus.AllCaptions[caption], shortlist, shortlist);
            var (scores, _) = oracle.OfCaption(caption);
            Assert.Equal(shortlist, answer.Hits.Count);
            Assert.All(answer.Hits, hit => Assert.Equal(scores[Array.IndexOf(corpus.Ids, hit.Id)], hit.Score!.Value, 1e-5f));
        }

        async Task CaptionsAsync(int image, int shortlist)
        {
            var answer = await serving.CaptionsAsync(corpus.Ids[image], shortlist, shortlist);
            var (scores, _) = oracle.OfImage(image);
            Assert.Equal(shortlist, answer.Hits.Count);
            Assert.All(answer.Hits, hit => Assert.Equal(scores[Slot(hit)], hit.Score!.Value, 1e-5f));
        }

        async Task PairsAsync((int Image, int Caption, bool ById)[] pairs)
        {
            var answer = await serving.Search.ScoreAsync(
                [.. pairs.Select(pair => pair.ById
                    ? new ScorePair(corpus.Ids[pair.Image], null, CaptionId.Of(corpus.Ids[pair.Caption / 3], pair.Caption % 3))
                    : new ScorePair(corpus.Ids[pair.Image], corpus.AllCaptions[pair.Caption], null))],
                TestContext.Current.CancellationToken);
            Assert.All(pairs.Zip(answer.Scores), pair => Assert.Equal(oracle.Scores[(pair.First.Image * oracle.Captions) + pair.First.Caption], pair.Second, 1e-5f));
        }

        // Three captions an image, in the order of the images.
        int Slot(SearchHit hit) => (3 * Array.IndexOf(corpus.Ids, hit.ImageId)) + int.Parse(hit.Id[(hit.Id.LastIndexOf('#') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
