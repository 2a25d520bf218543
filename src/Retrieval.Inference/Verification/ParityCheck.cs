using System.Globalization;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;

namespace Retrieval.Inference.Verification;

/// <summary>
/// Computes a bundle's recorded inputs on this machine and compares the results with those of PyTorch at export: both encoders, both
/// scorers and all pairs, the whole path of a query, and the explainer of a bundle that has one.
/// </summary>
internal static class ParityCheck
{
    /// <exception cref="InvalidBundleException">A difference exceeds the bundle's tolerance.</exception>
    public static ParityReport Run(VerifiedBundle bundle, MatchingModel model)
    {
        var recorded = ParityVectors.Read(bundle);
        try
        {
            return Run(bundle, model, recorded);
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidBundleException(bundle.Path, $"the inputs in {bundle.Manifest.Parity.File} are not this model's: {exception.Message}", exception);
        }
        catch (InferenceException exception) when (!exception.DeviceFault)
        {
            throw new InvalidBundleException(bundle.Path, $"fails on the inputs in {bundle.Manifest.Parity.File}: {exception.Message}", exception);
        }
    }

    private static ParityReport Run(VerifiedBundle bundle, MatchingModel model, ParityVectors recorded)
    {
        // The last word of the vocabulary may be absent from the recorded captions: a graph with fewer words fails here and not in a query.
        model.TextEncoder.Encode([[bundle.Manifest.VocabularySize - 1]]).Dispose();
        using var images = model.ImageEncoder.Encode(recorded.Regions, recorded.RegionCounts);
        using var captions = model.TextEncoder.Encode(recorded.Captions);
        var report = new ParityReport(
            bundle.Manifest.Parity.Tolerance,
            recorded.Scores.Length,
            Math.Max(Differences.Relative(recorded.ImageEmbeddings, images.Embeddings), Differences.Relative(recorded.CaptionEmbeddings, captions.Embeddings)),
            Differences.Largest(recorded.Scores, ScoreMatrix(model.TextToImage, images.Records, captions.Records)),
            Differences.Largest(recorded.Scores, ScoreMatrix(model.ImageToText, images.Records, captions.Records)));
        return report.Passed
            ? report with { Explainer = model.Explainer is { } explainer ? ExplainerCheck.Run(bundle, explainer, recorded, images.Records, captions.Records) : null }
            : throw new InvalidBundleException(bundle.Path, string.Create(
                CultureInfo.InvariantCulture,
                $"computes something else on this machine ({model.Device.Name}) than was recorded at export: scores differ by {report.TextToImage:G3} (text to image) and {report.ImageToText:G3} (image to text), embeddings by {report.Embeddings:G3}; allowed is {report.Tolerance:G3}"));
    }

    /// <summary>Scores of all pairs, <c>[I, C]</c>, with either scorer.</summary>
    internal static float[] ScoreMatrix(PairScorer scorer, RecordTable images, RecordTable captions)
    {
        var pairs = checked((int)(images.Count * captions.Count));
        var image = new long[pairs];
        var caption = new long[pairs];
        for (var i = 0; i < pairs; i++)
        {
            (image[i], caption[i]) = Math.DivRem(i, captions.Count);
        }

        var scores = new float[pairs];
        if (scorer.BankSide == RecordSide.Image)
        {
            scorer.ScorePairs(images, captions, image, caption, scores);
        }
        else
        {
            scorer.ScorePairs(captions, images, caption, image, scores);
        }

        return scores;
    }
}
