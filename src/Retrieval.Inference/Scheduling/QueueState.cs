namespace Retrieval.Inference.Scheduling;

/// <summary>State of a device and its queue.</summary>
/// <param name="Waiting">Requests with waiting units.</param>
/// <param name="WaitingCost">Cost of the waiting work, in pairs.</param>
/// <param name="OldestSeconds">Age of the oldest waiting request; 0 if none waits.</param>
/// <param name="RunningSeconds">How long the current batch has been running; 0 for none, and for exclusive access, which may take long.</param>
/// <param name="Admitted">Work admitted and not yet done, in pairs.</param>
/// <param name="MostAdmitted">Its bound.</param>
/// <param name="Restarts">How often the worker died and was restarted.</param>
/// <param name="FailedCalls">Consecutive batches of one kind that the device failed; of several kinds, the most.</param>
/// <param name="LastFault">Why the last of them failed; null if none did.</param>
/// <param name="Stopped">Why the scheduler has stopped; null while it accepts work.</param>
public sealed record QueueState(
    int Waiting, long WaitingCost, double OldestSeconds, double RunningSeconds, long Admitted, long MostAdmitted, int Restarts, int FailedCalls, Exception? LastFault, string? Stopped);
