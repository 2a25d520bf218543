namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>What a vacuum may remove.</summary>
public sealed record CatalogVacuumOptions
{
    /// <summary>
    /// Age from which tombstones go; null keeps them. A replica that has been away for longer builds its files anew
    /// instead of following.
    /// </summary>
    public TimeSpan? TombstonesOlderThan { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How many tombstones go in one transaction: writers of the index wait for it.</summary>
    internal int TombstonesAtOnce { get; init; } = 10_000;

    /// <summary>Age from which runs that have ended, or have not been heard of, go; null keeps them.</summary>
    public TimeSpan? RunsOlderThan { get; init; }

    /// <summary>Age from which rejects go; null keeps them.</summary>
    public TimeSpan? RejectsOlderThan { get; init; }

    /// <summary>Share of dead rows of a collection from which its nearest-neighbour index is built anew first: cleaning it row by row takes longer.</summary>
    internal double ReindexAt { get; init; } = 0.2;
}
