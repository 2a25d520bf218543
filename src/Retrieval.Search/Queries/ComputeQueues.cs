using Retrieval.Inference;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Search.Queries;

/// <summary>
/// Where a process's computing is queued: the device with its graphs, and this machine's processors for exact shortlists.
/// Whoever computes in one process (searches, single images, ingestions) shares one of these.
/// </summary>
public sealed class ComputeQueues : IDisposable
{
    private const int Searches = 8;
    private const int Calls = 8;

    /// <summary>Makes both queues.</summary>
    /// <param name="mostAdmitted">Most work promised to requests and not done, in pairs.</param>
    /// <param name="time">The clock of deadlines and ages.</param>
    /// <param name="metrics">Told what happens at the device.</param>
    public ComputeQueues(long mostAdmitted = long.MaxValue, TimeProvider? time = null, BatchMetrics? metrics = null)
    {
        Device = new WorkScheduler(mostAdmitted, time, metrics);
        Host = new WorkScheduler(time: time);
    }

    /// <summary>The device that runs the graphs.</summary>
    public WorkScheduler Device { get; }

    /// <summary>This machine's processors. Nothing is admitted here: what comes was admitted to the device.</summary>
    public WorkScheduler Host { get; }

    /// <summary>
    /// Bounds what is admitted to what a device does soon: eight searches of the default size, which keeps the slowest
    /// accepted answer within what it would be at 70 % load, or eight of its calls where those are larger.
    /// </summary>
    public void BoundAdmission(MatchingModel model, SearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        var calls = Calls * (long)Math.Max(model.TextToImage.PairsPerCall, model.ImageToText.PairsPerCall);
        Device.MostAdmitted = Math.Max(Searches * (options.DefaultShortlist + CaptionItem.CostOfOne), calls);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Device.Dispose();
        Host.Dispose();
    }
}
