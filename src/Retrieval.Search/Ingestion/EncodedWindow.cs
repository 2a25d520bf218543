namespace Retrieval.Search.Ingestion;

/// <summary>A window whose rows are ready to be stored.</summary>
/// <param name="Window">The window, with all its rejects listed.</param>
/// <param name="Rows">Its new rows; null if there are none.</param>
/// <param name="Skipped">Number of its rows that the index already holds unchanged.</param>
internal sealed record EncodedWindow(SampleWindow Window, EncodedRows? Rows, int Skipped)
{
    /// <summary>Images of the rows that the index has metadata of which they have not any more.</summary>
    public IReadOnlyList<LostMetadata> Lost { get; init; } = [];

    public IngestionWindow AsStored => new(Window.EndRow, Rows?.Rows, Skipped, Window.Rejects) { RowNumbers = Rows?.RowNumbers ?? [] };

    /// <summary>Those of <see cref="Lost"/> that were stored in the end.</summary>
    public IEnumerable<LostMetadata> LostOf(WindowOutcome outcome)
    {
        HashSet<string> stored = [.. Rows?.Rows.Images.Select(image => image.Id) ?? []];
        stored.ExceptWith(outcome.Refused.Select(refused => refused.Id).OfType<string>());
        return Lost.Where(image => stored.Contains(image.Id));
    }
}
