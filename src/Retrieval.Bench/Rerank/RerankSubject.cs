using System.Diagnostics;
using Retrieval.Inference;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;

namespace Retrieval.Bench.Rerank;

/// <summary>One measured bundle, with banks of the random images and captions as encoded by it.</summary>
internal sealed class RerankSubject : IDisposable
{
    private const int ImagesPerBatch = 32;
    private readonly Stack<IDisposable> _parts = new();
    private readonly RecordTable _images;
    private readonly RecordTable _captions;
    private readonly FeatureBank _imageBank;
    private readonly FeatureBank _captionBank;
    private readonly long[] _oneCaption;
    private readonly float[] _someImages;

    /// <param name="model">The bundle; still owned by the caller.</param>
    /// <param name="regions">Features of the images to encode.</param>
    /// <param name="captions">Token ids of the captions to encode, as many as images.</param>
    /// <param name="items">Items of each bank: the encoded records, repeated.</param>
    public RerankSubject(MatchingModel model, float[] regions, long[][] captions, int items)
    {
        Model = model;
        _oneCaption = captions[0];
        _someImages = regions[..Math.Min(regions.Length, ImagesPerBatch * model.Manifest.RegionCount * model.Manifest.RegionWidth)];
        try
        {
            _images = Own(model.ImageEncoder.Encode(regions)).Records;
            _captions = Own(model.TextEncoder.Encode(captions)).Records;
            _imageBank = Bank(_images, items);
            _captionBank = Bank(_captions, items);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public MatchingModel Model { get; }

    /// <summary>Bytes of both banks.</summary>
    public long BankBytes => _imageBank.Bytes + _captionBank.Bytes;

    /// <summary>Whether the banks were copied into device memory.</summary>
    public bool IsResident => _imageBank.IsResident;

    /// <summary>Default batch size, in pairs, of the scorer over a bank of this side.</summary>
    public required Func<RecordSide, int> UsualPairsPerCall { get; init; }

    /// <summary>Scores the query with the slots, in batches of the given size.</summary>
    /// <returns>Seconds, and the managed bytes allocated during that time.</returns>
    public (double Seconds, long Allocated) Score(RecordSide bankSide, int query, long[] slots, int pairsPerCall, float[] scores)
    {
        var scorer = ScorerOf(Model, bankSide);
        var bank = (bankSide == RecordSide.Image ? _imageBank : _captionBank).Records;
        var sameQuery = new long[slots.Length];
        using var record = Queries(bankSide).Row(query);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        for (var first = 0; first < slots.Length; first += pairsPerCall)
        {
            var count = Math.Min(pairsPerCall, slots.Length - first);
            scorer.ScorePairs(bank, record, slots.AsSpan(first, count), sameQuery.AsSpan(first, count), scores.AsSpan(first, count));
        }

        return (Stopwatch.GetElapsedTime(started).TotalSeconds, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    /// <summary>
    /// Input bytes of the graph for one query in addition to the bank: a slot and a query number per pair, and the query's record per
    /// batch.
    /// </summary>
    public long InputBytes(RecordSide bankSide, int pairs, int pairsPerCall)
    {
        using var record = Queries(bankSide).Row(0);
        var query = record.Fields.Sum(field => (long)record.Bytes(field).Length) + (2L * sizeof(long) * record.Lengths.Length);
        return (2L * sizeof(long) * pairs) + (query * ((pairs + pairsPerCall - 1) / pairsPerCall));
    }

    /// <summary>Seconds to encode one caption.</summary>
    public double EncodeCaption()
    {
        var started = Stopwatch.GetTimestamp();
        using var encoded = Model.TextEncoder.Encode([_oneCaption]);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Images encoded per second, in a batch of the size that ingestion uses.</summary>
    public double EncodeImages()
    {
        var started = Stopwatch.GetTimestamp();
        using var encoded = Model.ImageEncoder.Encode(_someImages);
        return encoded.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public void Dispose()
    {
        while (_parts.TryPop(out var part))
        {
            part.Dispose();
        }
    }

    /// <summary>The scorer over a bank of this side.</summary>
    public static PairScorer ScorerOf(MatchingModel model, RecordSide bankSide) => bankSide == RecordSide.Image ? model.TextToImage : model.ImageToText;

    private RecordTable Queries(RecordSide bankSide) => bankSide == RecordSide.Image ? _captions : _images;

    // The only code that knows where a bank is stored. The host's copy is freed as soon as the device has its own.
    private FeatureBank Bank(RecordTable encoded, int items)
    {
        var repeated = Own(new RepeatedRecords(encoded, items));
        var bank = Own(FeatureBank.Open(Model, encoded.Side, repeated.Mapped));
        if (bank.IsResident)
        {
            repeated.Dispose();
        }

        return bank;
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _parts.Push(part);
        return part;
    }
}
