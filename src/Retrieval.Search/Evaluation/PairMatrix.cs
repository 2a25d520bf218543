using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;

namespace Retrieval.Search.Evaluation;

/// <summary>The text-to-image scores of all pairs, float32 <c>[captions, images]</c>: the only large allocation of an evaluation.</summary>
internal sealed class PairMatrix
{
    private readonly float[][] _byCaption;

    private PairMatrix(int captions) => _byCaption = new float[captions][];

    public static PairMatrix Score(CountingScorer counting, PairScorer textToImage, RecordTable images, RecordTable captions, Action<double> progress, CancellationToken cancellationToken)
    {
        var matrix = new PairMatrix((int)captions.Count);
        long[] slots = [.. Enumerable.Range(0, (int)images.Count)];
        for (var caption = 0; caption < matrix._byCaption.Length; caption++)
        {
            var scores = matrix._byCaption[caption] = new float[slots.Length];
            counting.Score(textToImage, images, captions, caption, slots, scores, cancellationToken);
            progress((caption + 1.0) / matrix._byCaption.Length);
        }

        return matrix;
    }

    /// <summary>Scores of one caption with every image.</summary>
    public ReadOnlySpan<float> OfCaption(int caption) => _byCaption[caption];

    /// <summary>Scores of one image with every caption: a column of the matrix.</summary>
    public float[] OfImage(int image) => Array.ConvertAll(_byCaption, scores => scores[image]);
}
