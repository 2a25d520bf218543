using Retrieval.Features.Sources;
using Retrieval.Inference;

namespace Retrieval.Search.Tests;

/// <summary>The small bundle of the tests, and its model, which all tests share.</summary>
internal static class Bundle
{
    public const int Regions = Corpus.RegionCount;
    public const int Width = Corpus.RegionWidth;

    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "bundles", "camp-gate-fusion-new-concat");

    /// <summary>The same model in another form: another fingerprint and other fields.</summary>
    public static string OtherPath { get; } = Path + "-compact";

    /// <summary>A model of the same sizes with one vector a caption: nothing it stores is ragged.</summary>
    public static string VectorsPath { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "bundles", "vector-cosine");

    /// <summary>A model whose graphs give logits and whose manifest has a ranking, as the exporter writes it.</summary>
    public static string RankingPath { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "bundles", "ranking-logit");

    /// <summary>The same with an explainer.</summary>
    public static string ExplainedPath { get; } = RankingPath + "-explained";

    public static InferenceOptions Inference { get; } = new() { Threads = 1, PairsPerCall = 8 };

    private static readonly Lazy<MatchingModel> Loaded = new(() => MatchingModel.Load(Path, Inference));

    public static MatchingModel Model => Loaded.Value;

    public static FeatureExpectation Expectation { get; } = new() { RegionCount = Regions, RegionWidth = Width };
}
