using System.Collections.Concurrent;

namespace Retrieval.Inference.Tests;

/// <summary>The fixture bundles: small models with random weights, in every form the exporter writes.</summary>
internal static class Bundles
{
    public const string Fast = "camp-gate-fusion-new-concat";
    public const string Compact = "camp-gate-fusion-new-concat-compact";
    public const string Half = "camp-gate-fusion-new-concat-compact-float16";
    public const string Published = "camp-gate-fusion-new-concat-published";

    /// <summary>One vector an image, one vector a caption: no field is ragged. Made by tests/exporter/vector_system.py.</summary>
    public const string Vectors = "vector-cosine";

    /// <summary>A ranking, and scorers that give logits; its embedding is made of slots. Made by tests/exporter/ranking_bundle.py.</summary>
    public const string Ranking = "ranking-logit";

    /// <summary>The same with an explainer.</summary>
    public const string Explained = "ranking-logit-explained";

    /// <summary>Images of 10 to 100 regions. Made by export.py: <c>--random --system camp-gate-fusion-new --regions 10-100</c>.</summary>
    public const string AnyRegions = "camp-any-regions";

    /// <summary>The demo model of the repository: trained, small, made by the exporter.</summary>
    public const string Demo = "scenes-demo";

    /// <summary>The best of the systems that were trained for comparison and find items by a first stage of their own.</summary>
    public const string Compared = "scenes-compared";

    private static readonly ConcurrentDictionary<(string, int), Lazy<MatchingModel>> Loaded = new();

    // A folder of further bundles of the same shapes, to be held to the same tests by hand.
    private static readonly string? More = Environment.GetEnvironmentVariable("RETRIEVAL_TEST_BUNDLES");

    private static string[] Committed => [Fast, Compact, Half, Published, Vectors, Ranking, Explained, AnyRegions];

    public static IReadOnlyList<string> Names { get; } =
        [.. Committed, .. More is null ? [] : Directory.GetDirectories(More).Select(Path.GetFileName).OfType<string>().Except(Committed)];

    public static TheoryData<string> All => [.. Names];

    public static string PathOf(string name) =>
        Path.Combine(AppContext.BaseDirectory, "bundles", name) is var fixture && Directory.Exists(fixture) ? fixture : Path.Combine(More ?? "", name);

    /// <summary>A model that all tests share; nobody disposes of it.</summary>
    public static MatchingModel Model(string name, int pairsPerCall = 32) =>
        Loaded.GetOrAdd((name, pairsPerCall), key => new Lazy<MatchingModel>(() => Load(PathOf(key.Item1), key.Item2))).Value;

    public static MatchingModel Load(string path, int pairsPerCall = 32) =>
        MatchingModel.Load(path, new InferenceOptions { Threads = 1, PairsPerCall = pairsPerCall });

    /// <summary>What a pair's score may differ by from call to call.</summary>
    public static float Tolerance(string name) => name.EndsWith("float16", StringComparison.Ordinal) ? 2e-3f : 1e-5f;
}
