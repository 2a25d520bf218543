using System.Diagnostics;
using Retrieval.Inference;
using Retrieval.Inference.Encoding;
using Retrieval.Inference.Records;

namespace Retrieval.Cli.Bench;

/// <summary>One bundle under measurement, with the records of the random images and captions as its encoders give them.</summary>
internal sealed class RerankSubject : IDisposable
{
    private const int ImagesPerBatch = 32;
    private readonly EncodedBatch _images;
    private readonly EncodedBatch _captions;
    private readonly long[] _oneCaption;
    private readonly float[] _someImages;

    public RerankSubject(MatchingModel model, float[] regions, long[][] captions)
    {
        Model = model;
        _oneCaption = captions[0];
        _someImages = regions[..Math.Min(regions.Length, ImagesPerBatch * model.Manifest.RegionCount * model.Manifest.RegionWidth)];
        _images = model.ImageEncoder.Encode(regions);
        _captions = model.TextEncoder.Encode(captions);
    }

    public MatchingModel Model { get; }

    /// <summary>Seconds to score the query with the slots, in calls of the given size.</summary>
    public double Score(RecordSide bankSide, int query, long[] slots, int pairsPerCall, float[] scores)
    {
        var scorer = bankSide == RecordSide.Image ? Model.TextToImage : Model.ImageToText;
        var (bank, queries) = bankSide == RecordSide.Image ? (_images.Records, _captions.Records) : (_captions.Records, _images.Records);
        var sameQuery = new long[slots.Length];
        using var record = queries.Row(query);
        var started = Stopwatch.GetTimestamp();
        for (var first = 0; first < slots.Length; first += pairsPerCall)
        {
            var count = Math.Min(pairsPerCall, slots.Length - first);
            scorer.ScorePairs(bank, record, slots.AsSpan(first, count), sameQuery.AsSpan(first, count), scores.AsSpan(first, count));
        }

        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Seconds to encode one caption.</summary>
    public double EncodeCaption()
    {
        var started = Stopwatch.GetTimestamp();
        using var encoded = Model.TextEncoder.Encode([_oneCaption]);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Images encoded a second, in a batch as ingestion makes them.</summary>
    public double EncodeImages()
    {
        var started = Stopwatch.GetTimestamp();
        using var encoded = Model.ImageEncoder.Encode(_someImages);
        return encoded.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public void Dispose()
    {
        _images.Dispose();
        _captions.Dispose();
    }
}
