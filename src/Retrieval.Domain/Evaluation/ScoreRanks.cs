namespace Retrieval.Domain.Evaluation;

/// <summary>
/// Ranks, from 0, within a fold of a score matrix: the images <c>first … first + count - 1</c> and their captions. A candidate
/// with the target's score ranks before it.
/// </summary>
internal static class ScoreRanks
{
    /// <summary>For each image of the fold, the rank of the best of its captions.</summary>
    public static int[] OfCaptions(ReadOnlySpan<float> scores, int images, int captionsPerImage, int first, int count)
    {
        var ranks = new int[count];
        for (var i = 0; i < count; i++)
        {
            var image = i;
            ranks[i] = TargetRank.Of(FoldRow(scores, images, captionsPerImage, first, count, i), caption => caption / captionsPerImage == image);
        }

        return ranks;
    }

    /// <summary>For each caption of the fold, the rank of its image.</summary>
    /// <remarks>Processes the scores row by row, in memory order, although each rank is about a column.</remarks>
    public static int[] OfImages(ReadOnlySpan<float> scores, int images, int captionsPerImage, int first, int count)
    {
        var targets = new float[count * captionsPerImage];
        for (var i = 0; i < count; i++)
        {
            FoldRow(scores, images, captionsPerImage, first, count, i)
                .Slice(i * captionsPerImage, captionsPerImage)
                .CopyTo(targets.AsSpan(i * captionsPerImage));
        }

        // The image of every caption counts itself once.
        var ranks = new int[targets.Length];
        Array.Fill(ranks, -1);
        for (var i = 0; i < count; i++)
        {
            var row = FoldRow(scores, images, captionsPerImage, first, count, i);
            for (var c = 0; c < row.Length; c++)
            {
                ranks[c] += row[c] >= targets[c] ? 1 : 0;
            }
        }

        return ranks;
    }

    private static ReadOnlySpan<float> FoldRow(ReadOnlySpan<float> scores, int images, int captionsPerImage, int first, int count, int row) =>
        scores.Slice(((first + row) * images * captionsPerImage) + (first * captionsPerImage), count * captionsPerImage);
}
