using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;
using Retrieval.Features.Sources;

namespace Retrieval.Search.Ingestion;

/// <summary>The disk space of a local index, before it is there.</summary>
public static class SplitSpace
{
    private const int RowsRead = 100;

    // Ids, hashes and positions of texts; what is stored of every item beside its record, embedding and texts.
    private const int OtherBytesOfImage = 96;
    private const int OtherBytesOfCaption = 32;

    /// <summary>Bytes, estimated from the first rows: captions have as many rows of a ragged field as tokens, images as regions.</summary>
    /// <param name="manifest">The bundle's manifest.</param>
    /// <param name="captions">The bundle's captions.</param>
    /// <param name="source">The split.</param>
    public static long Estimate(BundleManifest manifest, CaptionEncoder captions, IFeatureSource source)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(captions);
        ArgumentNullException.ThrowIfNull(source);
        var first = source.ReadFrom(0).Take(RowsRead).ToList();
        return first.Count == 0 ? 0 : (long)((double)first.OfType<ImageSample>().Sum(image => BytesOf(manifest, captions, image)) / first.Count * source.CountRows());
    }

    /// <summary>Bytes of as many images as a source is known to have that can be stored, estimated from the first of them.</summary>
    internal static long OfImages(BundleManifest manifest, CaptionEncoder captions, IFeatureSource source, long images)
    {
        var first = source.ReadFrom(0).OfType<ImageSample>().Take(RowsRead).Select(image => BytesOf(manifest, captions, image)).ToList();
        return first.Count == 0 ? 0 : (long)(first.Average() * images);
    }

    private static long BytesOf(BundleManifest manifest, CaptionEncoder encoder, ImageSample image)
    {
        var embedding = (long)manifest.EmbeddingWidth * sizeof(float);
        var texts = image.Id.Length + ((image.Boxes?.Length ?? 0) * sizeof(float));
        var bytes = OtherBytesOfImage + texts + embedding + BytesOf(manifest.ImageFields, image.RegionCount);
        foreach (var caption in image.Captions)
        {
            bytes += OtherBytesOfCaption + caption.Length + embedding + BytesOf(manifest.CaptionFields, RowsOf(encoder, caption));
        }

        return bytes;
    }

    private static int RowsOf(CaptionEncoder encoder, string caption)
    {
        try
        {
            return encoder.Encode(caption).TokenIds.Length;
        }
        catch (InvalidInputException)
        {
            return 0; // the ingestion rejects the image and says why
        }
    }

    private static long BytesOf(IReadOnlyList<FieldSpec> fields, int rows) => fields.Sum(field => (long)field.RowBytes * (field.Ragged ? rows : 1));
}
