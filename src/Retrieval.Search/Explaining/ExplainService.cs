using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Errors;

namespace Retrieval.Search.Explaining;

/// <summary>Explains pairs: both stages' scores, and what the matching model's score was computed from.</summary>
/// <param name="snapshots">What is served.</param>
/// <param name="options">Bounds.</param>
/// <param name="metrics">Receives each answer.</param>
/// <param name="time">Measures stages and deadlines.</param>
/// <param name="queues">Shared with everything else that computes in this process.</param>
public sealed class ExplainService(SnapshotSource snapshots, SearchOptions options, SearchMetrics metrics, TimeProvider time, ComputeQueues queues)
{
    private readonly SearchBounds _bounds = new(options);

    /// <summary>Explains one pair.</summary>
    /// <param name="query">The pair.</param>
    /// <param name="since">Timestamp of the process's clock when the request arrived; the deadline counts from it.</param>
    /// <param name="cancellationToken">Cancelled when the caller disconnects.</param>
    /// <exception cref="InvalidInputException">A field of the request is invalid.</exception>
    /// <exception cref="FeatureShapeException">The features are not of the model's shape.</exception>
    /// <exception cref="OverloadedException">The queue is full; nothing was done.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="UnknownIndexException">The query names an index that is not held.</exception>
    /// <exception cref="FurtherIndexException">It names a further index that is not loaded.</exception>
    /// <exception cref="NoExplainerException">The bundle has no explainer.</exception>
    /// <exception cref="NotFoundException">The index has no such image or caption.</exception>
    /// <exception cref="DeadlineExceededException">The deadline passed before the pair was explained.</exception>
    /// <exception cref="IndexCorruptException">The stored data of the pair is damaged.</exception>
    /// <exception cref="InferenceException">The runtime failed.</exception>
    public async Task<ExplainAnswer> ExplainAsync(ExplainQuery query, long since, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.RequireOnePair();
        var asked = query.DeadlineMs is { } ms ? _bounds.DeadlineMs.Check(ms, "deadlineMs") : (int?)null;
        var deadline = Deadline.Of(asked, since, time);
        var cost = ExplainItem.CostOfOne + (query.Features is null ? 0 : ImageItem.CostOfOne) + (query.Caption is null ? 0 : CaptionItem.CostOfOne);
        using var permit = queues.Admit(cost);
        using var snapshot = snapshots.Acquire(query.Index);
        if (snapshot.ExplainBatcher is not { } batcher)
        {
            throw new NoExplainerException(snapshot.Model.Label, snapshot.Model.Manifest.Regions);
        }

        using var activity = SearchActivities.Start(QueryKinds.Explain);
        var clock = new StageClock(time, activity);
        if (deadline is { } at && at.EndsAt <= clock.Began)
        {
            throw new DeadlineExceededException(at);
        }

        using var wanted = new WorkTime(deadline, time, permit, cancellationToken);
        try
        {
            var run = new ExplainRun(snapshot, batcher, queues.Device, wanted.Limits with { RequestCost = cost }, clock);
            var explanation = await Soundly.RunAsync(snapshot.Index, () => run.RunAsync(query)).ConfigureAwait(false);
            clock.End(StageNames.Assemble);
            metrics.Answered(QueryKinds.Explain, clock.Stages, 1, explanation.Degraded is { } reason ? [reason] : []);
            return new ExplainAnswer(explanation, clock.Stages);
        }
        catch (OperationCanceledException) when (wanted.IsLate)
        {
            throw new DeadlineExceededException(deadline!.Value);
        }
    }
}
