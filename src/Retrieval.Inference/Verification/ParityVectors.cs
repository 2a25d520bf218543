using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Inference.Bundles;

namespace Retrieval.Inference.Verification;

/// <summary>The arrays of a bundle's <c>parity.npz</c>: inputs, and the PyTorch model's results for them.</summary>
/// <param name="Regions">Float32 <c>[regions of all images, W]</c>, without padding.</param>
/// <param name="RegionCounts">Number of regions of each image.</param>
/// <param name="Captions">Token ids of each caption, without padding.</param>
/// <param name="ImageEmbeddings">Float32 <c>[I, E]</c>.</param>
/// <param name="CaptionEmbeddings">Float32 <c>[C, E]</c>.</param>
/// <param name="Scores">Float32 <c>[I, C]</c>.</param>
internal sealed record ParityVectors(float[] Regions, IReadOnlyList<int> RegionCounts, IReadOnlyList<long[]> Captions, float[] ImageEmbeddings, float[] CaptionEmbeddings, float[] Scores)
{
    /// <summary>Tokens of a row of <c>token_ids</c>, padding included.</summary>
    public required int Positions { get; init; }

    /// <exception cref="InvalidBundleException">An array is missing, or its shape does not match the others.</exception>
    public static ParityVectors Read(VerifiedBundle bundle)
    {
        var file = bundle.Manifest.Parity.File;
        try
        {
            using var stream = new MemoryStream(bundle.Content(file), writable: false);
            using var arrays = NpzFile.Open(stream, file);
            var regions = arrays.Read("regions");
            var tokens = arrays.Read("token_ids");
            var lengths = arrays.Read("lengths");
            regions.RequireShape(-1, bundle.Manifest.RegionCount, bundle.Manifest.RegionWidth);
            tokens.RequireShape(-1, -1);
            long images = regions.Shape[0], captions = tokens.Shape[0], width = bundle.Manifest.EmbeddingWidth;
            lengths.RequireShape(captions);
            if (images == 0 || captions == 0)
            {
                throw new InvalidInputException("holds no images or no captions", file);
            }

            var counts = Counts(arrays, file, bundle.Manifest.Regions, checked((int)images));
            return new ParityVectors(
                Packed(regions.ToSingles(), counts, bundle.Manifest.RegionWidth),
                counts,
                [.. Split(file, tokens.ToInt64s(), lengths.ToInt64s())],
                arrays.Read("image_embedding").RequireShape(images, width).ToSingles(),
                arrays.Read("caption_embedding").RequireShape(captions, width).ToSingles(),
                arrays.Read("scores").RequireShape(images, captions).ToSingles())
            {
                Positions = checked((int)tokens.Shape[1]),
            };
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidBundleException(bundle.Path, exception.Message, exception);
        }
    }

    private static int[] Counts(NpzFile arrays, string file, RegionRange range, int images)
    {
        if (range.IsFixed)
        {
            return [.. Enumerable.Repeat(range.Most, images)];
        }

        var counts = arrays.Read("region_counts").RequireShape(images).ToInt64s();
        for (var i = 0; i < images; i++)
        {
            if (!range.Contains(counts[i]))
            {
                throw new InvalidInputException($"is {counts[i]}; expected {range}", file, i, "region_counts");
            }
        }

        return [.. counts.Select(count => (int)count)];
    }

    private static float[] Packed(float[] padded, int[] counts, int width)
    {
        var size = padded.Length / counts.Length;
        return [.. counts.SelectMany((count, i) => padded.AsSpan(i * size, count * width).ToArray())];
    }

    private static IEnumerable<long[]> Split(string file, long[] tokens, long[] lengths)
    {
        var positions = tokens.Length / lengths.Length;
        for (var i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] < 1 || lengths[i] > positions)
            {
                throw new InvalidInputException($"is {lengths[i]}; expected 1 to {positions}", file, i, "lengths");
            }

            yield return tokens.AsSpan(i * positions, (int)lengths[i]).ToArray();
        }
    }
}
