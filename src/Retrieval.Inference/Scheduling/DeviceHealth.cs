namespace Retrieval.Inference.Scheduling;

/// <summary>What a device's batches say about it: consecutive faults by kind of work, and the running batch. Not thread-safe.</summary>
internal sealed class DeviceHealth(TimeProvider time)
{
    private readonly Dictionary<string, (int InARow, Exception Last)> _faults = new(StringComparer.Ordinal);
    private string? _runningKind;
    private long _runningSince;

    /// <summary>How often the worker died and was restarted.</summary>
    public int Restarts { get; private set; }

    /// <summary>How long the current batch has been running; 0 for none, and for exclusive access, which may take long.</summary>
    public double RunningSeconds => _runningKind is null or WorkKinds.Exclusive ? 0 : time.GetElapsedTime(_runningSince).TotalSeconds;

    /// <summary>Consecutive batches of one kind that failed, and the last fault; of several kinds, the most.</summary>
    public (int InARow, Exception? Last) Worst => _faults.Count == 0 ? default : _faults.Values.MaxBy(fault => fault.InARow);

    /// <param name="kind">What runs from now on; null if nothing does.</param>
    /// <param name="now">Timestamp.</param>
    public void Started(string? kind, long now) => (_runningKind, _runningSince) = (kind, now);

    // By kind, and only the device's own faults: captions that can be encoded say nothing about a scorer that fails, and a
    // bad request says nothing about the device.
    public void Ended(string kind, Exception? fault)
    {
        _runningKind = null;
        if (fault is null)
        {
            _faults.Remove(kind);
        }
        else if (fault is InferenceException { DeviceFault: true })
        {
            _faults[kind] = (_faults.GetValueOrDefault(kind).InARow + 1, fault);
        }
    }

    public void Restarted() => Restarts++;
}
