namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>What a vacuum may remove.</summary>
public sealed record CatalogVacuumOptions
{
    /// <summary>
    /// Age from which tombstones are removed; null keeps them. A replica that has been away for longer copies its files again
    /// from the beginning instead of following.
    /// </summary>
    public TimeSpan? TombstonesOlderThan { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The number of tombstones removed in one transaction. Writers of the index wait for it.</summary>
    internal int TombstonesAtOnce { get; init; } = 10_000;

    /// <summary>Age from which runs are removed that have ended or have not reported since; null keeps them.</summary>
    public TimeSpan? RunsOlderThan { get; init; }

    /// <summary>Age from which rejects are removed; null keeps them.</summary>
    public TimeSpan? RejectsOlderThan { get; init; }

    /// <summary>
    /// Share of dead rows of a collection from which its nearest-neighbour index is rebuilt first. Cleaning it row by row takes
    /// longer.
    /// </summary>
    internal double ReindexAt { get; init; } = 0.2;
}
