namespace Retrieval.Inference.Scheduling;

/// <summary>One call of the device, assembled. Disposed of by the worker, run or not.</summary>
public interface IBatch : IDisposable
{
    /// <summary>Runs it and leaves the results with the requests. One call runs at a time.</summary>
    void Run();
}
