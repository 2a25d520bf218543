namespace Retrieval.Domain.Evaluation;

/// <summary>Both directions of retrieval on one test set.</summary>
/// <param name="Images">Number of images of a test set, or of one fold if folds were averaged.</param>
/// <param name="CaptionsPerImage">Captions per image.</param>
/// <param name="ImageToText">Images as queries; the target is the best ranked of the image's captions.</param>
/// <param name="TextToImage">Captions as queries.</param>
public sealed record RetrievalSummary(int Images, int CaptionsPerImage, RankSummary ImageToText, RankSummary TextToImage)
{
    /// <summary>The sum of the six recalls ("rsum"), in percent: 0 … 600.</summary>
    public double RecallSum => ImageToText.RecallSum + TextToImage.RecallSum;
}
