using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;

namespace Retrieval.Search.Evaluation;

/// <summary>The text-to-image scores of all pairs of a fold, float32 <c>[captions, images]</c> by slot: the only large allocation of
/// an evaluation. Tombstoned slots have none.</summary>
internal sealed class PairMatrix
{
    private readonly Dictionary<int, float[]> _byCaption;
    private readonly int _firstImage;

    private PairMatrix(int captions, int firstImage) => (_byCaption, _firstImage) = (new Dictionary<int, float[]>(captions), firstImage);

    public static PairMatrix Score(PairMeter meter, PairScorer textToImage, RecordTable images, RecordTable captions, CaptionRanges ranges, string stage, CancellationToken cancellationToken)
    {
        var (first, end) = (ranges.Images[0], ranges.Images[^1] + 1);
        var matrix = new PairMatrix(ranges.Captions.Length, first);
        var slots = Array.ConvertAll(ranges.Images, slot => (long)slot);
        for (var done = 0; done < ranges.Captions.Length; done++)
        {
            var caption = ranges.Captions[done];
            var scores = meter.Score(textToImage, images, captions, caption, slots, cancellationToken);
            matrix._byCaption[caption] = slots.Length == end - first ? scores : Spread(slots, scores, first, end);
            meter.Report(stage, (done + 1.0) / ranges.Captions.Length);
        }

        return matrix;
    }

    /// <summary>Scores of one caption with the images in the given slots.</summary>
    public float[] OfCaption(int caption, long[] images)
    {
        var scores = _byCaption[caption];
        return Array.ConvertAll(images, image => scores[image - _firstImage]);
    }

    /// <summary>Scores of one image with the captions in the given slots.</summary>
    public float[] OfImage(int image, long[] captions) => Array.ConvertAll(captions, caption => _byCaption[(int)caption][image - _firstImage]);

    private static float[] Spread(long[] slots, float[] scores, int first, int end)
    {
        var bySlot = new float[end - first];
        for (var i = 0; i < slots.Length; i++)
        {
            bySlot[slots[i] - first] = scores[i];
        }

        return bySlot;
    }
}
