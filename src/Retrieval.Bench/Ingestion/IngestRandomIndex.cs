using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Inference.Encoding;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Bench.Ingestion;

/// <summary>
/// Creates a local index of any size for measuring a server, as fast as the disk allows: a few random images and captions are
/// encoded, and their records repeat. Coarse embeddings do not repeat, or a shortlist would consist of ties.
/// </summary>
internal sealed class IngestRandomIndex(IngestOptions options)
{
    /// <summary>Number of encoded images.</summary>
    public const int Distinct = 256;

    private const int Seed = 1;
    private readonly Random _random = new(Seed);

    /// <summary>Creates the index, which must not exist yet.</summary>
    /// <exception cref="InvalidInputException">The folder is not empty.</exception>
    public async Task<IngestRun> RunAsync(MatchingModel model, string folder, int images, string[] words, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new InvalidInputException($"{folder} is not empty; expected a folder for a new index", field: "--keep");
        }

        var inputs = new RandomInputs(Seed);
        var encoded = Math.Min(images, Distinct);
        var started = Stopwatch.GetTimestamp();
        using var records = model.ImageEncoder.Encode(inputs.Regions(encoded, model.Manifest), cancellationToken);
        using var texts = options.CaptionsPerImage == 0
            ? null
            : model.TextEncoder.Encode(inputs.Captions(encoded * options.CaptionsPerImage, options.Words, model.Manifest.VocabularySize), cancellationToken);
        var encoders = encoded / Stopwatch.GetElapsedTime(started).TotalSeconds;

        started = Stopwatch.GetTimestamp();
        using (var writer = LocalIndexWriter.OpenOrCreate(folder, IndexBinding.SchemaOf(model)))
        {
            for (var first = 0; first < images; first += encoded)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = Math.Min(encoded, images - first);
                _ = writer.Append(new ImageRows
                {
                    SourceKey = SparseSplit.Name,
                    Images = [.. Enumerable.Range(first, count).Select(image => Entry(image, words))],
                    ImageFields = Rows(records, count),
                    CaptionFields = texts is null ? FieldRows.Empty : Rows(texts, count * options.CaptionsPerImage),
                });
                progress.Report(("index", (double)(first + count) / images));
            }

            await writer.CommitAsync(cancellation: cancellationToken).ConfigureAwait(false);
        }

        var rate = images / Stopwatch.GetElapsedTime(started).TotalSeconds;
        var bytes = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        return new IngestRun(images, rate, encoders, rate / encoders, Environment.WorkingSet, bytes);
    }

    private ImageEntry Entry(int number, string[] words)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"image-{number:d9}");
        string[] captions = [.. Enumerable.Range(0, options.CaptionsPerImage).Select(_ => string.Join(' ', Enumerable.Range(0, options.Words).Select(_ => words[_random.Next(words.Length)])))];
        return new ImageEntry(id, SHA256.HashData(Encoding.UTF8.GetBytes(id)), captions);
    }

    // The first items of a batch, each with its own embedding.
    private FieldRows Rows(EncodedBatch batch, int items)
    {
        int[] lengths = [.. batch.Records.Lengths[..Math.Min(items, batch.Records.Lengths.Length)].ToArray().Select(length => (int)length)];
        return new FieldRows
        {
            Embedding = RowBytes.Of(Blurred(batch, items)),
            Fields = batch.Records.Fields.ToDictionary(
                field => field.Name, field => batch.Records.Memory(field)[..(int)((field.Ragged ? lengths.Sum() : items) * field.RowBytes)], StringComparer.Ordinal),
            Lengths = lengths,
        };
    }

    // A vector near the original embedding, and of the same length.
    private float[] Blurred(EncodedBatch batch, int items)
    {
        var width = batch.Embeddings.Length / batch.Count;
        var blurred = batch.Embeddings[..(items * width)].ToArray();
        for (var item = 0; item < items; item++)
        {
            var row = blurred.AsSpan(item * width, width);
            var length = Length(row);
            var noise = MathF.Sqrt(3f / width) * length;
            foreach (ref var value in row)
            {
                value += noise * ((2 * _random.NextSingle()) - 1);
            }

            var scale = length / Length(row);
            foreach (ref var value in row)
            {
                value *= scale;
            }
        }

        return blurred;
    }

    private static float Length(ReadOnlySpan<float> row)
    {
        var squares = 0f;
        foreach (var value in row)
        {
            squares += value * value;
        }

        return MathF.Sqrt(squares);
    }
}
