using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests.Scoring;

/// <summary>Scorers whose graphs give logits: scores are what they were, and rankings see more of them than float32 probabilities have.</summary>
public sealed class LogitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<RecordSide> Sides => [RecordSide.Image, RecordSide.Caption];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static JsonObject Logit => RankingBundle.Ranking("logit", 3, 4, 5, 6);

    [Theory]
    [MemberData(nameof(Sides))]
    public void Scores_are_those_of_the_graph_with_the_sigmoid_and_the_transformed_ones_are_their_logits(RecordSide side)
    {
        using var model = Bundles.Load(RankingBundle.Make(_folder, "logit", Logit));
        var usual = Bundles.Model(Bundles.Fast);
        Assert.True(model.Parity.Passed);
        Assert.Equal((ScoreTransform.Logit, ScoreTransform.Identity), (model.Scorer(side).Transform, usual.Scorer(side).Transform));
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 9, 5), Token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 13, 6), Token);
        var (bank, queries) = side == RecordSide.Image ? (images.Records, captions.Records) : (captions.Records, images.Records);
        long[] slots = [.. Enumerable.Range(0, 117).Select(pair => pair % bank.Count)];
        long[] query = [.. Enumerable.Range(0, 117).Select(pair => pair / bank.Count)];
        var expected = usual.Scorer(side).Score(bank, queries, slots, query);
        Assert.True(expected.Distinct().Count() > 50);

        var scores = model.Scorer(side).Score(bank, queries, slots, query);
        var logits = new float[117];
        model.Scorer(side).TransformedScores(bank, queries, slots, query, logits, Token);

        for (var pair = 0; pair < 117; pair++)
        {
            Pairs.Near(expected[pair], scores[pair], 2e-7f, $"pair {pair}");
            Assert.Equal(Math.Log(expected[pair] / (1.0 - expected[pair])), logits[pair], 1e-5);
        }

        // Of a bundle without a transform, they are the scores.
        usual.Scorer(side).TransformedScores(bank, queries, slots, query, logits, Token);
        Assert.Equal(expected, logits);
    }

    [Fact]
    public void Scores_that_are_all_1_are_told_apart_by_their_logits()
    {
        using var model = Bundles.Load(RankingBundle.Make(_folder, "saturated", Logit, scale: 1, shift: 40));
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 9, 5), Token);
        using var captions = model.TextEncoder.Encode([[1, 2, 3]], Token);
        long[] slots = [.. Enumerable.Range(0, 9)];
        var logits = new float[9];

        model.TextToImage.TransformedScores(images.Records, captions.Records, slots, new long[9], logits, Token);

        Assert.All(model.TextToImage.Score(images.Records, captions.Records, slots, new long[9]), score => Assert.Equal(1, score));
        Assert.True(logits.Distinct().Count() > 5);
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.NaN)]
    public void A_logit_that_is_not_finite_is_no_score(float shift)
    {
        var error = Assert.Throws<InvalidBundleException>(() => Bundles.Load(RankingBundle.Make(_folder, "infinite", Logit, 1, shift)).Dispose());

        Assert.Contains("scorer_text_to_image.onnx", error.Reason, StringComparison.Ordinal);
        Assert.Contains("gave a logit that is not finite for slot 0 and query 0", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_record_has_no_logit_and_the_others_keep_theirs()
    {
        using var model = Bundles.Load(RankingBundle.Make(_folder, "logit", Logit));
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 3, 5), Token);
        using var captions = model.TextEncoder.Encode([[1, 2, 3]], Token);
        var (before, after) = (new float[3], new float[3]);
        Assert.Equal(0, model.TextToImage.SoundTransformedScores(images.Records, captions.Records, [0, 1, 2], [0, 0, 0], before, Token));
        var field = images.Records.Fields[0];
        var floats = MemoryMarshal.Cast<byte, float>(MemoryMarshal.AsMemory(images.Records.Memory(field)).Span);
        floats[(floats.Length / 3) + 7] = float.NaN;

        Assert.Equal(1, model.TextToImage.SoundTransformedScores(images.Records, captions.Records, [0, 1, 2], [0, 0, 0], after, Token));

        Assert.Equal([before[0], float.NaN, before[2]], after);
        Assert.Throws<InferenceException>(() => model.TextToImage.Score(images.Records, captions.Records, [0, 1, 2], [0, 0, 0]));
    }

    [Fact]
    public void A_bundle_that_promises_logits_and_has_scores_is_refused_and_so_is_one_that_computes_others()
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest => manifest["ranking"] = Logit);
        bundle.Refused("scorer_text_to_image.onnx does not keep the contract: output logit is missing");

        var other = RankingBundle.Make(_folder, "other", Logit, scale: 1.5f);
        var manifest = JsonNode.Parse(File.ReadAllBytes(Path.Combine(other, "bundle.json")))!;
        manifest["parity"]!["tolerance"] = 1e-5;
        File.WriteAllText(Path.Combine(other, "bundle.json"), manifest.ToJsonString());
        Assert.Contains("computes something else", Assert.Throws<InvalidBundleException>(() => Bundles.Load(other).Dispose()).Reason, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
