using Retrieval.Inference;

namespace Retrieval.Search.Tests.Evaluation;

/// <summary>The bundle of the tests, with and without an ordering by both stages; its graphs are in memory once it is loaded.</summary>
internal static class RankedBundle
{
    public const int TextShortlist = 7;
    public const int ImageShortlist = 9;
    public const string NoRanking = "none";

    // The scores lie close together: the weights make both stages count.
    private static readonly Lazy<MatchingModel> Identity = new(() => Load("identity", 0.02, 0.05, 1, 0));

    // Probabilities near 1, half of which float32 gives as 1.
    private static readonly Lazy<MatchingModel> Logit = new(() => Load("logit", 3, 5, 20, 27));

    /// <summary>The model whose ranking has this transform, or no ranking.</summary>
    public static MatchingModel Of(string transform) => transform switch
    {
        NoRanking => Bundle.Model,
        "identity" => Identity.Value,
        _ => Logit.Value,
    };

    public static MatchingModel Model => Logit.Value;

    private static MatchingModel Load(string transform, double textToImage, double imageToText, float scale, float shift)
    {
        using var folder = new TemporaryFolder();
        return MatchingModel.Load(RankingBundle.Make(folder, transform, RankingBundle.Ranking(transform, textToImage, TextShortlist, imageToText, ImageShortlist), scale, shift), Bundle.Inference);
    }
}
