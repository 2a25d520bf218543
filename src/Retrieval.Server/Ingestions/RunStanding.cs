namespace Retrieval.Server.Ingestions;

/// <summary>State of a run.</summary>
internal enum RunStanding
{
    /// <summary>It is running.</summary>
    Running,

    /// <summary>It has read its source to the end.</summary>
    Completed,

    /// <summary>Someone asked it to stop, or its process was stopped.</summary>
    Cancelled,

    /// <summary>It could not continue.</summary>
    Failed,

    /// <summary>Its process ended without reporting.</summary>
    Lost,
}
