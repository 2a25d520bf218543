namespace Retrieval.Server.Ingestions;

/// <summary>How a run stands.</summary>
internal enum RunStanding
{
    /// <summary>It is at work.</summary>
    Running,

    /// <summary>It has read its source to the end.</summary>
    Completed,

    /// <summary>Somebody asked it to end, or its process was stopped.</summary>
    Cancelled,

    /// <summary>It could not go on.</summary>
    Failed,

    /// <summary>Its process is gone without a word.</summary>
    Lost,
}
