using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;

namespace Retrieval.Search.Evaluation;

/// <summary>The text-to-image scores of all pairs, float32 <c>[captions, images]</c> by slot: the only large allocation of an
/// evaluation. Tombstoned slots have none.</summary>
internal sealed class PairMatrix
{
    private readonly float[][] _byCaption;

    private PairMatrix(long captions) => _byCaption = new float[captions][];

    public static PairMatrix Score(PairMeter meter, PairScorer textToImage, RecordTable images, RecordTable captions, CaptionRanges ranges, string stage, CancellationToken cancellationToken)
    {
        var matrix = new PairMatrix(captions.Count);
        var slots = Array.ConvertAll(ranges.Images, slot => (long)slot);
        for (var done = 0; done < ranges.Captions.Length; done++)
        {
            var caption = ranges.Captions[done];
            var scores = meter.Score(textToImage, images, captions, caption, slots, cancellationToken);
            matrix._byCaption[caption] = slots.Length == images.Count ? scores : Spread(slots, scores, images.Count);
            meter.Report(stage, (done + 1.0) / ranges.Captions.Length);
        }

        return matrix;
    }

    /// <summary>Scores of one caption with the images in the given slots.</summary>
    public float[] OfCaption(int caption, long[] images) => Array.ConvertAll(images, image => _byCaption[caption][image]);

    /// <summary>Scores of one image with the captions in the given slots.</summary>
    public float[] OfImage(int image, long[] captions) => Array.ConvertAll(captions, caption => _byCaption[caption][image]);

    private static float[] Spread(long[] slots, float[] scores, long count)
    {
        var bySlot = new float[count];
        for (var i = 0; i < slots.Length; i++)
        {
            bySlot[slots[i]] = scores[i];
        }

        return bySlot;
    }
}
