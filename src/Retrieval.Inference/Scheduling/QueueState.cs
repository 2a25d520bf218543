namespace Retrieval.Inference.Scheduling;

/// <summary>How a device and its queue are.</summary>
/// <param name="Waiting">Requests some unit of which waits.</param>
/// <param name="WaitingCost">The work that waits, in pairs.</param>
/// <param name="OldestSeconds">Age of the request that has waited longest; 0 if none waits.</param>
/// <param name="RunningSeconds">How long the call has run that runs now; 0 for none, and for a turn, which may take long.</param>
/// <param name="Admitted">Work promised to requests and not done, in pairs.</param>
/// <param name="MostAdmitted">Its bound.</param>
/// <param name="Restarts">How often the worker has died and was started again.</param>
/// <param name="FailedCalls">Calls of one kind that the device failed since it last did one of them; of several kinds, the most.</param>
/// <param name="LastFault">Why the last of them failed; null if none did.</param>
/// <param name="Stopped">Why no more work is taken; null while it is.</param>
public sealed record QueueState(
    int Waiting, long WaitingCost, double OldestSeconds, double RunningSeconds, long Admitted, long MostAdmitted, int Restarts, int FailedCalls, Exception? LastFault, string? Stopped);
