using Retrieval.Inference;
using Retrieval.Inference.Encoding;
using Retrieval.Inference.Records;

namespace Retrieval.Search.Evaluation;

/// <summary>
/// Scores of all pairs of given images and captions, directly from features and tokens, without an index. Works in blocks,
/// so that memory in addition to the matrix itself stays bounded.
/// </summary>
public sealed class MatrixScorer(MatchingModel model)
{
    private const int ImagesPerBlock = 128;
    private const int CaptionsPerBlock = 128;

    /// <summary>Reads the regions of images <c>[first, first + count)</c> into a span of <c>count × R × W</c> floats.</summary>
    public delegate void RegionReader(long first, int count, Span<float> regions);

    /// <summary>Scores all pairs.</summary>
    /// <param name="images">Number of images I.</param>
    /// <param name="regionCount">Regions R of every image; a number that the bundle takes.</param>
    /// <param name="readRegions">Supplies the images' region features.</param>
    /// <param name="captions">Token ids of the C captions, start and end tokens included.</param>
    /// <param name="bankSide">Which scorer: <see cref="RecordSide.Image"/> is text to image, <see cref="RecordSide.Caption"/> image to text.</param>
    /// <param name="progress">Receives the number of pairs done, after each block.</param>
    /// <param name="cancellationToken">Stops the run on the device.</param>
    /// <returns>Float32 <c>[I, C]</c>, row-major.</returns>
    public float[] Score(int images, int regionCount, RegionReader readRegions, IReadOnlyList<long[]> captions, RecordSide bankSide, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(readRegions);
        ArgumentNullException.ThrowIfNull(captions);
        var matrix = new float[checked(images * captions.Count)];
        var size = regionCount * model.Manifest.RegionWidth;
        for (var firstImage = 0; firstImage < images; firstImage += ImagesPerBlock)
        {
            var imageCount = Math.Min(ImagesPerBlock, images - firstImage);
            var regions = new float[imageCount * size];
            readRegions(firstImage, imageCount, regions);
            using var imageBatch = model.ImageEncoder.Encode(regions, [.. Enumerable.Repeat(regionCount, imageCount)], cancellationToken);

            // Captions are encoded again for each block of images: this costs about 1% of the scoring, and memory does not grow
            // with the number of captions.
            for (var firstCaption = 0; firstCaption < captions.Count; firstCaption += CaptionsPerBlock)
            {
                var block = captions.Skip(firstCaption).Take(CaptionsPerBlock).ToArray();
                using var captionBatch = model.TextEncoder.Encode(block, cancellationToken);
                var target = new Block(matrix, captions.Count, firstImage, firstCaption);
                ScoreBlock(bankSide, imageBatch, captionBatch, target, cancellationToken);
                progress?.Report(((long)firstImage * captions.Count) + ((long)imageCount * (firstCaption + block.Length)));
            }
        }

        return matrix;
    }

    private void ScoreBlock(RecordSide bankSide, EncodedBatch images, EncodedBatch captions, Block target, CancellationToken cancellationToken)
    {
        var (scorer, bank, queries) = bankSide == RecordSide.Image
            ? (model.TextToImage, images.Records, captions.Records)
            : (model.ImageToText, captions.Records, images.Records);
        long[] slots = [.. Enumerable.Range(0, (int)bank.Count)];
        var sameQuery = new long[slots.Length];
        var scores = new float[slots.Length];
        for (var query = 0; query < queries.Count; query++)
        {
            // One query per batch: the scorer projects every query of a batch, needed or not.
            using var record = queries.Row(query);
            scorer.ScorePairs(bank, record, slots, sameQuery, scores, cancellationToken);
            for (var slot = 0; slot < scores.Length; slot++)
            {
                var (image, caption) = bankSide == RecordSide.Image ? (slot, query) : (query, slot);
                target.Set(image, caption, scores[slot]);
            }
        }
    }

    private readonly record struct Block(float[] Matrix, int Captions, int FirstImage, int FirstCaption)
    {
        public void Set(int image, int caption, float score) => Matrix[((FirstImage + image) * Captions) + FirstCaption + caption] = score;
    }
}
