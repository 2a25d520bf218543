using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Domain.Evaluation;

namespace Retrieval.Cli.Output;

/// <summary>
/// The evaluation of a score matrix as JSON, with the names of the <c>evaluation.json</c> that reference code writes
/// (<c>image_to_text</c>, <c>r1</c>, <c>rsum</c>), so that the two can be compared directly. It is the only output in
/// snake_case.
/// </summary>
/// <param name="Images">Images of the test set; of one fold, if folds were averaged.</param>
/// <param name="CaptionsPerImage">Number of captions per image.</param>
/// <param name="ImageToText">Images as queries.</param>
/// <param name="TextToImage">Captions as queries.</param>
/// <param name="Rsum">Sum of the six recalls.</param>
/// <param name="Folds">Number of averaged folds; absent if there are none.</param>
internal sealed record EvaluationView(int Images, int CaptionsPerImage, EvaluationView.Direction ImageToText, EvaluationView.Direction TextToImage, double Rsum, int? Folds)
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static EvaluationView Of(RetrievalSummary summary, int folds) => new(
        summary.Images,
        summary.CaptionsPerImage,
        Direction.Of(summary.ImageToText),
        Direction.Of(summary.TextToImage),
        summary.RecallSum,
        folds > 1 ? folds : null);

    internal sealed record Direction(double R1, double R5, double R10, double MedianRank, double MeanRank, int? Missed)
    {
        public static Direction Of(RankSummary ranks) => new(
            ranks.RecallAt1, ranks.RecallAt5, ranks.RecallAt10, ranks.MedianRank, ranks.MeanRank, ranks.Missed > 0 ? ranks.Missed : null);
    }
}
