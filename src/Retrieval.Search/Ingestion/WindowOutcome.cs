using Retrieval.Features.Sources;

namespace Retrieval.Search.Ingestion;

/// <summary>What became of a window's rows. Another writer may have been quicker with some of them.</summary>
/// <param name="Ingested">Rows stored, those that replaced an image included.</param>
/// <param name="Replaced">Those of them that took the place of an image.</param>
/// <param name="Unchanged">Rows that turned out to be there already.</param>
/// <param name="Refused">Rows whose id turned out to be another source's.</param>
/// <param name="CancelRequested">Whether somebody has asked for the run to end.</param>
public sealed record WindowOutcome(int Ingested, int Replaced, int Unchanged, IReadOnlyList<RejectedSample> Refused, bool CancelRequested)
{
    /// <summary>Whether this window, and with it all before it, is committed.</summary>
    public bool Committed { get; init; } = true;

    /// <summary>What a window without new rows comes to.</summary>
    public static WindowOutcome Nothing { get; } = new(0, 0, 0, [], false);
}
