namespace Retrieval.Storage.Postgres.Writing;

/// <summary>What a batch changes in the checkpoint of its part.</summary>
/// <param name="Claim">The part, and the run that holds it.</param>
/// <param name="FirstRow">The checkpoint's next row before the batch.</param>
/// <param name="Batch">The batch.</param>
/// <param name="Rejects">Rows refused before the batch was sent to the catalog.</param>
internal sealed record CheckpointStep(IngestionClaim Claim, long FirstRow, IngestionBatch Batch, IReadOnlyList<CatalogReject> Rejects)
{
    public long EndRow => Batch.EndRow;

    public int Skipped => Batch.Skipped;

    public string SourceName => Batch.SourceName ?? Claim.SourceKey;

    /// <summary>The source's row for a position in the batch.</summary>
    public long SourceRow(int place) => place < Batch.RowNumbers.Count ? Batch.RowNumbers[place] : FirstRow;

    /// <summary>Adds to the batch's rejects the images that Postgres cannot hold.</summary>
    public static CheckpointStep Of(IngestionClaim claim, long firstRow, IngestionBatch batch, StagedBatch? staged)
    {
        var step = new CheckpointStep(claim, firstRow, batch, batch.Rejects);
        return staged is { Faults.Count: > 0 }
            ? step with { Rejects = [.. batch.Rejects, .. staged.Faults.Select(fault => new CatalogReject(step.SourceName, step.SourceRow(fault.Row), fault.Image.Id, fault.Image.Reason))] }
            : step;
    }
}
