using Retrieval.Bench.Rerank;
using Retrieval.Inference;
using Retrieval.Inference.Records;

namespace Retrieval.Bench.Tests.Rerank;

/// <summary>What is scored where a bank is larger than the records there are.</summary>
public sealed class RerankSubjectTests
{
    [Theory]
    [InlineData("camp-gate-fusion-new-concat")]
    [InlineData("camp-gate-fusion-new-concat-compact")]
    public void A_bank_of_repeated_records_scores_as_the_records_it_repeats(string bundle)
    {
        const int few = 5;
        const int items = 23;
        using var model = MatchingModel.Load(Path.Combine(AppContext.BaseDirectory, "bundles", bundle));
        var inputs = new RandomInputs(3);
        var regions = inputs.Regions(few, model.Manifest);
        long[][] captions = [.. Enumerable.Range(0, few).Select(i => inputs.Captions(1, 2 + i, model.Manifest.VocabularySize)[0])];
        using var small = new RerankSubject(model, regions, captions, few) { UsualPairsPerCall = _ => items };
        using var large = new RerankSubject(model, regions, captions, items) { UsualPairsPerCall = _ => items };
        foreach (var side in new[] { RecordSide.Image, RecordSide.Caption })
        {
            var (expected, found) = (new float[items], new float[items]);
            small.Score(side, 1, [.. Enumerable.Range(0, items).Select(i => (long)i % few)], items, expected);
            large.Score(side, 1, [.. Enumerable.Range(0, items).Select(i => (long)i)], items, found);
            Assert.Equal(expected, found);
            Assert.True(expected.Distinct().Count() >= few);
        }
    }
}
