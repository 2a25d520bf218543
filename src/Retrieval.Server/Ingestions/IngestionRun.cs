namespace Retrieval.Server.Ingestions;

/// <summary>A run requested from this process.</summary>
/// <param name="Id">Identifier of the run.</param>
/// <param name="SourceKey">Key of its source's checkpoint.</param>
/// <param name="Replace">Whether it may replace images of other sources.</param>
/// <param name="StartedAt">When it was requested.</param>
internal sealed record IngestionRun(Guid Id, string SourceKey, bool Replace, DateTimeOffset StartedAt)
{
    /// <summary>This process, for people to read.</summary>
    public static string Worker { get; } = $"server {Environment.MachineName}/{Environment.ProcessId}";
}
