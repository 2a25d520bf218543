namespace Retrieval.Server.Configuration;

/// <summary>The record of who changed what.</summary>
public sealed record AuditOptions
{
    /// <summary>
    /// File to which a line of JSON is appended for each request that stores, deletes, ingests, cancels or switches. Empty: the lines
    /// are part of the log, of the source <c>Audit</c>.
    /// </summary>
    public string File { get; init; } = "";
}
