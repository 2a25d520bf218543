namespace Retrieval.Inference.Scheduling;

/// <summary>Why a request ended before all of its units were done.</summary>
internal enum WorkEnd
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>Its deadline passed.</summary>
    Expired,

    /// <summary>Its caller left.</summary>
    Cancelled,

    /// <summary>A call failed that it was part of, or the queue was closed.</summary>
    Failed,
}
