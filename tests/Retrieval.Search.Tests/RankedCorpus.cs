using Retrieval.Inference;
using Retrieval.Search.Ingestion;

namespace Retrieval.Search.Tests;

/// <summary>The corpus of <see cref="ServedCorpus"/>'s kind, served with a bundle that has a ranking, and the scores of the bundle without one.</summary>
public sealed class RankedCorpus : IAsyncLifetime
{
    internal const int Images = 30;
    internal const int PerImage = 2;
    internal const double TextWeight = 3;
    internal const double ImageWeight = 5;
    internal const int TextShortlist = 12;
    internal const int ImageShortlist = 17;

    // The logits of the fixture lie between -0.7 and -0.3. These make probabilities near 1, half of which float32 gives as 1.
    private const float Scale = 20;
    private const float Shift = 27;

    private readonly TemporaryFolder _folder = new();

    internal Corpus Corpus { get; } = Corpus.Make(Images, PerImage, 43);

    internal Oracle Oracle { get; private set; } = null!;

    internal string Logit { get; private set; } = null!;

    internal string Identity { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Oracle = new Oracle(Corpus);
        Logit = Bundles("logit", Scale, Shift);
        Identity = Bundles("identity", 1, 0);
        await IngestAsync(Logit);
        await IngestAsync(Identity);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The index made with one of the bundles.</summary>
    internal static string IndexOf(string bundle) => bundle + "-index";

    internal static Serving Serve(string bundle, Queries.SearchOptions? options = null, TimeProvider? time = null, int pairsPerCall = 8) =>
        new(IndexOf(bundle), time, options, pairsPerCall, bundle);

    /// <summary>t(score) of the bundle with logits, from the scores of the one without.</summary>
    internal static double LogitOf(float score) => (Scale * Math.Log(score / (1.0 - score))) + Shift;

    private string Bundles(string transform, float scale, float shift) =>
        RankingBundle.Make(_folder, transform, RankingBundle.Ranking(transform, TextWeight, TextShortlist, ImageWeight, ImageShortlist), scale, shift);

    private async Task IngestAsync(string bundle)
    {
        using var model = MatchingModel.Load(bundle, Bundle.Inference);
        await new IngestionJob(model, Ingest.Options(8, 16), TimeProvider.System).RunAsync(Corpus.AsSource(), IndexOf(bundle), null, TestContext.Current.CancellationToken);
    }
}
