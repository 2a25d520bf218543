using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;

namespace Retrieval.Inference.Tests.Scoring;

/// <summary>The calls that pairs are cut into: their sizes, what they cost, and that none of it shows in a score.</summary>
public sealed class CallTests
{
    public static TheoryData<string, RecordSide> BothDirections => new(
        from bundle in new[] { Bundles.Fast, Bundles.Demo }
        from side in new[] { RecordSide.Image, RecordSide.Caption }
        select (bundle, side));

    [Theory]
    [MemberData(nameof(BothDirections))]
    public void A_pair_scores_alike_alone_and_in_batches_of_1_to_256_filled_up_or_not(string bundle, RecordSide side)
    {
        using var exact = Load(bundle, 256, padded: false);
        using var padded = Load(bundle, 200, padded: true);
        using var small = Load(bundle, 7, padded: true);
        var token = TestContext.Current.CancellationToken;
        using var images = exact.ImageEncoder.Encode(Samples.Regions(exact.Manifest, 9, 5), token);
        using var captions = exact.TextEncoder.Encode(Samples.Captions(exact, 13, 6), token);
        var (bank, queries) = side == RecordSide.Image ? (images.Records, captions.Records) : (captions.Records, images.Records);
        var alone = exact.Scorer(side).ScoreAlone(bank, queries);
        var random = new Random(29);
        for (var size = 1; size <= 256; size++)
        {
            long[] slots = [.. Enumerable.Range(0, size).Select(_ => random.NextInt64(bank.Count))];
            long[] query = [.. Enumerable.Range(0, size).Select(_ => random.NextInt64(queries.Count))];
            foreach (var model in (size % 16, size % 4) switch { (1, _) => new[] { exact, padded, small }, (_, 3) => [exact, padded], _ => [exact] })
            {
                var scores = model.Scorer(side).Score(bank, queries, slots, query);
                for (var i = 0; i < size; i++)
                {
                    Pairs.Near(alone[slots[i], query[i]], scores[i], 1e-5f, $"pair {i} of {size}, slot {slots[i]}, query {query[i]}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(BothDirections))]
    public void Scoring_makes_next_to_no_garbage_however_many_pairs_there_are(string bundle, RecordSide side)
    {
        using var model = Load(bundle, 32, padded: false);
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 9, 5), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 13, 6), token);
        var (bank, queries) = side == RecordSide.Image ? (images.Records, captions.Records) : (captions.Records, images.Records);
        var scorer = model.Scorer(side);
        using var caller = new CancellationTokenSource();
        var slots = new long[32 * 20];
        var scores = new float[slots.Length];
        scorer.ScorePairs(bank, queries, slots, slots, scores, caller.Token);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
        {
            scorer.ScorePairs(bank, queries, slots, slots, scores, caller.Token);
        }

        var perCall = (GC.GetAllocatedBytesForCurrentThread() - before) / 200.0;
        TestContext.Current.TestOutputHelper?.WriteLine($"{perCall} bytes a call");
        Assert.True(perCall <= 64, $"{perCall} bytes a call of the graph");

        // A query of another request: what the runtime's wrapper makes of its tensors' names.
        using var row = queries.Row(0);
        using var other = queries.Row(1);
        scorer.ScorePairs(bank, row, slots, new long[slots.Length], scores, caller.Token);
        scorer.ScorePairs(bank, other, slots, new long[slots.Length], scores, caller.Token);
        var same = new long[slots.Length];
        before = GC.GetAllocatedBytesForCurrentThread();
        scorer.ScorePairs(bank, row, slots, same, scores, caller.Token);
        var perRequest = GC.GetAllocatedBytesForCurrentThread() - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{perRequest} bytes a request");
        Assert.True(perRequest <= 2048, $"{perRequest} bytes a request");
    }

    [Fact]
    public void Sizes_by_the_dozen_and_banks_by_turns_score_as_ever()
    {
        // More sizes than tensors are kept for, and two banks and queries in turns on one binding.
        using var model = Load(Bundles.Fast, 300, padded: false);
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 9, 5), token);
        using var others = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 9, 6), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 13, 6), token);
        var expected = new[] { model.TextToImage.ScoreAlone(images.Records, captions.Records), model.TextToImage.ScoreAlone(others.Records, captions.Records) };
        for (var size = 1; size <= 300; size += 2)
        {
            long[] slots = [.. Enumerable.Range(0, size).Select(i => (long)(i % 9))];
            long[] query = [.. Enumerable.Range(0, size).Select(i => (long)(i % 13))];
            var which = size / 2 % 2;
            var scores = model.TextToImage.Score((which == 0 ? images : others).Records, captions.Records, slots, query);
            Assert.All(scores.Select((score, i) => (score, i)), pair => Pairs.Near(expected[which][pair.i % 9, pair.i % 13], pair.score, 1e-5f, $"pair {pair.i} of {size}"));
        }
    }

    [Theory]
    [InlineData(1, 1024, 1)]
    [InlineData(3, 1024, 4)]
    [InlineData(1024, 1024, 1024)]
    [InlineData(513, 1000, 1000)]
    [InlineData(512, 1000, 512)]
    public void Calls_are_filled_up_to_powers_of_two_and_the_most(int pairs, int most, int size) => Assert.Equal(size, CallSize.Bucket(pairs, most));

    [Fact]
    public void Warming_up_meets_every_size_that_calls_are_filled_up_to()
    {
        foreach (var most in new[] { 1, 2, 7, 64, 100, 1024, 65_536 })
        {
            var warmed = new List<int>();
            for (var size = most; size >= 1; size = CallSize.Below(size))
            {
                warmed.Add(size);
            }

            Assert.Equal(Enumerable.Range(1, most).Select(pairs => CallSize.Bucket(pairs, most)).Distinct().OrderDescending(), warmed);
        }

    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_model_warms_up_without_a_fault_and_scores_after_it_as_before(bool padded)
    {
        using var model = Load(Bundles.Fast, 20, padded);
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 3, 1), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 3, 2), token);
        var before = model.TextToImage.Score(images.Records, captions.Records, [0, 1, 2], [2, 0, 1]);

        Assert.Null(Record.Exception(() => model.WarmUp(token)));

        Assert.Equal(before, model.TextToImage.Score(images.Records, captions.Records, [0, 1, 2], [2, 0, 1]), (a, b) => Math.Abs(a - b) <= 1e-5f);
    }

    [Fact]
    public void Pairs_a_call_suit_the_size_of_the_records_unless_they_are_configured()
    {
        using var demo = MatchingModel.Load(Bundles.PathOf(Bundles.Demo), new InferenceOptions { Threads = 1 });
        var manifest = demo.Manifest;
        Domain.Bundles.FieldSpec[] Wide(params Domain.Bundles.FieldSpec[] fields) => [.. fields.Select(field => new Domain.Bundles.FieldSpec(field.Name, field.Type, [.. field.RowShape.Select(size => size == 128 ? 1024 : size)], field.Ragged))];
        var published = manifest with { ImageFields = Wide([.. manifest.ImageFields]), CaptionFields = Wide([.. manifest.CaptionFields]) };

        Assert.Equal(256, demo.TextToImage.PairsPerCall);
        Assert.Equal(32, CallSize.For(published, 0));
        Assert.Equal(1024, CallSize.For(published, 0, cuda: true));
        Assert.Equal(77, CallSize.For(published, 77));
        Assert.Equal(77, CallSize.For(published, 77, cuda: true));
    }

    private static MatchingModel Load(string bundle, int pairsPerCall, bool padded) =>
        MatchingModel.Load(Bundles.PathOf(bundle), new InferenceOptions { Threads = 1, PairsPerCall = pairsPerCall, PadPairs = padded });
}
