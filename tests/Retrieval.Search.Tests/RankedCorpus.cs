using Retrieval.Inference;
using Retrieval.Search.Ingestion;

namespace Retrieval.Search.Tests;

/// <summary>One corpus, ingested with each of three bundles that have a ranking.</summary>
public sealed class RankedCorpus : IAsyncLifetime
{
    internal const int Images = 30;
    internal const int PerImage = 2;

    // The logits of the fixture lie between -0.7 and -0.3. These make probabilities near 1, of which float32 gives many as 1.
    private const float Scale = 20;
    private const float Shift = 27;
    private const double TextWeight = 3;
    private const double ImageWeight = 5;
    private const int TextShortlist = 12;
    private const int ImageShortlist = 17;

    private readonly TemporaryFolder _folder = new();

    internal Corpus Corpus { get; } = Corpus.Make(Images, PerImage, 43);

    /// <summary>By name: <c>logit</c>, <c>identity</c>, and <c>exported</c>, which the exporter made.</summary>
    internal Dictionary<string, RankedBundle> Bundles { get; } = [];

    internal RankedBundle Logit => Bundles["logit"];

    public async ValueTask InitializeAsync()
    {
        // Words that the bundles know, so that no two captions are alike.
        var random = new Random(44);
        foreach (var captions in Corpus.Captions)
        {
            for (var i = 0; i < captions.Length; i++)
            {
                captions[i] = string.Join(' ', Enumerable.Range(0, random.Next(1, 15)).Select(_ => $"w{random.Next(4, 60)}"));
            }
        }

        // From the scores of the bundle without a ranking, which is the same model otherwise.
        var oracle = new Oracle(Corpus);
        double Score(int image, int caption) => oracle.Scores[(image * oracle.Captions) + caption];
        await AddAsync("logit", Make("logit", Scale, Shift), (image, caption) => (Scale * Math.Log(Score(image, caption) / (1 - Score(image, caption)))) + Shift);
        await AddAsync("identity", Make("identity", 1, 0), (image, caption) => Score(image, caption));
        await AddAsync("exported", Bundle.RankingPath, null);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private string Make(string transform, float scale, float shift) =>
        RankingBundle.Make(_folder, transform, RankingBundle.Ranking(transform, TextWeight, TextShortlist, ImageWeight, ImageShortlist), scale, shift);

    private async Task AddAsync(string name, string bundle, Func<int, int, double>? transformed)
    {
        using var model = MatchingModel.Load(bundle, Bundle.Inference);
        await new IngestionJob(model, Ingest.Options(8, 16), TimeProvider.System).RunAsync(Corpus.AsSource(), _folder[$"{name}-index"], null, TestContext.Current.CancellationToken);
        Bundles[name] = new RankedBundle(
            bundle,
            _folder[$"{name}-index"],
            model.Manifest.Ranking!,
            transformed is null ? RankedBundle.TransformedOf(Corpus, model) : RankedBundle.Pairs(Corpus, transformed),
            RankedBundle.CoarseOf(Corpus, model));
    }
}
