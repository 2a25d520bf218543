using Retrieval.Inference;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Search.Queries;

/// <summary>
/// The queues for a process's computing: the device with its graphs, and this machine's processors for exact shortlists.
/// Everything that computes in one process (searches, single images, ingestions) shares one instance.
/// </summary>
public sealed class ComputeQueues : IDisposable
{
    private const int Searches = 8;
    private const int Calls = 8;

    /// <summary>Creates both queues.</summary>
    /// <param name="mostAdmitted">Most work that is admitted and not done, in pairs.</param>
    /// <param name="time">The clock of deadlines and ages.</param>
    /// <param name="metrics">Receives what happens at the device.</param>
    public ComputeQueues(long mostAdmitted = long.MaxValue, TimeProvider? time = null, BatchMetrics? metrics = null)
    {
        Device = new WorkScheduler(mostAdmitted, time, metrics);
        Host = new WorkScheduler(time: time);
    }

    /// <summary>
    /// Called with all the work, in pairs, of each request that is admitted, before anything is done for it. It refuses the request by an
    /// exception, for example when the caller has taken its share.
    /// </summary>
    public Action<long>? Charge { get; init; }

    /// <summary>
    /// Whose the request is that is being admitted, such as the name of its caller's key: those share the device equally. Null, or null
    /// from it, for nobody's in particular.
    /// </summary>
    public Func<string?>? Flow { get; init; }

    /// <summary>The device that runs the graphs.</summary>
    public WorkScheduler Device { get; }

    /// <summary>This machine's processors. Nothing is admitted here: all its work was admitted to the device.</summary>
    public WorkScheduler Host { get; }

    /// <summary>
    /// Limits admission to what a device completes soon: eight searches of the default size, which keeps the slowest accepted
    /// answer within what it would be at 70 % load, or eight of the device's batches if those are larger.
    /// </summary>
    public void BoundAdmission(MatchingModel model, SearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        var calls = Calls * (long)Math.Max(model.TextToImage.PairsPerCall, model.ImageToText.PairsPerCall);
        Device.MostAdmitted = Math.Max(Searches * (options.UsualShortlist(model.Manifest.Ranking) + CaptionItem.CostOfOne), calls);
    }

    /// <summary>Admits a request to the device.</summary>
    /// <param name="cost">Its work that waits or runs at a time, in pairs.</param>
    /// <param name="all">All of its work, in pairs; null if that is the same.</param>
    /// <exception cref="OverloadedException">There is no room.</exception>
    public WorkPermit Admit(long cost, long? all = null)
    {
        var permit = Device.Admit(cost, Flow?.Invoke());
        try
        {
            Charge?.Invoke(all ?? cost);
            return permit;
        }
        catch
        {
            permit.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Device.Dispose();
        Host.Dispose();
    }
}
