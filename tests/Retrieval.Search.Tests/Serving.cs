using System.Diagnostics.Metrics;
using Retrieval.Domain.Images;
using Retrieval.Search.Explaining;
using Retrieval.Search.Images;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Tests;

/// <summary>A search service over an index, as a server composes it.</summary>
internal sealed class Serving : IDisposable, IMeterFactory
{
    private readonly List<Meter> _meters = [];
    private readonly ManualTime _queueTime = new();

    public Serving(string index, TimeProvider? time = null, SearchOptions? options = null, int pairsPerCall = 8, string? bundle = null)
    {
        Clock = time ?? TimeProvider.System;
        Snapshots = new SnapshotSource(new SnapshotOptions { Bundle = bundle ?? Bundle.Path, Index = index, Inference = Bundle.Inference with { PairsPerCall = pairsPerCall } });
        Snapshots.Load(TestContext.Current.CancellationToken);
        // A clock of its own: a deadline that passes is the request's to tell, not the queue's to find out.
        Queues = new ComputeQueues(time: time is null ? null : _queueTime);
        Search = new SearchService(Snapshots, options ?? new SearchOptions(), new SearchMetrics(this), time ?? TimeProvider.System, Queues, sampler: Sampler);
        Explainer = new ExplainService(Snapshots, options ?? new SearchOptions(), new SearchMetrics(this), time ?? TimeProvider.System, Queues);
        Images = new ImageReader(Snapshots, options ?? new SearchOptions());
    }

    public TimeProvider Clock { get; }

    /// <summary>Does something once the device has run a few batches, between two or in one, of a service with a clock of its own.</summary>
    public void AfterFewBatches(Action happens)
    {
        // The running thread asks three times a batch; once more at the end of the batch that runs now.
        const int Times = 8;
        var asked = 0;
        _queueTime.Asked = () =>
        {
            if (Thread.CurrentThread.Name == "device: run" && ++asked == Times)
            {
                happens();
            }
        };
    }

    public SnapshotSource Snapshots { get; }

    public ComputeQueues Queues { get; }

    public SearchService Search { get; }

    public ExplainService Explainer { get; }

    public QuerySampler Sampler { get; } = new();

    public ImageReader Images { get; }

    public Task<SearchAnswer> ImagesAsync(string caption, int? top = null, int? shortlist = null, int? deadlineMs = null, Dictionary<string, MetadataCondition>? filter = null, CancellationToken? stop = null) =>
        Search.SearchAsync(new ImageSearchRequest { Caption = caption, Top = top, Shortlist = shortlist, DeadlineMs = deadlineMs, Filter = filter }, stop ?? TestContext.Current.CancellationToken);

    public Task<SearchAnswer> CaptionsAsync(string image, int? top = null, int? shortlist = null, int? deadlineMs = null, Dictionary<string, MetadataCondition>? filter = null, CancellationToken? stop = null) =>
        Search.SearchAsync(new CaptionSearchRequest { ImageId = image, Top = top, Shortlist = shortlist, DeadlineMs = deadlineMs, Filter = filter }, stop ?? TestContext.Current.CancellationToken);

    public async Task<PairExplanation> ExplainAsync(ExplainQuery query, long? since = null, CancellationToken? stop = null) =>
        (await Explainer.ExplainAsync(query, since ?? Clock.GetTimestamp(), stop ?? TestContext.Current.CancellationToken)).Explanation;

    public bool Owns(Meter meter) => _meters.Contains(meter);

    Meter IMeterFactory.Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        Search.Dispose();
        Queues.Dispose();
        Snapshots.Dispose();
        _meters.ForEach(meter => meter.Dispose());
    }
}
