using System.Text.Json;
using Retrieval.Domain.Evaluation;
using Retrieval.Features.Npy;

namespace Retrieval.Features.Tests.Evaluation;

/// <summary>Holds the metrics against ranks and numbers that SGRAF's own evaluation code gave for a matrix of scores.</summary>
public sealed class RecallMetricsReferenceTests
{
    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", name);

    [Fact]
    public void Ranks_are_those_of_the_reference_code()
    {
        using var file = NpzFile.Open(Fixture("evaluation.npz"));
        var scores = file.Read("scores").RequireShape(100, 500).ToSingles();

        Assert.Equal(file.Read("i2t_ranks").ToSingles(), ScoreRanks.OfCaptions(scores, 100, 5, 0, 100).Select(r => (float)r));
        Assert.Equal(file.Read("t2i_ranks").ToSingles(), ScoreRanks.OfImages(scores, 100, 5, 0, 100).Select(r => (float)r));
    }

    [Fact]
    public void Numbers_are_those_of_the_reference_code()
    {
        using var file = NpzFile.Open(Fixture("evaluation.npz"));
        using var reference = JsonDocument.Parse(File.ReadAllText(Fixture("evaluation.json")));

        var summary = RecallMetrics.Summarize(file.Read("scores").ToSingles(), 100, 5);

        AssertEqual(reference.RootElement.GetProperty("image_to_text"), summary.ImageToText);
        AssertEqual(reference.RootElement.GetProperty("text_to_image"), summary.TextToImage);
        Assert.Equal(reference.RootElement.GetProperty("rsum").GetDouble(), summary.RecallSum, 9);
    }

    private static void AssertEqual(JsonElement expected, RankSummary actual)
    {
        Assert.Equal(expected.GetProperty("r1").GetDouble(), actual.RecallAt1, 9);
        Assert.Equal(expected.GetProperty("r5").GetDouble(), actual.RecallAt5, 9);
        Assert.Equal(expected.GetProperty("r10").GetDouble(), actual.RecallAt10, 9);
        Assert.Equal(expected.GetProperty("median_rank").GetDouble(), actual.MedianRank);
        Assert.Equal(expected.GetProperty("mean_rank").GetDouble(), actual.MeanRank, 9);
    }
}
