namespace Retrieval.Inference.Batching;

/// <summary>How a device and its queue are.</summary>
/// <param name="Waiting">Requests some piece of which waits.</param>
/// <param name="WaitingCost">The work that waits, in pairs.</param>
/// <param name="OldestSeconds">Age of the request that has waited longest; 0 if none waits.</param>
/// <param name="Admitted">Work promised to requests and not done, in pairs.</param>
/// <param name="MostAdmitted">Its bound.</param>
/// <param name="Restarts">How often the worker has died and was started again.</param>
/// <param name="FailedCalls">Calls that failed since the last one that did not.</param>
/// <param name="LastFault">Why the last of them failed; null if the last call was done.</param>
/// <param name="Stopped">Why no more work is taken; null while it is.</param>
public sealed record DeviceState(
    int Waiting, long WaitingCost, double OldestSeconds, long Admitted, long MostAdmitted, int Restarts, int FailedCalls, Exception? LastFault, string? Stopped);
