using System.Text.Json.Nodes;
using Retrieval.Inference;

namespace Retrieval.Search.Tests.Evaluation;

/// <summary>The bundle of the tests with an ordering by both stages in its manifest, whose transform is the identity.</summary>
internal sealed class RankedBundle : IDisposable
{
    public const double TextWeight = 0.02;
    public const double ImageWeight = 0.3;
    public const int TextShortlist = 7;
    public const int ImageShortlist = 9;

    private static readonly Lazy<RankedBundle> Made = new(() => new RankedBundle());

    private readonly TemporaryFolder _folder = new();

    private RankedBundle()
    {
        var path = _folder.Copy(Bundle.Path, "bundle");
        var file = Path.Combine(path, "bundle.json");
        var manifest = JsonNode.Parse(File.ReadAllText(file))!;
        manifest["ranking"] = JsonNode.Parse(FormattableString.Invariant($$"""
            {"transform": "identity",
             "textToImage": {"coarseWeight": {{TextWeight}}, "shortlist": {{TextShortlist}}},
             "imageToText": {"coarseWeight": {{ImageWeight}}, "shortlist": {{ImageShortlist}}}}
            """));
        File.WriteAllText(file, manifest.ToJsonString());
        Loaded = MatchingModel.Load(path, Bundle.Inference);
        Dispose();
    }

    public static MatchingModel Model => Made.Value.Loaded;

    private MatchingModel Loaded { get; }

    /// <summary>Its graphs are in memory once it is loaded.</summary>
    public void Dispose() => _folder.Dispose();
}
