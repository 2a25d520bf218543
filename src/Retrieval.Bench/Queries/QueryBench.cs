using System.Diagnostics;
using System.Runtime.InteropServices;
using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Inference.Records;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Bench.Queries;

/// <summary>
/// Measures whole queries through the service in this process, each alternating with the bare work it needs: the encoder and the
/// scorer on the same candidates. The difference is the search path's own cost.
/// </summary>
internal sealed class QueryBench(QueryOptions options)
{
    private const int WarmUp = 3;

    public async Task<QueryReport> RunAsync(IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        using var snapshots = new SnapshotSource(new SnapshotOptions
        {
            Bundle = options.Bundle,
            Index = options.Index,
            Inference = new InferenceOptions { Threads = options.Threads },
        });
        snapshots.Load(cancellationToken);
        using var queues = new ComputeQueues();
        var limits = new SearchOptions();
        using var service = new SearchService(snapshots, limits, SearchMetrics.None, TimeProvider.System, queues);
        using var snapshot = snapshots.Acquire();
        var ranking = snapshot.Model.Manifest.Ranking;
        var ofImages = Math.Max(options.Top, options.Shortlist ?? limits.ShortlistOf(ranking?.TextToImage));
        var ofCaptions = Math.Max(options.Top, options.Shortlist ?? limits.ShortlistOf(ranking?.ImageToText));
        var texts = Captions(snapshot);
        var ids = Images(snapshot);

        var byCaption = await MeasureAsync(
            "text-to-image",
            ofImages,
            query => service.SearchAsync(new ImageSearchRequest { Caption = texts[query % texts.Count], Top = options.Top, Shortlist = ofImages }, cancellationToken),
            query => DirectByCaption(snapshot, texts[query % texts.Count], ofImages),
            progress,
            cancellationToken).ConfigureAwait(false);
        var byImage = await MeasureAsync(
            "image-to-text",
            ofCaptions,
            query => service.SearchAsync(new CaptionSearchRequest { ImageId = ids[query % ids.Count], Top = options.Top, Shortlist = ofCaptions }, cancellationToken),
            query => DirectByImage(snapshot, ids[query % ids.Count], ofCaptions),
            progress,
            cancellationToken).ConfigureAwait(false);
        return new QueryReport(Machine.Current(), options, snapshot.Model.Label, snapshot.Index.Images.Count, snapshot.Index.Captions.Count, [byCaption, byImage]);
    }

    private async Task<QueryKindReport> MeasureAsync(
        string direction, int shortlist, Func<int, Task<SearchAnswer>> search, Func<int, double> direct, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var totals = new List<double>();
        var directs = new List<double>();
        var allocated = new List<double>();
        var stages = new Dictionary<string, List<double>>(StringComparer.Ordinal);
        for (var query = -WarmUp; query < options.Queries; query++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var directFirst = query % 2 == 0;
            var bare = directFirst ? direct(query + WarmUp) : 0;
            var before = GC.GetTotalAllocatedBytes(precise: true);
            var started = Stopwatch.GetTimestamp();
            using var answer = await search(query + WarmUp).ConfigureAwait(false);
            var total = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            var bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
            bare = directFirst ? bare : direct(query + WarmUp);
            if (query < 0)
            {
                continue;
            }

            totals.Add(total);
            directs.Add(bare);
            allocated.Add(bytes);
            foreach (var stage in answer.Stages)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(stages, stage.Stage, out _) ??= [];
                stages[stage.Stage].Add(stage.Duration.TotalMilliseconds);
            }

            progress.Report((direction, (query + 1.0) / options.Queries));
        }

        var medians = stages.ToDictionary(stage => stage.Key, stage => Samples.Of(stage.Value).Median, StringComparer.Ordinal);
        var overhead = Samples.Of(totals.Zip(directs, (total, bare) => total - bare)).Median;
        var needed = medians.GetValueOrDefault(StageNames.Encode) + medians.GetValueOrDefault(StageNames.Score);
        return new QueryKindReport(
            direction,
            shortlist,
            Samples.Of(totals),
            totals.Order().ElementAt((int)Math.Ceiling(0.99 * totals.Count) - 1),
            Samples.Of(directs),
            overhead / Samples.Of(directs).Median,
            overhead,
            medians,
            (medians.Values.Sum() - needed) / needed,
            Samples.Of(allocated).Median);
    }

    private double DirectByCaption(SearchSnapshot snapshot, string caption, int shortlist)
    {
        var tokens = snapshot.Model.Captions.Encode(caption).TokenIds;
        var started = Stopwatch.GetTimestamp();
        using var encoded = snapshot.Model.TextEncoder.Encode([tokens]);
        var encoding = Stopwatch.GetElapsedTime(started);
        long[] slots = [.. new ExactShortlist(snapshot.Index.Images, options.Threads).Find(encoded.Embedding(0), shortlist).Select(hit => hit.Slot)];
        return (encoding + Score(snapshot.Model.TextToImage.ScorePairs, snapshot.Images, encoded.Records, slots)).TotalMilliseconds;
    }

    private double DirectByImage(SearchSnapshot snapshot, string id, int shortlist)
    {
        _ = snapshot.Index.TryGetImageSlot(id, out var slot);
        var embedding = MemoryMarshal.Cast<byte, float>(snapshot.Index.Images.Embedding.Row(slot)).ToArray();
        long[] slots = [.. new ExactShortlist(snapshot.Index.Captions, options.Threads).Find(embedding, shortlist).Select(hit => hit.Slot)];
        using var query = snapshot.Images.Row(slot);
        return Score(snapshot.Model.ImageToText.ScorePairs, snapshot.Captions, query, slots).TotalMilliseconds;
    }

    private static TimeSpan Score(Scoring score, RecordTable bank, RecordTable query, long[] slots)
    {
        var (sameQuery, scores) = (new long[slots.Length], new float[slots.Length]);
        var started = Stopwatch.GetTimestamp();
        score(bank, query, slots, sameQuery, scores);
        return Stopwatch.GetElapsedTime(started);
    }

    private List<string> Captions(SearchSnapshot snapshot)
    {
        var index = snapshot.Index;
        var texts = Spread(index.Captions.Slots).Where(index.Captions.IsLive).Select(slot => index.GetCaption(slot).Text).ToList();
        return texts.Count > 0 ? texts : throw new InvalidInputException($"index {index.Path} has no captions to ask with");
    }

    private List<string> Images(SearchSnapshot snapshot) =>
        [.. Spread(snapshot.Index.Images.Slots).Where(snapshot.Index.Images.IsLive).Select(snapshot.Index.GetImageId)];

    // Slots spread over the whole collection, one per query.
    private IEnumerable<long> Spread(long slots)
    {
        var count = Math.Min(slots, options.Queries + WarmUp);
        return Enumerable.Range(0, (int)count).Select(i => i * slots / count);
    }

    private delegate void Scoring(
        RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, Span<float> scores, CancellationToken cancellationToken = default);
}
