namespace Retrieval.Storage.Postgres.Writing;

/// <summary>What has become of a run.</summary>
public enum RunState
{
    /// <summary>It has not ended, or ended without a word.</summary>
    Running,

    /// <summary>It read its source to the end.</summary>
    Completed,

    /// <summary>It was asked to stop, and did.</summary>
    Cancelled,

    /// <summary>It broke off.</summary>
    Failed,
}
