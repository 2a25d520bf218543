namespace Retrieval.Inference.Scheduling;

/// <summary>Why a request ended before all of its units were done.</summary>
internal enum WorkEnd
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>Its deadline passed.</summary>
    Expired,

    /// <summary>Its caller disconnected.</summary>
    Cancelled,

    /// <summary>A batch that it was part of failed, or the queue was closed.</summary>
    Failed,
}
