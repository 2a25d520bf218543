namespace Retrieval.Search.Ingestion;

/// <summary>What a run found out about its source, for people.</summary>
/// <param name="Recognised">What the source's files were recognised as, and what could not be checked.</param>
/// <param name="Warnings">What people should look at, in the order in which it was found.</param>
/// <param name="Reasons">The rejects by reason, the most frequent first.</param>
public sealed record IngestionFindings(IReadOnlyList<string> Recognised, IReadOnlyList<string> Warnings, IReadOnlyList<RejectReason> Reasons)
{
    /// <summary>Nothing.</summary>
    public static IngestionFindings None { get; } = new([], [], []);
}
