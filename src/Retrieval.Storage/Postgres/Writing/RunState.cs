namespace Retrieval.Storage.Postgres.Writing;

/// <summary>The state of a run.</summary>
public enum RunState
{
    /// <summary>It has not ended, or it ended without reporting so.</summary>
    Running,

    /// <summary>It read its source to the end.</summary>
    Completed,

    /// <summary>It was asked to stop and did.</summary>
    Cancelled,

    /// <summary>It ended with a failure.</summary>
    Failed,
}
