using Retrieval.Inference.Records;
using Retrieval.Inference.Verification;

namespace Retrieval.Inference.Tests;

public sealed class LoadingTests
{
    [Theory]
    [MemberData(nameof(Bundles.All), MemberType = typeof(Bundles))]
    public void A_bundle_as_exported_loads_and_computes_what_was_recorded(string bundle)
    {
        var model = Bundles.Model(bundle);

        Assert.NotNull(model.Parity);
        Assert.True(model.Parity.Passed);
        Assert.True(model.Parity.Pairs > 0);
        Assert.Equal(64, model.Fingerprint.Length);
        Assert.Equal($"{bundle}@{model.Fingerprint[..12]}", model.Label);
        Assert.Equal(RecordSide.Image, model.TextToImage.BankSide);
        Assert.Equal(RecordSide.Caption, model.ImageToText.BankSide);
    }

    [Theory]
    [InlineData(Bundles.Demo)]
    [InlineData(Bundles.Compared)]
    public void A_trained_bundle_of_the_repository_loads_with_its_explainer(string bundle)
    {
        var parity = Bundles.Model(bundle).Parity;

        Assert.True(parity is { Passed: true, Explainer: not null, Pairs: > 0 });
    }

    [Theory]
    [MemberData(nameof(Bundles.All), MemberType = typeof(Bundles))]
    public void Both_scorers_compute_the_same_function(string bundle)
    {
        var model = Bundles.Model(bundle);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 7, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 11, 2), TestContext.Current.CancellationToken);

        var fromText = ParityCheck.ScoreMatrix(model.TextToImage, images.Records, captions.Records);
        var fromImage = ParityCheck.ScoreMatrix(model.ImageToText, images.Records, captions.Records);

        Assert.All(fromText.Zip(fromImage), pair => Pairs.Near(pair.First, pair.Second, Bundles.Tolerance(bundle), "the other direction"));
        Assert.True(fromText.Distinct().Count() > 10, "a model that scores all pairs alike would pass any test of equality");
    }

    [Fact]
    public void Every_form_of_one_trained_model_gives_the_same_scores()
    {
        var scores = new[] { Bundles.Fast, Bundles.Compact, Bundles.Half, Bundles.Published }.ToDictionary(name => name, name =>
        {
            var model = Bundles.Model(name);
            using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 5, 3), TestContext.Current.CancellationToken);
            using var captions = model.TextEncoder.Encode(Samples.Captions(model, 9, 4), TestContext.Current.CancellationToken);
            return ParityCheck.ScoreMatrix(model.TextToImage, images.Records, captions.Records);
        });

        Assert.All(scores, other => Assert.All(
            scores[Bundles.Published].Zip(other.Value), pair => Pairs.Near(pair.First, pair.Second, Bundles.Tolerance(other.Key), other.Key)));
    }

    [Theory]
    [InlineData(0, -1)]
    [InlineData(0, 65_537)]
    [InlineData(-1, 32)]
    [InlineData(1025, 32)]
    public void Options_out_of_their_range_are_refused(int threads, int pairsPerCall) => Assert.Throws<ArgumentOutOfRangeException>(
        () => MatchingModel.Load(Bundles.PathOf(Bundles.Fast), new InferenceOptions { Threads = threads, PairsPerCall = pairsPerCall }));
}
