using Retrieval.Features.Sources;

namespace Retrieval.Search.Ingestion;

/// <summary>What happened to a window's rows. Another writer may have stored some of them first.</summary>
/// <param name="Ingested">Rows stored, including those that replaced an image.</param>
/// <param name="Replaced">Number of them that replaced an image.</param>
/// <param name="Unchanged">Rows that the index was found to hold already.</param>
/// <param name="Refused">Rows whose id was found to belong to another source.</param>
/// <param name="CancelRequested">Whether someone has asked the run to stop.</param>
public sealed record WindowOutcome(int Ingested, int Replaced, int Unchanged, IReadOnlyList<RejectedSample> Refused, bool CancelRequested)
{
    /// <summary>Whether this window, and every window before it, is committed.</summary>
    public bool Committed { get; init; } = true;

    /// <summary>The outcome of a window without new rows.</summary>
    public static WindowOutcome Nothing { get; } = new(0, 0, 0, [], false);
}
