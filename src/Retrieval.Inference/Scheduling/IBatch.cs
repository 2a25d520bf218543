namespace Retrieval.Inference.Scheduling;

/// <summary>One run of a graph on the device, assembled. The worker disposes it, whether it ran or not.</summary>
public interface IBatch : IDisposable
{
    /// <summary>Runs it and stores the results in its items. One batch runs at a time.</summary>
    void Run();
}
