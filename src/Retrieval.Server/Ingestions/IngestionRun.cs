namespace Retrieval.Server.Ingestions;

/// <summary>A run that this process was asked for.</summary>
/// <param name="Id">Its number.</param>
/// <param name="SourceKey">Its source's key in the ledger.</param>
/// <param name="Replace">Whether it may replace images of other sources.</param>
/// <param name="StartedAt">When it was asked for.</param>
internal sealed record IngestionRun(Guid Id, string SourceKey, bool Replace, DateTimeOffset StartedAt)
{
    /// <summary>This process, for people.</summary>
    public static string Worker { get; } = $"server {Environment.MachineName}/{Environment.ProcessId}";
}
