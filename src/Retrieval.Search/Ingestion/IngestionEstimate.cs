using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Inference;

namespace Retrieval.Search.Ingestion;

/// <summary>What the ingestion of a source would take.</summary>
/// <param name="Images">Images that would be stored.</param>
/// <param name="Captions">Captions that would be stored.</param>
/// <param name="IndexBytes">Bytes of the local index, from the record sizes of the bundle and the first rows of the source.</param>
/// <param name="CatalogBytes">Bytes of the tables in Postgres, nearest-neighbour indexes included: <paramref name="IndexBytes"/>,
/// the half-precision embeddings, and what Postgres stores of every row.</param>
/// <param name="Seconds">Time of the encoding on this machine, as it is loaded now; reading and writing go on meanwhile.</param>
/// <param name="TimedImages">Images of the first window, whose encoding was timed.</param>
public sealed record IngestionEstimate(long Images, long Captions, long IndexBytes, long CatalogBytes, double Seconds, int TimedImages)
{
    // In the table of embeddings and in the HNSW index; there with the neighbours of a graph of m = 16: 32 addresses of 6 bytes.
    private const int HalfEmbeddings = 2;
    private const int BytesOfNeighbours = 256;

    // Headers of the rows of all tables, and their primary keys.
    private const int OtherBytesOfImage = 400;
    private const int OtherBytesOfCaption = 200;

    // A number or boolean of the metadata: a row, and its place in two trees, each with the key's name.
    private const int BytesOfValue = 200;

    /// <summary>Estimates from the first rows of a source. Encodes its first window that has an image, and stores nothing.</summary>
    /// <param name="model">Encodes.</param>
    /// <param name="options">Size of a window, and what may be stored.</param>
    /// <param name="source">The source.</param>
    /// <param name="valid">What a dry run found: how many images and captions there are to store.</param>
    /// <param name="time">Measures the encoding.</param>
    /// <param name="cancellationToken">Stops the encoding.</param>
    /// <returns>The estimate; null if there is nothing to store.</returns>
    /// <exception cref="RetrievalException">The source broke off, or the device failed.</exception>
    public static async Task<IngestionEstimate?> OfAsync(
        MatchingModel model, IngestionOptions options, IFeatureSource source, IngestionProgress valid, TimeProvider time, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(valid);
        ArgumentNullException.ThrowIfNull(time);
        var encoder = new SampleEncoder(model, options.Bounds);
        var timed = SampleWindow.Cut(source, 0, options.BatchRows).Select(window => encoder.Accept(source, window)).FirstOrDefault(accepted => accepted.Count > 0);
        if (timed is null || valid.Ingested == 0)
        {
            return null;
        }

        // The first run of a graph makes room for its tensors, which the others use again.
        await EncodeAsync().ConfigureAwait(false);
        var begun = time.GetTimestamp();
        await EncodeAsync().ConfigureAwait(false);
        var each = time.GetElapsedTime(begun).TotalSeconds / timed.Count;
        var index = SplitSpace.OfImages(model.Manifest, model.Captions, source, valid.Ingested);
        var values = timed.Average(tokenized => tokenized.Sample.Metadata?.Values.Count(value => value.Order is not null) ?? 0);
        return new IngestionEstimate(valid.Ingested, valid.Captions, index, index + OfCatalog(model.Manifest, valid) + (long)(values * BytesOfValue * valid.Ingested), each * valid.Ingested, timed.Count);

        async Task EncodeAsync()
        {
            using var rows = await encoder.EncodeAsync(timed, null, [], null, cancellationToken).ConfigureAwait(false);
        }
    }

    // Of what a local index does not have.
    private static long OfCatalog(BundleManifest manifest, IngestionProgress valid)
    {
        long ofEmbedding = (HalfEmbeddings * manifest.EmbeddingWidth * sizeof(short)) + BytesOfNeighbours;
        return (valid.Ingested * (ofEmbedding + OtherBytesOfImage)) + (valid.Captions * (ofEmbedding + OtherBytesOfCaption));
    }
}
